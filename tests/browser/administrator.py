"""The admin, as its user goes through it: by labels and roles."""

from playwright.sync_api import Page, expect

from tests.browser.staging import Site


def log_in(page: Page, site: Site) -> None:
    """Through the real form on the loopback listener."""
    page.goto(site.admin_url + "/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def open_list(page: Page, name: str) -> None:
    """The list of articles or data sets, from the index."""
    page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("#result_list")).to_be_visible()


def open_an_article(page: Page) -> None:
    """The form of the first article in the list, from the index."""
    open_list(page, "Articles")
    page.locator("#result_list tbody").get_by_role("link").first.click()
    expect(page.get_by_role("textbox", name="Sentence")).to_be_visible()
