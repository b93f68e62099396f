"""The race from click to plot, by mouse and by keyboard, without scripts, without a cache, and cut off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.keyboard import tab_to
from tests.browser.looking import Look
from tests.browser.staging import Site, nowhere
from tests.browser.visitor import DESKTOP, FAILED, PHONE, SIZES, Visitor, drawn

RATIO = r"([\d.]+ times (faster|slower)|equally fast)"
VERDICT = re.compile(rf"^The cached page came {RATIO}\. The first, cold request cost [\d.]+ ms\.$")
KINDS = ("db", "cache", "render", "other", "network")
INK = """canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""


def click(page: Page) -> None:
    page.get_by_label("Repetitions").select_option("5")
    page.get_by_role("button", name="Start the race").click()


def press(page: Page) -> None:
    tab_to(page, page.get_by_label("Repetitions"))
    page.keyboard.press("Home")  # the first choice
    tab_to(page, page.get_by_role("button", name="Start the race"))
    page.keyboard.press("Enter")


class Held:
    """Lets so many requests of a page through, and holds the next one back until it is let go."""

    def __init__(self, page: Page, address: str, through: int) -> None:
        self._left = through
        self._held: list[Route] = []
        page.route(address, self._asked)

    def _asked(self, route: Route) -> None:
        self._left -= 1
        if self._left == -1:
            self._held.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self._held.pop().continue_()


def lane(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def cell(page: Page, name: str) -> float:
    return float(page.locator(f'[data-cell="{name}"]').inner_text())


@pytest.mark.parametrize("start", [click, press])
@pytest.mark.parametrize("size", SIZES)
def test_from_start_to_plot(
    visitor: Visitor, site: Site, look: Look, size: str, start: Callable[[Page], None]
) -> None:
    page = visitor.open(site.url + "/compare/", size=SIZES[size])
    held = Held(page, "**/uncached/?*", through=4)  # the one that warms up, and three
    start(page)

    status = page.get_by_role("status")
    for name in ("Uncached", "Cached"):
        expect(lane(page, name)).to_contain_text("page 3 of 5")
        expect(lane(page, name).locator("rect")).to_have_count(3)
    expect(status).to_have_text("The race is on.")
    expect(page.get_by_role("table")).to_be_hidden()
    held.let_go()

    expect(status).to_have_text(VERDICT)
    expect(lane(page, "Uncached").locator("rect")).to_have_count(5)
    expect(page.get_by_role("button", name="Start the race")).to_be_focused()
    for name in ("uncached", "cached"):
        assert 0 < cell(page, f"{name}.p50") <= cell(page, f"{name}.p95")
        parts = sum(cell(page, f"{name}.{kind}") for kind in KINDS)
        assert parts == pytest.approx(cell(page, f"{name}.p50"), abs=0.05)
        assert cell(page, f"{name}.network") > 0
        expect(lane(page, name.title())).to_contain_text(f"{cell(page, f'{name}.p50'):.1f} ms median")
    assert cell(page, "uncached.db") > 0
    assert cell(page, "cached.db") == 0

    drawn(page)
    chart = page.get_by_role("img", name="The share of its pages that came within a time")
    points = chart.evaluate("canvas => Chart.getChart(canvas).data.datasets.map(one => one.data.length)")
    assert points == [5, 5]
    assert chart.evaluate(INK) > 1000
    if start is press:
        look(page, "raced")


def test_several_at_once_with_another_question(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site.url + "/compare/")
    page.get_by_label("Query").select_option("Top journals")
    expect(page.get_by_label("Word")).to_be_hidden()  # a report has none
    page.get_by_label("At once").select_option("4")
    with page.expect_request(lambda request: "query=journals" in request.url):
        click(page)
    expect(page.get_by_role("status")).to_have_text(VERDICT)
    expect(lane(page, "Cached").locator("rect")).to_have_count(20)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_without_javascript(visitor: Visitor, site: Site, size: dict[str, int]) -> None:
    page = visitor.open(site.url + "/compare/", size=size, scripts=False)
    assert "Without JavaScript the race runs on the server" in page.content()
    page.get_by_label("Word").fill("virus")
    click(page)
    expect(page.get_by_role("status")).to_have_text(VERDICT)
    expect(page.get_by_label("Word")).to_have_value("virus")
    expect(lane(page, "Uncached").locator("rect")).to_have_count(5)
    for name in ("uncached", "cached"):
        assert 0 < cell(page, f"{name}.p50") <= cell(page, f"{name}.p95")
    expect(page.locator("canvas")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_while_the_cache_is_out(visitor: Visitor, site: Site, scripts: bool) -> None:
    with site.beside("cacheless", CACHE_PORT=nowhere()) as url:
        visitor.hosts += (url,)
        page = visitor.open(url + "/compare/", scripts=scripts)
        click(page)
        out = re.compile(
            rf"^The cached page came {RATIO}\. The cache is out: its pages came from the database\.$"
        )
        expect(page.get_by_role("status")).to_have_text(out)


def test_an_error_breaks_the_race_off(visitor: Visitor, site: Site) -> None:
    with site.beside("without-database", DATABASE_PORT=nowhere()) as url:
        visitor.hosts += (url,)
        page = visitor.open(url + "/compare/")
        click(page)
        broken = "The race was broken off. The uncached page answered 503."
        expect(page.get_by_role("status")).to_have_text(broken)
    visitor.expected(FAILED)


def test_a_site_that_goes_away_breaks_the_race_off_and_the_next_one_can_start(
    visitor: Visitor, site: Site
) -> None:
    with site.beside("leaving") as url:
        visitor.hosts += (url,)
        page = visitor.open(url + "/compare/")
        held = Held(page, "**/uncached/?*", through=3)
        click(page)
        expect(lane(page, "Cached")).to_contain_text("page 2 of 5")
    held.let_go()
    status = page.get_by_role("status")
    expect(status).to_have_text("The race was broken off. The site did not answer.")
    visitor.expected(FAILED)
    page.unroute_all()
    page.get_by_role("button", name="Start the race").click()
    expect(lane(page, "Cached")).to_contain_text("page 2 of 5")  # as it was
    expect(status).to_have_text("The race was broken off. The site did not answer.")
    visitor.expected(FAILED)
