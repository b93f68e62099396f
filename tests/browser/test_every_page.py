"""Every page on phone and desktop, light and dark: quiet, no wider than the window, without a violation."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.addresses import OUTAGES, PAGES
from tests.browser.staging import Site
from tests.browser.visitor import DESKTOP, PHONE, Visitor, drawn, overflow

SIZES = {"phone": PHONE, "desktop": DESKTOP}
SCHEMES = ("light", "dark")
TALLEST = 3000  # pixels of a page that a screenshot shows


def look(page: Page, name: str, screenshots: Path) -> None:
    """Take the page's picture, and hold it to what holds for every page."""
    drawn(page)
    size = dict(page.viewport_size)
    height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    picture = {"x": 0, "y": 0, "width": size["width"], "height": height}
    page.screenshot(path=screenshots / f"{name}.png", clip=picture, full_page=True)
    assert overflow(page) == 0
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_public_page(
    visitor: Visitor, site: Site, screenshots: Path, name: str, size: str, scheme: str
) -> None:
    path, status = PAGES[name]
    page = visitor.open(size=SIZES[size], scheme=scheme)
    assert page.goto(site.url + path).status == status
    look(page, f"{name}-{size}-{scheme}", screenshots)


def test_pages_while_nothing_answers(visitor: Visitor, site: Site, screenshots: Path) -> None:
    with site.without_servers() as url:
        visitor.hosts += (url,)
        for name, (path, status) in OUTAGES.items():
            for size, scheme in (("phone", "dark"), ("desktop", "light")):
                page = visitor.open(size=SIZES[size], scheme=scheme)
                assert page.goto(url + path).status == status
                look(page, f"{name}-{size}-{scheme}", screenshots)
