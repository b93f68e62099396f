"""One site and one browser for all of these tests.

They end with the package: while Playwright runs, Django takes this thread for an asynchronous one and refuses
the database to the tests that come after.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import staging
from tests.browser.looking import Look
from tests.browser.staging import ROOT, Site
from tests.browser.visitor import PATIENCE, Visitor

ROWS = 6000
SCREENSHOTS = ROOT / "var/screenshots"
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """These tests' own directory, gone afterwards."""
    directory = ROOT / "var/tests" / f"browser-{os.getpid()}"
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="package")
def site(scratch: Path) -> Iterator[Site]:
    with staging.site(scratch / "site", ROWS) as running:
        yield running


@pytest.fixture(scope="package")
def browser(scratch: Path) -> Iterator[Browser]:
    with staging.chromium(scratch / "chromium") as running:
        yield running


@pytest.fixture
def visitor(site: Site, browser: Browser) -> Iterator[Visitor]:
    """Opens pages; afterwards no page may have complained or asked another host."""
    made = Visitor(browser, (site.url, site.admin_url))
    yield made
    made.leave()
    assert made.complaints == []


@pytest.fixture(scope="package")
def look() -> Look:
    """Looks at pages, and keeps the pictures of this run."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    return Look(SCREENSHOTS)
