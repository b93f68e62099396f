"""Of those who miss at the same time one computes, and the others wait for it, but not for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError
from django_redis import get_redis_connection

from covid import caching, store
from covid.answers import Outcome
from covid.caching import Cache
from covid.entry import Computed
from covid.flights import Flight, Flights
from covid.timing import Timings
from tests.site.test_caching import LEASE, NAME, PART, Computation, age_entry, computed, read

READERS = 16


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def compute() -> Computation:
    return Computation()


class Boarding(Flights):
    """Flights that leave when all the readers are on board."""

    def __init__(self) -> None:
        super().__init__()
        self._aboard = threading.Barrier(READERS)

    def join(self, name: str) -> tuple[Flight, bool]:
        joined = super().join(name)
        self._aboard.wait(10)
        return joined


def test_readers_wait_for_the_one_that_computes(cache: Cache) -> None:
    cache._flights = Boarding()
    calls = []

    def compute(kept: bool) -> Computed:
        calls.append(kept)
        return computed(b"once")

    with ThreadPoolExecutor(READERS) as pool:
        answers = list(pool.map(lambda _: read(cache, compute), range(READERS)))
    assert sorted(answers) == [(Outcome.HIT, b"once")] * (READERS - 1) + [(Outcome.MISS, b"once")]
    assert calls == [True]


def test_readers_share_the_error_of_the_one_that_computes(cache: Cache) -> None:
    cache._flights = Boarding()
    calls = []

    def compute(kept: bool) -> Computed:
        calls.append(kept)
        raise OperationalError(2003, "no database")

    def try_to_read(_: int) -> tuple:
        with pytest.raises(OperationalError) as error:
            read(cache, compute)
        return error.value.args

    with ThreadPoolExecutor(READERS) as pool:
        assert set(pool.map(try_to_read, range(READERS))) == {(2003, "no database")}
    assert calls == [True]  # and MySQL is not asked sixteen times, one after the other


def test_a_holder_that_died_is_replaced_by_one_of_those_who_wait(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_redis_connection().set(LEASE, "dead", px=200)
    computing = threading.Semaphore(1)

    def compute(kept: bool) -> Computed:
        assert computing.acquire(blocking=False)
        return computed(b"once")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: read(cache, compute), range(8)))
    assert sorted(outcome for outcome, _ in answers) == [Outcome.HIT] * 7 + [Outcome.MISS]
    assert {body for _, body in answers} == {b"once"}


def test_a_lease_lasts_as_long_as_the_computation(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LEASE", 0.1)
    redis = get_redis_connection()

    def compute(kept: bool) -> Computed:
        reader = redis.get(LEASE)
        renewed = 0
        while renewed < 3:  # a lease that is not renewed only gets shorter
            left = redis.pttl(LEASE)
            redis.blpop("nothing", timeout=0.02)
            renewed += redis.pttl(LEASE) > left
        assert redis.get(LEASE) == reader
        return computed(b"late")

    assert read(cache, compute) == (Outcome.MISS, b"late")
    assert not redis.exists(LEASE)


def test_a_holder_that_lives_is_waited_for_only_so_long(
    cache: Cache, compute: Computation, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_redis_connection().set(LEASE, "slow")
    monkeypatch.setattr(caching, "WAIT", 0.1)
    assert read(cache, compute) == (Outcome.MISS, b"body 1")
    assert get_redis_connection().get(LEASE) == b"slow"  # not ours to free


def test_waiting_is_a_time_of_its_own(
    cache: Cache, compute: Computation, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_redis_connection().set(LEASE, "slow")
    monkeypatch.setattr(caching, "WAIT", 0.1)
    timings = Timings()
    cache.read(NAME, compute, timings, part=PART)
    assert timings.ms("wait") > 50


def test_a_failed_computation_frees_the_lease(cache: Cache, compute: Computation) -> None:
    def failing(kept: bool) -> Computed:
        raise OperationalError(2003, "no database")

    with pytest.raises(OperationalError):
        read(cache, failing)
    assert not get_redis_connection().exists(LEASE)
    assert read(cache, compute)[0] is Outcome.MISS


def test_while_mysql_is_out_an_expired_entry_is_served(cache: Cache, compute: Computation) -> None:
    tries = []

    def failing(kept: bool) -> Computed:
        tries.append(kept)
        raise OperationalError(2003, "no database")

    read(cache, compute)
    age_entry(100)
    answers = [cache.read(NAME, failing, Timings(), part=PART) for _ in range(5)]
    assert {(answer.outcome, answer.entry.body) for answer in answers} == {(Outcome.STALE, b"body 1")}
    assert "MySQL is out" in answers[0].note
    assert tries == [True]  # the others don't try as long as the lease lasts
