"""The site with made-up articles under gunicorn, and Debian's Chromium to look at it; all gone afterwards."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Site:
    """The running site: its address, that of the loopback listener, and the password of `admin`."""

    stage: Stage
    url: str
    admin_url: str
    password: str

    @contextlib.contextmanager
    def without_servers(self) -> Iterator[str]:
        """The address of another gunicorn, whose database and cache do not answer."""
        nowhere = {"DATABASE_PORT": str(free_port()), "CACHE_PORT": str(free_port())}
        gunicorn = self.stage.gunicorn("alone", "config.wsgi", ADMIN_BIND=f"{HOST}:{free_port()}", **nowhere)
        with running(gunicorn):
            yield f"http://{HOST}:{gunicorn.port}"


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
