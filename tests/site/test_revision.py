"""MySQL's own count of edits and loads tells the cache of what it was not told."""

import signal
import threading

import pytest
from django.db import connection, transaction
from django.test import Client

from covid import caching, revision
from covid.caching import Cache
from covid.models import Article, DataSet
from tests.site.conftest import OwnRedis
from tests.site.test_admin import FORM, LIST

pytestmark = pytest.mark.django_db(transaction=True)


def test_edits_and_loads_count() -> None:
    counts = [revision.current()]
    for change in (revision.advance, revision.advance, load, revision.advance, load):
        change()
        counts.append(revision.current())
    assert counts == sorted(set(counts))


def load() -> None:
    DataSet.objects.create(source="articles.csv", rows=3)


def test_an_edit_counts_when_it_is_committed_or_never() -> None:
    before = revision.current()
    with transaction.atomic():
        revision.advance()
        transaction.set_rollback(True)
    assert revision.current() == before
    with transaction.atomic():
        revision.advance()
    assert revision.current() == before + 1


def test_edits_at_the_same_time_all_count() -> None:
    revision.advance()
    before = revision.current()

    def edit() -> None:
        try:
            for _ in range(10):
                revision.advance()
        finally:
            connection.close()

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revision.current() == before + 40


def test_an_edit_while_redis_hangs_shows_once_it_is_back_though_the_process_died(
    admin: Client, own_redis: OwnRedis, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b"Mekong" in admin.get("/cached/").content
    assert admin.get("/cached/").headers["X-Cache"] == "hit"
    own_redis.process.send_signal(signal.SIGSTOP)
    response = admin.post(f"{LIST}3/change/", FORM, follow=True)
    assert b"The cache is out" in response.content
    own_redis.process.send_signal(signal.SIGCONT)
    for name, value in vars(Cache(revision=revision.current)).items():  # another process takes over
        monkeypatch.setattr(caching.cache, name, value)
    response = admin.get("/cached/")
    assert response.headers["X-Cache"] == "miss"
    assert b"Edited" in response.content


def test_a_load_that_was_killed_after_its_swap_shows_at_the_next_start(
    client: Client, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/cached/")
    Article.objects.filter(object_id=3).update(sentence="A loaded delta.")
    DataSet.objects.create(source="newer.csv", rows=3)
    for name, value in vars(Cache(revision=revision.current)).items():
        monkeypatch.setattr(caching.cache, name, value)
    assert b"A loaded" in client.get("/cached/").content
