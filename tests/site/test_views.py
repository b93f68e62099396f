"""The pages, as a browser gets them."""

import re

import pytest
from django.test import Client

from covid.caching import cache
from covid.models import Article, DataSet
from covid.queries import ROW_LIMIT, WORD
from local.servers import free_port
from tests.site.conftest import OwnRedis, point_cache_at

PAGES = ("/", "/uncached/", "/cached/")


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_home_says_what_runs_and_what_is_loaded(client: Client, articles: list[Article]) -> None:
    html = text(client.get("/"))
    assert re.search(r"<dd>(MariaDB|MySQL) \d+\.\d+", html)
    assert re.search(r"<dd>(Redis|Valkey) \d+\.\d+", html)
    assert "articles.csv" in html
    assert f"“{WORD}”" in html
    assert f"{ROW_LIMIT} rows" in html
    for address in ("/uncached/", "/cached/", "/cache/clear/", "/healthz"):
        assert f'"{address}"' in html


def test_uncached_always_asks_the_database(client: Client, articles: list[Article]) -> None:
    for _ in range(2):
        response = client.get("/uncached/")
        assert response.headers["X-Cache"] == "bypass"
        assert response.headers["Cache-Control"] == "private, no-store"
        assert "LIKE &#x27;%delta%&#x27;" in text(response)
        assert "<mark>delta</mark>" in text(response)
    Article.objects.filter(object_id=3).update(sentence="Another delta.")
    assert "Another <mark>delta</mark>." in text(client.get("/uncached/"))


def test_cached_misses_and_then_hits_without_the_database(
    client: Client, articles: list[Article], django_assert_num_queries
) -> None:
    first = client.get("/cached/")
    assert first.headers["X-Cache"] == "miss"
    with django_assert_num_queries(0):
        second = client.get("/cached/")
    assert second.headers["X-Cache"] == "hit"
    assert re.search(r"made \d+ s ago, fresh for \d\d s more", text(second))
    table = re.compile(r"<table.*</table>")
    assert table.search(text(first)).group() == table.search(text(second)).group()
    for response in (first, second):
        assert "LIKE &#x27;%delta%&#x27;" in text(response)
        assert "2 rows" in text(response)


def test_clearing_makes_the_next_read_a_miss(client: Client, articles: list[Article]) -> None:
    client.get("/cached/")
    response = client.post("/cache/clear/", follow=True)
    assert response.redirect_chain == [("/cached/", 302)]
    assert response.headers["X-Cache"] == "miss"
    assert "Cache cleared" in text(response)
    response = client.get("/cached/")
    assert response.headers["X-Cache"] == "hit"
    assert "Cache cleared" not in text(response)


def test_clearing_takes_a_post_with_a_token(static_files: None, articles: list[Article]) -> None:
    browser = Client(enforce_csrf_checks=True)
    refused = browser.post("/cache/clear/")
    assert refused.status_code == 403
    assert "The form has expired" in text(refused)
    html = text(browser.get("/cache/clear/"))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html).group(1)
    assert browser.post("/cache/clear/", {"csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.parametrize("address", ["/uncached/", "/cached/"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_query_pages_are_read_only(client: Client, method: str, address: str) -> None:
    assert getattr(client, method)(address).status_code == 405


def test_with_the_cache_out_the_page_comes_and_says_so(
    client: Client, own_redis: OwnRedis, articles: list[Article]
) -> None:
    assert client.get("/cached/").headers["X-Cache"] == "miss"
    own_redis.process.kill()
    own_redis.process.wait()
    for _ in range(4):
        response = client.get("/cached/")
        assert (response.status_code, response.headers["X-Cache"]) == (200, "bypass")
        assert "The cache is out." in text(response)
        assert "<mark>delta</mark>" in text(response)
    assert cache.breaker.failures == 1
    assert "pages come from the database" in text(client.get("/"))
    assert "nothing to clear" in text(client.post("/cache/clear/", follow=True))


def test_nobody_at_the_caches_address(client: Client, settings, articles: list[Article]) -> None:
    point_cache_at(settings, free_port(), "password")
    assert client.get("/cached/").headers["X-Cache"] == "bypass"


@pytest.mark.parametrize("address", PAGES)
def test_generated_rows_are_labelled_on_every_page(
    client: Client, articles: list[Article], address: str
) -> None:
    assert "Generated data" not in text(client.get(address))
    DataSet.objects.create(source="generated", rows=3, generated=True)
    cache.expire()
    for _ in range(2):
        assert "Generated data" in text(client.get(address))


@pytest.mark.parametrize("address", PAGES)
def test_before_any_load_every_page_says_so(client: Client, db: None, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    assert "No data is loaded yet" in text(response)


def test_an_unknown_address(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "No such page" in text(response)


def test_unknown_parameters_make_no_new_entries(client: Client, articles: list[Article]) -> None:
    client.get("/cached/")
    assert client.get("/cached/?limit=9&page=x").headers["X-Cache"] == "hit"
