"""The admin's pages on the loopback listener: held to what holds for the public ones."""

import pytest
from playwright.sync_api import expect

from tests.browser.administrator import log_in, open_an_article, open_list
from tests.browser.looking import Look
from tests.browser.staging import Site
from tests.browser.visitor import SIZES, Visitor


@pytest.mark.parametrize("size", SIZES)
def test_the_admins_pages(visitor: Visitor, site: Site, look: Look, size: str) -> None:
    page = visitor.open(site.admin_url + "/admin/", size=SIZES[size])
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    look(page, "admin-login")
    log_in(page, site)
    look(page, "admin-index")
    open_list(page, "Data sets")
    look(page, "admin-data-sets")
    page.get_by_role("link", name="Home", exact=True).click()
    open_an_article(page)
    look(page, "admin-article")
    page.go_back()
    look(page, "admin-articles")
    page.get_by_role("search").get_by_role("textbox").fill("delta")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    look(page, "admin-found")


def test_a_wrong_password_is_refused_in_words(visitor: Visitor, site: Site, look: Look) -> None:
    page = visitor.open(site.admin_url + "/admin/")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    look(page, "admin-refused")
    log_in(page, site)


def test_the_public_listener_has_no_admin(visitor: Visitor, site: Site) -> None:
    assert visitor.open().goto(site.url + "/admin/").status == 404
