"""What a site process says to its servers is encrypted; only servers that its CA vouches for are heard."""

import contextlib
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import MySQLdb
import pytest
import redis
import trustme

from local import authority
from local.servers import MariaDB, Redis, Tls, free_port, running
from tests.site.serving import ROOT, Gunicorn
from tests.site.settings import VAR

DATABASE = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    print("cipher", cursor.fetchone()[1])
"""
CACHE = "from django_redis import get_redis_connection; print('pong', get_redis_connection().ping())"


def issued(scratch: Path) -> Tls:
    directory = VAR / f"ca-{uuid.uuid4().hex[:8]}"
    directory.mkdir()
    return authority.issue(directory)


def of_one_ca(scratch: Path) -> tuple[trustme.CA, Tls]:
    """An authority that can issue more, and the paths that its files have."""
    directory = VAR / f"ca-{uuid.uuid4().hex[:8]}"
    directory.mkdir()
    own, files = trustme.CA(), authority.tls(directory)
    own.cert_pem.write_to_path(files.ca)
    return own, files


def for_another_host(own: trustme.CA) -> trustme.LeafCert:
    return own.issue_cert("elsewhere.example", "192.0.2.1")


def expired(own: trustme.CA) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return own.issue_cert(
        "127.0.0.1", "localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=2)
    )


@contextlib.contextmanager
def serving(certificate: trustme.LeafCert, files: Tls) -> Iterator[tuple[MariaDB, Redis]]:
    """Both servers with this certificate."""
    certificate.private_key_pem.write_to_path(files.key)
    certificate.cert_chain_pems[0].write_to_path(files.certificate)
    name = uuid.uuid4().hex[:8]
    database = MariaDB(VAR / f"mysql-{name}", free_port(), password="right", tls=files)
    cache = Redis(VAR / f"redis-{name}", free_port(), password="right", tls=files)
    with running(database), running(cache):
        yield database, cache


@pytest.fixture(scope="module")
def tls(scratch: Path) -> Tls:
    return issued(scratch)


@pytest.fixture(scope="module")
def secure(tls: Tls) -> Iterator[tuple[MariaDB, Redis]]:
    database = MariaDB(VAR / "mysql-tls", free_port(), password="right", tls=tls)
    cache = Redis(VAR / "redis-tls", free_port(), password="right", tls=tls)
    with running(database), running(cache):
        yield database, cache


def ask(site: Gunicorn, code: str, **changes: str) -> tuple[int, str]:
    """Exit status and words of a site process that speaks to its servers."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
        cwd=ROOT,
        env=site.environment | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def vouched_by(tls: Tls) -> dict[str, str]:
    return {"DATABASE_CA": str(tls.ca), "CACHE_CA": str(tls.ca)}


def places(servers: tuple[MariaDB, Redis]) -> dict[str, str]:
    database, cache = servers
    return {
        "DATABASE_PORT": str(database.port),
        "DATABASE_PASSWORD": database.password,
        "CACHE_PORT": str(cache.port),
        "CACHE_PASSWORD": cache.password,
    }


def test_both_are_encrypted_and_verified(site: Gunicorn, secure: tuple[MariaDB, Redis], tls: Tls) -> None:
    settings = places(secure) | vouched_by(tls)
    status, said = ask(site, DATABASE, **settings)
    assert (status, "cipher TLS" in said) == (0, True), said
    assert ask(site, CACHE, **settings) == (0, "pong True\n")


@pytest.mark.parametrize("code", [DATABASE, CACHE])
def test_another_ca_is_refused(
    site: Gunicorn, secure: tuple[MariaDB, Redis], scratch: Path, code: str
) -> None:
    status, said = ask(site, code, **places(secure), **vouched_by(issued(scratch)))
    assert status != 0
    assert "certificate" in said.lower()


@pytest.mark.parametrize("code", [DATABASE, CACHE])
def test_a_server_that_wants_tls_refuses_plain_text(
    site: Gunicorn, secure: tuple[MariaDB, Redis], code: str
) -> None:
    assert ask(site, code, **places(secure))[0] != 0


@pytest.mark.parametrize("code", [DATABASE, CACHE])
def test_a_server_that_speaks_plain_text_only_is_refused(
    site: Gunicorn, mariadb: MariaDB, redis_server: Redis, tls: Tls, code: str
) -> None:
    settings = places((mariadb, redis_server))
    assert ask(site, code, **settings)[0] == 0
    assert ask(site, code, **settings, **vouched_by(tls))[0] != 0


def test_a_wrong_token_is_refused(site: Gunicorn, secure: tuple[MariaDB, Redis], tls: Tls) -> None:
    settings = places(secure) | vouched_by(tls) | {"CACHE_PASSWORD": "wrong"}
    status, said = ask(site, CACHE, **settings)
    assert status != 0
    assert "invalid username-password pair" in said


@pytest.mark.parametrize(
    ("made", "reason"),
    [(for_another_host, "mismatch|validation of ssl server certificate failed"), (expired, "expired")],
    ids=["host", "expired"],
)
def test_the_right_ca_alone_is_not_enough(
    site: Gunicorn, scratch: Path, made: Callable[[trustme.CA], trustme.LeafCert], reason: str
) -> None:
    own, files = of_one_ca(scratch)
    with serving(made(own), files) as servers:
        for code in (DATABASE, CACHE):
            status, said = ask(site, code, **places(servers), **vouched_by(files))
            assert status != 0
            assert re.search(reason, said.lower()), said


def test_connections_that_the_servers_cut_cost_no_page(
    site: Gunicorn, secure: tuple[MariaDB, Redis], tls: Tls
) -> None:
    database, cache = secure
    encrypted = replace(site, environment=site.environment | places(secure) | vouched_by(tls))
    with running(encrypted):
        for _ in range(3):
            for path in ("/", "/uncached/", "/cached/"):
                status, headers, page = encrypted.get(path)
                assert status == 200
                assert "does not answer" not in page
            assert headers["X-Cache"] in ("miss", "hit")
            assert cut_database(database, tls) > 0
            assert cut_cache(cache, tls) > 0
        health = json.loads(encrypted.get("/healthz")[2])
        assert (health["status"], health["cache"]["failures"]) == ("ok", 0)
    log = (encrypted.directory / "server.log").read_text()
    assert "is out" not in log
    assert "Traceback" not in log


def cut_database(database: MariaDB, tls: Tls) -> int:
    """End every connection of the site; how many there were."""
    with contextlib.closing(
        MySQLdb.connect(
            host="127.0.0.1",
            port=database.port,
            user=database.user,
            password=database.password,
            ssl={"ca": str(tls.ca)},
        )
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = 'covid'"
        )
        for (number,) in (cut := cursor.fetchall()):
            cursor.execute(f"KILL {number}")
        return len(cut)


def cut_cache(cache: Redis, tls: Tls) -> int:
    with redis.Redis(port=cache.port, password=cache.password, ssl=True, ssl_ca_certs=str(tls.ca)) as client:
        return client.client_kill_filter(_type="normal", skipme=True)
