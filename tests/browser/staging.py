"""The site with made-up articles under gunicorn, and Debian's Chromium to look at it; all gone afterwards."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bench.contest.stage import Stage, built
from local.servers import HOST, free_port, program, running

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = (
    "--no-sandbox",  # which does not run as root, nor in most containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",  # whatever it wants, it gets no other host
)
LONG = f"In the delta, {'w' * 400}, https://example.org/{'path/' * 40}end."
RIGHT_TO_LEFT = "انتشر متحور delta في دلتا النيل."


def nowhere() -> str:
    """A port where nobody listens."""
    return str(free_port())


@dataclass(frozen=True)
class Site:
    """The running site: its address, that of the loopback listener, and the password of `admin`."""

    stage: Stage
    url: str
    admin_url: str
    password: str

    @contextlib.contextmanager
    def beside(self, name: str, **environment: str) -> Iterator[str]:
        """The address of another gunicorn of this site, with something different in its environment."""
        admin_bind = f"{HOST}:{free_port()}"
        gunicorn = self.stage.gunicorn(name, "config.wsgi", ADMIN_BIND=admin_bind, **environment)
        with running(gunicorn):
            yield f"http://{HOST}:{gunicorn.port}"

    @contextlib.contextmanager
    def empty(self, name: str) -> Iterator["Site"]:
        """The same site with a cache and a database of its own, in which nothing was loaded yet."""
        directory = self.stage.directory / name
        mariadb = replace(self.stage.mariadb, database=name)
        redis = replace(self.stage.redis, directory=directory / "redis", port=free_port())
        self.stage.sql(f"CREATE DATABASE {mariadb.database} CHARACTER SET utf8mb4")
        others = {"DATABASE_NAME": mariadb.database, "CACHE_PORT": str(redis.port)}
        stage = replace(
            self.stage,
            directory=directory,
            mariadb=mariadb,
            redis=redis,
            environment=self.stage.environment | others,
        )
        stage.manage("migrate", "--verbosity=0")
        with running(redis), self.beside(name, **others) as url:
            yield replace(self, stage=stage, url=url)


@contextlib.contextmanager
def site(directory: Path, rows: int) -> Iterator[Site]:
    """The site with that many rows; among the first that mention the word, two are hard to lay out."""
    with built(directory, rows) as stage:
        stage.manage("ensure_admin")
        hard = stage.sql(
            "SELECT object_id FROM covid_article WHERE sentence LIKE '%delta%' ORDER BY 1 LIMIT 2"
        )
        for (number,), sentence in zip(hard, (LONG, RIGHT_TO_LEFT), strict=True):
            stage.sql(f"UPDATE covid_article SET sentence = '{sentence}' WHERE object_id = {number}")
        admin_port = free_port()
        gunicorn = stage.gunicorn("site", "config.wsgi", ADMIN_BIND=f"{HOST}:{admin_port}")
        with running(gunicorn):
            urls = (f"http://{HOST}:{port}" for port in (gunicorn.port, admin_port))
            yield Site(stage, *urls, stage.environment["ADMIN_PASSWORD"])


@contextlib.contextmanager
def chromium(directory: Path) -> Iterator[Browser]:
    """The system's Chromium, headless. Its profile and whatever else it writes are below `directory`."""
    directory.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(directory))
        environment.setenv("HOME", str(directory))
        with sync_playwright() as playwright:
            path = program("chromium", "chromium-browser", "google-chrome")
            browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
            yield browser
            browser.close()
