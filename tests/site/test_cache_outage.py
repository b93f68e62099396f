"""Cached reads with a Redis that is really dead, hung, full, or not ours: the answer comes all the same."""

import signal
import socket
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings as site_settings
from django_redis import get_redis_connection

from covid.breaker import Breaker
from covid.caching import Cache, Outcome
from covid.timing import Timings
from local.servers import free_port, running
from tests.site.conftest import OwnRedis, point_cache_at
from tests.site.test_caching import NAME, Computation, read
from tests.site.test_timing import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(breaker=Breaker("the cache", rest=5, clock=clock))


@pytest.fixture
def compute() -> Computation:
    return Computation()


@pytest.fixture
def silent_port() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port that takes connections and never says a word; and the connections it took."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:  # closed: the test is over
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1], taken
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()


def test_what_a_dead_redis_can_cost_is_bounded() -> None:
    options = site_settings.CACHES["default"]["OPTIONS"]
    assert options["SOCKET_CONNECT_TIMEOUT"] + options["SOCKET_TIMEOUT"] <= 0.31


def test_a_killed_redis_is_bypassed_and_used_again_when_it_is_back(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock
) -> None:
    assert read(cache, compute)[0] is Outcome.MISS
    own_redis.process.kill()
    own_redis.process.wait()
    answers = [cache.read(NAME, compute, Timings()) for _ in range(5)]
    assert {answer.outcome for answer in answers} == {Outcome.BYPASS}
    assert {answer.note for answer in answers} == {"The cache is out."}
    assert [answer.entry.body for answer in answers] == [b"body %d" % n for n in range(2, 7)]
    assert cache.breaker.failures == 1
    with running(own_redis.server):
        assert read(cache, compute)[0] is Outcome.BYPASS
        clock.now += 5
        assert [read(cache, compute)[0] for _ in range(2)] == [Outcome.MISS, Outcome.HIT]
        assert cache.breaker.closed


def test_a_hung_redis_is_asked_once(own_redis: OwnRedis, cache: Cache, compute: Computation) -> None:
    assert read(cache, compute)[0] is Outcome.MISS
    own_redis.process.send_signal(signal.SIGSTOP)
    assert [read(cache, compute)[0] for _ in range(5)] == [Outcome.BYPASS] * 5
    assert (cache.breaker.failures, cache.breaker.reason) == (1, "TimeoutError")


def test_a_silent_server_gets_one_connection_each_rest(
    settings, silent_port: tuple[int, list], cache: Cache, compute: Computation, clock: Clock
) -> None:
    port, taken = silent_port
    point_cache_at(settings, port, "password")
    for _ in range(10):
        assert read(cache, compute)[0] is Outcome.BYPASS
    assert len(taken) == 1
    clock.now += 5
    for _ in range(10):
        assert read(cache, compute)[0] is Outcome.BYPASS
    assert len(taken) == 2


def test_a_redis_that_hangs_before_it_keeps_the_result(own_redis: OwnRedis, cache: Cache) -> None:
    def compute() -> tuple[bytes, dict]:
        own_redis.process.send_signal(signal.SIGSTOP)
        return b"computed", {}

    answer = cache.read(NAME, compute, Timings())
    assert (answer.outcome, answer.entry.body) == (Outcome.MISS, b"computed")
    assert "before it could keep" in answer.note
    assert not cache.breaker.closed


def test_nobody_listens(settings, cache: Cache, compute: Computation) -> None:
    point_cache_at(settings, free_port(), "password")
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert cache.breaker.reason == "ConnectionError"
    assert cache.server(Timings()) == ""


def test_a_refused_password(own_redis: OwnRedis, cache: Cache, compute: Computation) -> None:
    get_redis_connection().config_set("requirepass", "changed")
    get_redis_connection().connection_pool.disconnect()
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert cache.breaker.reason == "AuthenticationError"


def test_a_full_redis(own_redis: OwnRedis, cache: Cache, compute: Computation) -> None:
    redis = get_redis_connection()
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", "1")
    assert read(cache, compute) == (Outcome.BYPASS, b"body 1")


def test_an_expiry_that_could_not_be_told_comes_before_the_next_read(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock
) -> None:
    read(cache, compute)
    own_redis.process.send_signal(signal.SIGSTOP)
    assert not cache.expire()
    own_redis.process.send_signal(signal.SIGCONT)
    assert not cache.expire()  # the breaker is open
    clock.now += 5
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")
