"""What a site process says to its servers is encrypted; only servers that its CA vouches for are heard."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def places(servers: tuple[MariaDB, Redis]) -> dict[str, str]:
    database, cache = servers
    return {
        "DATABASE_PORT": str(database.port),
        "DATABASE_PASSWORD": database.password,
        "CACHE_PORT": str(cache.port),
        "CACHE_PASSWORD": cache.password,
    }


def test_both_are_encrypted_and_verified(site: Gunicorn, secure: tuple[MariaDB, Redis], tls: Tls) -> None:
    settings = places(secure) | {"CA_BUNDLE": str(tls.ca)}
    status, said = ask(site, DATABASE, **settings)
    assert (status, "cipher TLS" in said) == (0, True), said
    assert ask(site, CACHE, **settings) == (0, "pong True\n")


@pytest.mark.parametrize("code", [DATABASE, CACHE])
def test_another_ca_is_refused(
    site: Gunicorn, secure: tuple[MariaDB, Redis], scratch: Path, code: str
) -> None:
    status, said = ask(site, code, **places(secure), CA_BUNDLE=str(issued(scratch).ca))
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
    assert ask(site, code, **settings, CA_BUNDLE=str(tls.ca))[0] != 0


def test_a_wrong_token_is_refused(site: Gunicorn, secure: tuple[MariaDB, Redis], tls: Tls) -> None:
    settings = places(secure) | {"CA_BUNDLE": str(tls.ca), "CACHE_PASSWORD": "wrong"}
    status, said = ask(site, CACHE, **settings)
    assert status != 0
    assert "invalid username-password pair" in said
