"""Keyboard, screen reader, paper and slow lines."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import PAGES
from tests.browser.keyboard import focusable, tabbed_through
from tests.browser.staging import Site
from tests.browser.visitor import DESKTOP, SIZES, Visitor, drawn, overflow

HEAVIEST = 150_000  # bytes over the wire
FIRST_VIEWS = (
    *("/", "/compare/", "/reports/", "/cache/", "/cached/", "/cached/table/", "/uncached/", "/rows/"),
    *("/cached/?query=months", "/uncached/?query=places"),
)
A4 = {"width": 680, "height": 1000}  # pixels between the margins


def test_the_skip_link_leads_past_the_menu(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["height"] > 10
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link", name="Compare", exact=True)).to_be_focused()


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, "desktop") for name in ("home", "rows", "months", "reports", "compare", "cache", "refused")]
    + [("rows", "phone"), ("cache", "phone")],
)
def test_the_tab_key_reaches_everything_in_order_and_shows_where_it_is(
    visitor: Visitor, site: Site, name: str, size: str
) -> None:
    page = visitor.open(site.url + PAGES[name][0], size=SIZES[size])
    drawn(page)
    stops = tabbed_through(page)
    assert [stop["html"] for stop in stops] == focusable(page)
    assert [stop["html"] for stop in stops if not stop["seen"]] == []


def test_the_levels_and_the_menu_tell_where_one_is(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.url + PAGES["rows"][0])
    levels = page.get_by_role("navigation", name="What is cached")
    expect(levels.locator("[aria-current=page]")).to_contain_text("Rows cached")
    levels.get_by_role("link", name="Nothing cached").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing cached")
    menu = page.get_by_role("navigation", name="Pages")
    expect(menu.locator("[aria-current=page]")).to_have_text("Query MySQL")


@pytest.mark.parametrize("name", ["home", "cached", "months", "journals", "compared", "cache"])
def test_paper_is_light_and_shows_all_but_the_menu(visitor: Visitor, site: Site, name: str) -> None:
    page = visitor.open(site.url + PAGES[name][0], size=DESKTOP, scheme="dark")
    drawn(page)
    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    assert overflow(page) == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for canvas in page.locator("canvas").all():
        page.wait_for_function("canvas => canvas.clientWidth <= innerWidth", arg=canvas.element_handle())
        assert canvas.evaluate("canvas => Chart.getChart(canvas).options.color") == "rgb(29, 35, 41)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def weight(page: Page, url: str) -> int:
    """Bytes over the wire, headers included, until nothing is loaded any more."""
    loaded: list[int] = []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(url, wait_until="networkidle")
    return round(sum(loaded))


@pytest.mark.parametrize("address", FIRST_VIEWS)
def test_a_first_view_is_light(visitor: Visitor, site: Site, address: str) -> None:
    weighed = weight(visitor.open(), site.url + address)
    assert 20_000 < weighed < HEAVIEST
