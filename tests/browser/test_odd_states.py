"""Nothing loaded, nothing in the table, more matches than are shown, and words in every script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import Look
from tests.browser.staging import Site
from tests.browser.visitor import SIZES, Visitor, overflow

ADDRESSES = {
    "home": "/",
    "uncached": "/uncached/",
    "cached": "/cached/",
    "months": "/rows/?query=months",
    "table": "/cached/table/",
    "compared": "/compare/?repetitions=5",
    "cache": "/cache/",
}
SCRIPTS = {
    "rtl": ("انتشر الفيروس في دلتا النيل", "דלתא"),
    "ltr": ("病毒在三角洲传播", "डेल्टा", "delta 🦠 variant"),
}
COLUMNS = (
    "object_id, sha, possible_place, sentence, matched_place, doi, title, abstract, published_date, authors,"
    " journal, source, license"
)


def rows(numbers: str, sentence: str, number: str = "seq") -> str:
    """SQL that adds a row for each of the numbers, with this sentence."""
    return (
        f"INSERT INTO covid_article ({COLUMNS}) SELECT {number}, '', '', {sentence}, 'Nile', '', {sentence},"
        f" '', '2020-05', '', {sentence}, 'PMC', 'cc-by' FROM {numbers}"
    )


def loaded(site: Site, name: str, count: int) -> None:
    """Tell the site that a file was loaded, as the loader does."""
    site.stage.sql(
        "INSERT INTO covid_dataset (source, generated, `rows`, rejected, loaded_at)"
        f" VALUES ('{name}', 0, {count}, 0, NOW(6))"
    )


def clear(page: Page, site: Site) -> None:
    """Expire what the cache holds, as the loader does."""
    page.goto(site.url)
    page.get_by_role("button", name="Delete Cache").click()
    expect(page.get_by_text("Cache cleared")).to_be_visible()


def ask(page: Page, word: str) -> None:
    page.get_by_label("Word").fill(word)
    page.get_by_role("button", name="Ask").click()


def direction(page: Page, text: str) -> str:
    """Where the sentence begins: at the left or at the right edge of its cell."""
    return page.get_by_role("cell", name=text).first.evaluate(
        """cell => {
            const words = document.createRange(), box = cell.getBoundingClientRect();
            words.selectNodeContents(cell);
            const text = words.getBoundingClientRect();
            return text.left - box.left < box.right - text.right ? "ltr" : "rtl";
        }"""
    )


@pytest.mark.parametrize("size", SIZES)
def test_odd_data(visitor: Visitor, site: Site, look: Look, size: str) -> None:
    with site.empty(f"empty_{size}") as odd:
        visitor.hosts += (odd.url,)
        page = visitor.open(size=SIZES[size])
        for name, path in ADDRESSES.items():
            assert page.goto(odd.url + path).status == 200
            if name != "cache":
                expect(page.get_by_text("No data is loaded yet")).to_be_visible()
            look(page, f"no-data-{name}")

        loaded(odd, "empty.csv", 0)
        clear(page, odd)
        for name, path in ADDRESSES.items():
            assert page.goto(odd.url + path).status == 200
            expect(page.get_by_text("No data is loaded yet")).to_have_count(0)
            if name in ("home", "cached", "months"):
                look(page, f"no-rows-{name}")

        odd.stage.sql(rows("seq_1_to_10000", "CONCAT('In the delta, ', seq, '.')"))
        for number, sentence in enumerate((*SCRIPTS["rtl"], *SCRIPTS["ltr"]), 20_001):
            odd.stage.sql(rows("seq_1_to_1", f"'{sentence}'", str(number)))
        loaded(odd, "many.csv", 10_005)
        clear(page, odd)
        page.goto(odd.url + "/cached/")
        expect(page.get_by_role("heading", name="no more were asked for")).to_contain_text("500 rows")
        expect(page.get_by_role("row")).to_have_count(501)
        assert overflow(page) == 0
        page.goto(odd.url + "/cached/?rows=20")
        look(page, "many-matches")

        for where, sentences in SCRIPTS.items():
            for sentence in sentences:
                word = sentence.split()[-1]
                ask(page, word)
                expect(page.get_by_role("heading", name="1 row", exact=True)).to_be_visible()
                expect(page.get_by_role("mark")).to_have_text(word)
                assert direction(page, sentence) == where
                expect(page.get_by_label("Word")).to_have_value(word)
            look(page, f"script-{where}")
        ask(page, "مرحبا")
        expect(page.get_by_text("No sentence contains “مرحبا”.")).to_be_visible()
        look(page, "script-no-match")
