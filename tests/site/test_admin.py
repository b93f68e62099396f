"""The admin: articles to read and edit; and an edit shows on the public page as soon as it is committed."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django_redis import get_redis_connection

from covid import generation
from covid.caching import cache
from covid.models import Article, DataSet
from tests.site.conftest import OwnRedis

LIST = "/admin/covid/article/"
FORM = {
    "object_id": "3",
    "sentence": "Edited delta.",
    "possible_place": "",
    "matched_place": "",
    "title": "New title",
    "abstract": "",
    "authors": "",
    "journal": "",
    "published_date": "2021",
    "doi": "",
    "sha": "",
    "source": "PMC",
    "license": "cc-by",
}


def current() -> bytes | None:
    return get_redis_connection().get(generation.KEY)


def test_the_detail_shows_the_long_texts(admin: Client, articles: list[Article]) -> None:
    Article.objects.filter(object_id=3).update(abstract="An abstract.", authors="Ann; Bob")
    html = admin.get(f"{LIST}3/change/").content.decode()
    assert "An abstract." in html
    assert "Ann; Bob" in html
    assert 'name="object_id"' not in html  # an edited key would make a second article


def test_boxes_are_as_high_as_their_texts(admin: Client, articles: list[Article]) -> None:
    Article.objects.filter(object_id=3).update(abstract="word " * 300, authors="Ann; " * 5000)
    html = admin.get(f"{LIST}3/change/").content.decode()
    rows = {
        name: int(number) for name, number in re.findall(r'<textarea name="(\w+)"[^>]*rows="(\d+)"', html)
    }
    assert rows == {"sentence": 2, "title": 2, "abstract": 18, "authors": 30}
    assert 'rows="2"' in admin.get(f"{LIST}add/").content.decode()


def change(admin: Client) -> None:
    assert admin.post(f"{LIST}3/change/", FORM).status_code == 302


def add(admin: Client) -> None:
    assert admin.post(f"{LIST}add/", FORM | {"object_id": "2"}).status_code == 302


def delete(admin: Client) -> None:
    assert admin.post(f"{LIST}3/delete/", {"post": "yes"}).status_code == 302


def delete_many(admin: Client) -> None:
    chosen = {"action": "delete_selected", "_selected_action": ["3", "7"], "post": "yes"}
    assert admin.post(LIST, chosen).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edit", [change, add, delete, delete_many])
def test_an_edit_shows_at_the_next_request(
    admin: Client, client: Client, articles: list[Article], edit: Callable[[Client], None]
) -> None:
    assert b"Mekong" in client.get("/cached/").content
    assert client.get("/cached/").headers["X-Cache"] == "hit"
    edit(admin)
    response = client.get("/cached/")
    assert response.headers["X-Cache"] == "miss"
    assert (b"Edited" in response.content) == (edit in (change, add))
    assert (b"Mekong" in response.content) == (edit is add)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edit", [change, delete, delete_many])
def test_nothing_expires_before_the_commit_or_after_a_rollback(
    admin: Client, articles: list[Article], edit: Callable[[Client], None]
) -> None:
    cache.expire()
    before = current()
    with transaction.atomic():
        edit(admin)
        assert current() == before
        transaction.set_rollback(True)
    assert current() == before
    with transaction.atomic():
        edit(admin)
        assert current() == before
    assert current() != before


@pytest.mark.django_db(transaction=True)
def test_a_cache_that_can_not_be_told_is_a_warning(
    admin: Client, own_redis: OwnRedis, articles: list[Article]
) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    response = admin.post(f"{LIST}3/change/", FORM, follow=True)
    assert "The cache is out: the old rows may show for 60 s more." in response.content.decode()
    assert Article.objects.get(object_id=3).title == "New title"


def test_loads_are_for_reading(admin: Client, articles: list[Article]) -> None:
    load = DataSet.objects.get()
    assert "articles.csv" in admin.get("/admin/covid/dataset/").content.decode()
    assert admin.get("/admin/covid/dataset/add/").status_code == 403
    assert admin.post(f"/admin/covid/dataset/{load.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_stranger_is_sent_to_log_in(loopback: Client, db: None) -> None:
    assert loopback.get(LIST).headers["Location"].startswith("/admin/login/")
