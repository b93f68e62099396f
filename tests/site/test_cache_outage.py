"""Cached reads with a Redis that is really dead, hung, full, or not ours: the answer comes all the same."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as site_settings
from django_redis import get_redis_connection

from covid import inspection
from covid.answers import Outcome
from covid.caching import Cache
from covid.entry import Computed
from covid.timing import Timings
from local.servers import free_port, running
from tests.site.conftest import OwnRedis, point_cache_at
from tests.site.proxy import Proxy, proxied
from tests.site.test_breaker import settled
from tests.site.test_caching import PART, Computation, computed, read
from tests.site.test_timing import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Revision:
    """Stands for MySQL's count of edits."""

    edits = 0

    def __call__(self) -> int:
        return self.edits


@pytest.fixture
def revision() -> Revision:
    return Revision()


@pytest.fixture
def cache(clock: Clock, revision: Revision) -> Iterator[Cache]:
    cache = Cache(revision=revision)
    cache.breaker._clock = clock
    yield cache
    settled(cache.breaker)


@pytest.fixture
def compute() -> Computation:
    return Computation()


@pytest.fixture
def proxy(own_redis: OwnRedis, settings) -> Iterator[Proxy]:
    """A proxy before the test's own Redis, to which the cache points."""
    with proxied(own_redis.server.port) as proxy:
        point_cache_at(settings, proxy.port, own_redis.server.password)
        yield proxy
        get_redis_connection().connection_pool.disconnect()


def rested(cache: Cache, clock: Clock) -> None:
    """Let the breaker's rest go by, and its probe come to an end."""
    clock.now += 5
    assert not cache.breaker.allows()
    settled(cache.breaker)


def test_what_a_dead_redis_can_cost_is_bounded() -> None:
    options = site_settings.CACHES["default"]["OPTIONS"]
    assert options["SOCKET_CONNECT_TIMEOUT"] + options["SOCKET_TIMEOUT"] < 0.29


def test_a_killed_redis_is_bypassed_and_used_again_when_it_is_back(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock
) -> None:
    assert read(cache, compute)[0] is Outcome.MISS
    own_redis.process.kill()
    own_redis.process.wait()
    answers = [cache.read("thing", compute, Timings(), part=PART) for _ in range(5)]
    assert {answer.outcome for answer in answers} == {Outcome.BYPASS}
    assert {answer.note for answer in answers} == {"The cache is out."}
    assert [answer.entry.body for answer in answers] == [b"body %d" % n for n in range(2, 7)]
    assert (cache.breaker.failures, cache.breaker.outages, cache.breaker.refusals) == (1, 1, 4)
    with running(own_redis.server):
        assert read(cache, compute)[0] is Outcome.BYPASS
        rested(cache, clock)
        assert [read(cache, compute)[0] for _ in range(2)] == [Outcome.MISS, Outcome.HIT]


def test_a_hung_redis_costs_one_reader_one_timeout(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock
) -> None:
    assert read(cache, compute)[0] is Outcome.MISS
    own_redis.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert time.monotonic() - began < 0.3
    began = time.monotonic()
    for _ in range(50):
        assert read(cache, compute)[0] is Outcome.BYPASS
        clock.now += 5  # a probe is due each time, and nobody waits for it
    assert time.monotonic() - began < 0.1
    settled(cache.breaker)
    assert cache.breaker.reason == "TimeoutError"


def test_a_silent_server_gets_one_connection_each_rest(
    own_redis: OwnRedis, proxy: Proxy, cache: Cache, compute: Computation, clock: Clock
) -> None:
    own_redis.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(10):
        assert read(cache, compute)[0] is Outcome.BYPASS
    assert time.monotonic() - began < 0.3
    assert proxy.connections == 1
    rested(cache, clock)
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert proxy.connections == 2


def test_a_redis_that_hangs_before_it_keeps_the_result(own_redis: OwnRedis, cache: Cache) -> None:
    def compute(kept: bool) -> Computed:
        own_redis.process.send_signal(signal.SIGSTOP)
        return computed(b"computed")

    answer = cache.read("thing", compute, Timings(), part=PART)
    assert (answer.outcome, answer.entry.body) == (Outcome.MISS, b"computed")
    assert "before it could keep" in answer.note
    assert not cache.breaker.closed


def test_nobody_listens(settings, cache: Cache, compute: Computation) -> None:
    point_cache_at(settings, free_port(), "password")
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert cache.breaker.reason == "ConnectionError"
    assert cache.ask(inspection.version, Timings()) is None


