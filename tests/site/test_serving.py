"""The site as a host runs it, under gunicorn; and what becomes of it when MariaDB dies under it."""

import http.client
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils.crypto import get_random_string

from local.servers import MariaDB, Redis, free_port, running
from tests.site.settings import VAR

ROOT = Path(__file__).resolve().parents[2]
CSV = (
    "OBJECTID,SHA,PossiblePlace,Sentence,MatchedPlace,DOI,Title,"
    "Abstract,PublishedDate,Authors,Journal,Source,License\n"
    "1,,Mekong,In the Mekong delta.,Mekong,,Rivers,,2020,,,PMC,cc-by\n"
)


@dataclass(frozen=True)
class Gunicorn:
    """gunicorn with the project's configuration, in an environment like a host's."""

    directory: Path
    port: int
    environment: dict[str, str]

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        data = self.directory / "articles.csv"
        data.write_text(CSV)
        for step in (
            ("migrate", "--noinput"),
            ("ensure_admin",),
            ("load_articles", "--once", str(data)),
            ("collectstatic", "--noinput"),
        ):
            subprocess.run(
                [sys.executable, "manage.py", *step],
                cwd=ROOT,
                env=self.environment,
                check=True,
                capture_output=True,
                timeout=120,
            )

    def command(self) -> list[str]:
        return [
            *("env", "-i"),  # nothing of this run's own settings
            *(f"{name}={self.environment[name]}" for name in self.environment),
            str(Path(sys.executable).with_name("gunicorn")),
            *("--chdir", str(ROOT / "site"), "--config", str(ROOT / "site/config/gunicorn.conf.py")),
            "config.wsgi",
        ]

    def answers(self) -> bool:
        try:
            return self.get("/healthz")[0] in (200, 503)
        except OSError:
            return False

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, str], str]:
        """Status, headers and body of one request."""
        browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            browser.request("GET", path, headers={"Host": host})
            response = browser.getresponse()
            return response.status, dict(response.headers), response.read().decode()
        finally:
            browser.close()


@pytest.fixture
def database(scratch: Path) -> MariaDB:
    """A MariaDB of the test's own."""
    return MariaDB(VAR / f"mysql-{uuid.uuid4().hex[:8]}", free_port(), password=get_random_string(12))


@pytest.fixture
def site(database: MariaDB) -> Gunicorn:
    directory = VAR / f"site-{uuid.uuid4().hex[:8]}"
    port = free_port()
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return Gunicorn(
        directory,
        port,
        keep
        | {
            "SECRET_KEY": get_random_string(50),
            "ADMIN_PASSWORD": "secret",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(database.port),
            "DATABASE_NAME": database.database,
            "DATABASE_USER": database.user,
            "DATABASE_PASSWORD": database.password,
            "CACHE_HOST": "127.0.0.1",
            "CACHE_PORT": os.environ["CACHE_PORT"],
            "CACHE_PASSWORD": os.environ["CACHE_PASSWORD"],
            "STATIC_ROOT": str(directory / "static"),
            "BIND": f"127.0.0.1:{port}",
            "RELEASE": "r1",
        },
    )


def test_the_site_lives_through_the_death_of_its_database(
    database: MariaDB, site: Gunicorn, redis_server: Redis
) -> None:
    with running(database) as mariadbd, running(site):
        status, headers, body = site.get("/cached/")
        assert (status, headers["X-Cache"]) == (200, "miss")
        assert "In the Mekong <mark>delta</mark>." in body
        assert site.get("/cached/")[1]["X-Cache"] == "hit"
        assert '"release": "r1"' in site.get("/healthz", host="10.1.2.3")[2]

        mariadbd.kill()
        mariadbd.wait()
        status, headers, body = site.get("/cached/")
        assert (status, headers["X-Cache"]) == (200, "hit")
        assert "In the Mekong <mark>delta</mark>." in body
        for path in ("/uncached/", "/"):
            status, headers, body = site.get(path)
            assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "10", "no-store")
            assert "The database is out" in body
            assert "Traceback" not in body
            assert "OperationalError" not in body
            assert "Server-Timing" in headers
        status, _, body = site.get("/healthz")
        assert status == 503
        assert '"status": "down"' in body
        assert str(database.port) not in body

        with running(database):
            assert site.get("/uncached/")[0] == 200
            assert site.get("/healthz")[0] == 200
    log = (site.directory / "server.log").read_text()
    assert "the database is out" in log
    assert "Traceback" not in log
