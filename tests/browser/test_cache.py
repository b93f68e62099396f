"""What a visitor sees of the cache: a miss, a hit, a cleared cache, and an edit in the admin."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.administrator import log_in, open_an_article
from tests.browser.staging import Site
from tests.browser.visitor import SIZES, Visitor


def outcome(page: Page) -> Locator:
    return page.get_by_role("main").locator(".badge").first


@pytest.mark.parametrize("size", SIZES)
def test_a_miss_then_a_hit_and_cleared_a_miss_again(visitor: Visitor, site: Site, size: str) -> None:
    page = visitor.open(f"{site.url}/cached/?word=china&rows=20", size=SIZES[size])
    page.get_by_label("Word").fill(f"china {size}")
    page.get_by_role("button", name="Ask").click()
    expect(outcome(page)).to_have_text("miss")
    page.get_by_role("link", name="Run again").click()
    expect(outcome(page)).to_have_text("hit")
    expect(page.get_by_text("From the cache: made")).to_be_visible()
    asked = page.url

    page.get_by_role("link", name="Delete Cache").click()
    page.get_by_role("button", name="Delete Cache").click()
    expect(page.get_by_role("status")).to_have_text("Cache cleared: the next request asks MySQL.")
    page.goto(asked)
    expect(outcome(page)).to_have_text("miss")
    expect(page.get_by_role("status")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_an_edit_in_the_admin_shows_at_the_next_request(visitor: Visitor, site: Site, size: str) -> None:
    word = f"okapi{size}"
    reader = visitor.open(f"{site.url}/cached/?word={word}", size=SIZES[size])
    reader.get_by_role("link", name="Run again").click()
    expect(outcome(reader)).to_have_text("hit")
    expect(reader.get_by_text(f"No sentence contains “{word}”.")).to_be_visible()

    page = visitor.open(size=SIZES[size])
    log_in(page, site)
    open_an_article(page)
    page.get_by_role("textbox", name="Sentence").fill(f"An {word} was seen in the forest.")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    reader.reload()
    expect(outcome(reader)).to_have_text("miss")
    expect(reader.get_by_role("cell", name=f"An {word} was seen in the forest.")).to_be_visible()
    expect(reader.get_by_role("mark")).to_have_text(word)