def test_a_refused_password(own_redis: OwnRedis, cache: Cache, compute: Computation) -> None:
    get_redis_connection().config_set("requirepass", "changed")
    get_redis_connection().connection_pool.disconnect()
    assert read(cache, compute)[0] is Outcome.BYPASS
    assert cache.breaker.reason == "AuthenticationError"


def full() -> None:
    get_redis_connection().config_set("maxmemory-policy", "noeviction")
    get_redis_connection().config_set("maxmemory", "1")


def follower() -> None:
    get_redis_connection().replicaof("127.0.0.1", str(free_port()))


@pytest.mark.parametrize(("break_it", "reason"), [(full, "OutOfMemoryError"), (follower, "ReadOnlyError")])
def test_a_redis_that_only_reads_is_out_until_it_writes(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock, break_it, reason: str
) -> None:
    read(cache, compute)
    break_it()
    assert read(cache, compute) == (Outcome.HIT, b"body 1")
    assert not cache.expire()
    assert read(cache, compute) == (Outcome.BYPASS, b"body 2")
    rested(cache, clock)
    assert cache.breaker.reason == reason
    get_redis_connection().config_set("maxmemory", "0")
    get_redis_connection().replicaof("NO", "ONE")
    rested(cache, clock)
    assert read(cache, compute)[0] is not Outcome.BYPASS


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: b"!what?\r\n" + data,
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"$", b"*"),
        lambda data: data.replace(b"$", b":"),
        lambda data: b"+OK\r\n",
        lambda data: b":5\r\n" * 9,
        lambda data: b"*1\r\n:7\r\n" * 9,
        lambda data: b"*-1\r\n" * 9,
        lambda data: b"$5\r\nhello\r\n" * 9,
        lambda data: bytes(len(data)),
        lambda data: data.replace(b"body", b"bodY"),
    ],
)
def test_bytes_changed_on_the_wire(
    proxy: Proxy, cache: Cache, compute: Computation, clock: Clock, alter: Callable[[bytes], bytes]
) -> None:
    assert [read(cache, compute)[0] for _ in range(2)] == [Outcome.MISS, Outcome.HIT]
    calls, proxy.alter = compute.calls, alter
    for _ in range(8):
        outcome, body = read(cache, compute)
        calls += 1
        assert (outcome is Outcome.HIT, body) == (False, b"body %d" % calls)
    assert not cache.breaker.closed
    proxy.alter = bytes
    rested(cache, clock)
    assert cache.breaker.closed
    assert [read(cache, compute)[0] for _ in range(2)][1] is Outcome.HIT


def test_a_restarted_empty_redis_is_no_outage(
    own_redis: OwnRedis, cache: Cache, compute: Computation
) -> None:
    read(cache, compute)
    own_redis.process.kill()
    own_redis.process.wait()
    with running(own_redis.server):
        assert [read(cache, compute) for _ in range(2)] == [
            (Outcome.MISS, b"body 2"),
            (Outcome.HIT, b"body 2"),
        ]
        assert cache.breaker.outages == 0


def test_an_edit_that_the_cache_was_not_told_of_comes_before_the_next_read(
    own_redis: OwnRedis, cache: Cache, compute: Computation, clock: Clock, revision: Revision
) -> None:
    read(cache, compute)
    own_redis.process.send_signal(signal.SIGSTOP)
    revision.edits += 1
    assert not cache.expire()
    own_redis.process.send_signal(signal.SIGCONT)
    assert not cache.expire()  # the breaker is open
    rested(cache, clock)
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")


def test_an_edit_by_a_process_that_died_untold_is_learnt_by_another(
    own_redis: OwnRedis, cache: Cache, compute: Computation, revision: Revision
) -> None:
    read(cache, compute)
    other = Cache(revision=revision)
    own_redis.process.send_signal(signal.SIGSTOP)
    revision.edits += 1
    assert not other.expire()
    del other
    own_redis.process.send_signal(signal.SIGCONT)
    fresh = Cache(revision=revision)  # a worker that starts afterwards
    assert read(fresh, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")  # one that noticed nothing


def test_an_edit_untold_is_learnt_at_the_next_computation(
    cache: Cache, compute: Computation, revision: Revision
) -> None:
    read(cache, compute)
    revision.edits += 1
    assert read(cache, compute) == (Outcome.HIT, b"body 1")  # nobody has told this process, for a TTL at most
    cache.read("other", compute, Timings())
    assert read(cache, compute)[0] is Outcome.MISS
