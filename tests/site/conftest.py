"""Real servers for the site's tests: started once a run, on free ports, gone afterwards."""

import os
import shutil
from collections.abc import Iterator

import pytest

from local.servers import MariaDB, Redis, running
from tests.site.settings import VAR


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    server = MariaDB(VAR / "mysql", int(os.environ["DATABASE_PORT"]), password=os.environ["DATABASE_PASSWORD"])
    with running(server):
        yield server
    shutil.rmtree(server.directory)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis(VAR / "redis", int(os.environ["CACHE_PORT"]), password=os.environ["CACHE_PASSWORD"])
    with running(server):
        yield server
    shutil.rmtree(server.directory)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(mariadb: MariaDB) -> None:
    """pytest-django makes the test database after this: MariaDB has to be up by then."""


@pytest.fixture(autouse=True)
def _cache(redis_server: Redis) -> None:
    """Every test of the site has a living Redis, unless it breaks it itself."""
