"""Real servers for the site's tests: started once a run, on free ports, gone afterwards."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.crypto import get_random_string
from django_redis import get_redis_connection

from covid import revision
from covid.caching import Cache, cache
from covid.models import Article, DataSet
from local.servers import MariaDB, Redis, free_port, running
from tests.site.serving import Gunicorn
from tests.site.settings import VAR


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """This run's own directory, gone afterwards."""
    VAR.mkdir(parents=True)
    yield VAR
    shutil.rmtree(VAR)


@pytest.fixture(scope="session")
def mariadb(scratch: Path) -> Iterator[MariaDB]:
    server = MariaDB(
        VAR / "mysql", int(os.environ["DATABASE_PORT"]), password=os.environ["DATABASE_PASSWORD"]
    )
    with running(server):
        yield server


@pytest.fixture(scope="session")
def redis_server(scratch: Path) -> Iterator[Redis]:
    server = Redis(VAR / "redis", int(os.environ["CACHE_PORT"]), password=os.environ["CACHE_PASSWORD"])
    with running(server):
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(mariadb: MariaDB) -> None:
    """pytest-django makes the test database after this: MariaDB has to be up by then."""


@pytest.fixture(autouse=True)
def _cache(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test of the site has a living, empty Redis and a closed breaker, unless it breaks them itself."""
    get_redis_connection().flushdb()
    fresh = Cache(revision=revision.current)
    for name, value in vars(fresh).items():
        monkeypatch.setattr(cache, name, value)


@pytest.fixture(scope="session")
def static_files(scratch: Path) -> None:
    """The static files, hashed and compressed as on a host."""
    call_command("collectstatic", "--noinput", verbosity=0)


@pytest.fixture
def client(static_files: None) -> Client:
    return Client()


LOOPBACK = {"SERVER_NAME": "127.0.0.1"}
"""What the server says of a request on the test settings' ADMIN_BIND. (Its port is always 80.)"""


@pytest.fixture
def admin(static_files: None, admin_client: Client) -> Client:
    """A browser on the loopback listener that is logged in as a superuser."""
    admin_client.defaults.update(LOOPBACK)
    return admin_client


@pytest.fixture
def loopback(static_files: None) -> Client:
    """A browser on the loopback listener."""
    return Client(**LOOPBACK)


@dataclass(frozen=True)
class OwnRedis:
    """A Redis that one test may stop or kill."""

    server: Redis
    process: Popen[bytes]


@pytest.fixture
def own_redis(settings) -> Iterator[OwnRedis]:
    """A Redis of the test's own, to which the site's cache points meanwhile."""
    server = Redis(VAR / f"redis-{uuid.uuid4().hex[:8]}", free_port(), password="own")
    with running(server) as process:
        point_cache_at(settings, server.port, server.password)
        yield OwnRedis(server, process)
        process.kill()  # it may be stopped, and would not hear a gentler signal


def point_cache_at(settings, port: int, password: str) -> None:
    """Let the site's cache speak to another server for the rest of the test."""
    default = settings.CACHES["default"]
    options = default["OPTIONS"] | {"PASSWORD": password}
    settings.CACHES = settings.CACHES | {
        "default": default | {"LOCATION": f"redis://127.0.0.1:{port}/0", "OPTIONS": options}
    }


@pytest.fixture
def articles(db: None) -> list[Article]:
    """Three articles, two of which mention the word; and the data set that they came in."""
    sentences = {7: "The Delta variant <spread>.", 3: "In the Mekong delta.", 5: "In Wuhan."}
    made = [
        Article(object_id=number, sentence=text, title=f"Title {number}", source="PMC", license="cc-by")
        for number, text in sentences.items()
    ]
    Article.objects.bulk_create(made)
    DataSet.objects.create(source="articles.csv", rows=3)
    return made


def own_database() -> MariaDB:
    """A MariaDB that nobody else uses, not yet started."""
    return MariaDB(VAR / f"mysql-{uuid.uuid4().hex[:8]}", free_port(), password=get_random_string(12))


@pytest.fixture
def database(scratch: Path) -> MariaDB:
    """A MariaDB of the test's own."""
    return own_database()


@pytest.fixture
def site(database: MariaDB) -> Gunicorn:
    """The site under gunicorn with that database and the run's Redis, not yet started."""
    return site_on(database)


def site_on(database: MariaDB) -> Gunicorn:
    """The site under gunicorn with this database and the run's Redis, not yet started."""
    directory = VAR / f"site-{uuid.uuid4().hex[:8]}"
    port, admin_port = free_port(), free_port()
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return Gunicorn(
        directory,
        port,
        admin_port,
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
            "ADMIN_BIND": f"127.0.0.1:{admin_port}",
            "RELEASE": "r1",
        },
    )
