"""Every page on phone and desktop, light and dark: quiet, no wider than the window, without a violation."""

import pytest

from tests.browser.addresses import OUTAGES, PAGES
from tests.browser.looking import Look
from tests.browser.staging import Site, nowhere
from tests.browser.visitor import SIZES, Visitor

UNNAMED_TABLES = """() => [...document.querySelectorAll("table")].filter(table =>
    !table.caption?.textContent.trim() || !table.tHead || [...table.tHead.rows[0].cells].some(one =>
        one.tagName !== "TH" || one.scope !== "col" || !one.textContent.trim())).map(one => one.outerHTML)"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_public_page(visitor: Visitor, site: Site, look: Look, name: str, size: str) -> None:
    path, status = PAGES[name]
    page = visitor.open(size=SIZES[size])
    assert page.goto(site.url + path).status == status
    assert page.evaluate(UNNAMED_TABLES) == []
    look(page, name)


def test_pages_while_nothing_answers(visitor: Visitor, site: Site, look: Look) -> None:
    with site.beside("alone", DATABASE_PORT=nowhere(), CACHE_PORT=nowhere()) as url:
        visitor.hosts += (url,)
        for size in SIZES.values():
            page = visitor.open(size=size)
            for name, (path, status) in OUTAGES.items():
                assert page.goto(url + path).status == status
                look(page, name)
