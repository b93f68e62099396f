"""The cache may be cleared so often from one address, and no more."""

import pytest
from django.core.cache import caches
from django.test import Client
from django_redis import get_redis_connection

from covid.models import Article
from covid.throttle import PLACES, Throttle
from covid.timing import Timings
from covid.views import CLEARING
from tests.site.conftest import OwnRedis
from tests.site.test_views import text


@pytest.fixture(autouse=True)
def _process() -> None:
    caches["process"].clear()


def clear(client: Client, address: str = "192.0.2.1", forwarded: str = "") -> int:
    return client.post(
        "/cache/clear/", REMOTE_ADDR=address, headers={"X-Forwarded-For": forwarded}
    ).status_code


def test_who_clears_too_often_is_told_to_wait(client: Client, articles: list[Article]) -> None:
    for number in range(CLEARING.times):
        assert clear(client, forwarded=f"203.0.113.{number}") == 302
    assert clear(client, forwarded="198.51.100.7") == 429
    response = client.post("/cache/clear/", REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= CLEARING.window
    assert "no-store" in response.headers["Cache-Control"]
    assert "Cleared too often" in text(response)
    assert f"Try again in {response.headers['Retry-After']} second" in text(response)
    assert clear(client, "192.0.2.2") == 302
    for path in ("/", "/cached/", "/cache/clear/"):
        assert client.get(path, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_a_refused_clear_leaves_the_cache_as_it_is(client: Client, articles: list[Article]) -> None:
    for _ in range(CLEARING.times):
        clear(client)
    client.get("/cached/")
    assert clear(client) == 429
    assert client.get("/cached/").headers["X-Cache"] == "hit"


def test_looking_and_forging_count_for_nothing(articles: list[Article], static_files: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    for _ in range(CLEARING.times + 1):
        assert browser.get("/cache/clear/").status_code == 200
        assert browser.post("/cache/clear/").status_code == 403
    assert not get_redis_connection().keys("throttle:*")


def test_while_the_cache_is_out_too(client: Client, own_redis: OwnRedis, articles: list[Article]) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    assert [clear(client) for _ in range(CLEARING.times)] == [302] * CLEARING.times
    assert clear(client) == 429


def test_the_time_passes(redis_server: object) -> None:
    throttle = Throttle("once", times=1, window=100)
    assert throttle.wait("me", Timings()) == 0
    assert 0 < throttle.wait("me", Timings()) <= 100
    (key,) = get_redis_connection().keys("throttle:once:*")
    get_redis_connection().pexpire(key, 1)
    while get_redis_connection().exists(key):
        pass
    assert throttle.wait("me", Timings()) == 0
    throttle.forget("me", Timings())
    assert throttle.wait("me", Timings()) == 0


def test_no_number_of_names_fills_the_cache(redis_server: object) -> None:
    throttle = Throttle("many", times=1, window=100)
    assert len({throttle._key(str(number)) for number in range(10 * PLACES)}) <= PLACES
