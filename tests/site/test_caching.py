"""A cached read against a living Redis: what is kept, for how long, and how it is expired."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import OperationalError
from django_redis import get_redis_connection

from covid import caching
from covid.caching import GENERATION, Cache, Outcome
from covid.entry import Entry
from covid.timing import Timings

NAME = "thing"
KEY = f"covid:{caching.SCHEMA}:{NAME}"


class Computation:
    """Counts how often it is asked, and answers with the number."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> tuple[bytes, dict]:
        self.calls += 1
        return b"body %d" % self.calls, {"rows": self.calls}


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def compute() -> Computation:
    return Computation()


def read(cache: Cache, compute: Callable) -> tuple[Outcome, bytes]:
    answer = cache.read(NAME, compute, Timings())
    return answer.outcome, answer.entry.body


def age_entry(seconds: float) -> None:
    """Make the stored entry older than it is."""
    redis = get_redis_connection()
    entry = Entry.unpack(redis.get(KEY))
    header = replace(entry.header, made=entry.header.made - seconds, expires=entry.header.expires - seconds)
    redis.set(KEY, replace(entry, header=header).pack(), keepttl=True)


def test_a_miss_and_then_hits(cache: Cache, compute: Computation) -> None:
    assert [read(cache, compute) for _ in range(3)] == [
        (Outcome.MISS, b"body 1"),
        (Outcome.HIT, b"body 1"),
        (Outcome.HIT, b"body 1"),
    ]
    assert compute.calls == 1


def test_a_hit_is_one_command(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    redis = get_redis_connection()
    redis.config_resetstat()
    assert read(cache, compute)[0] is Outcome.HIT
    assert {name: stats["calls"] for name, stats in redis.info("commandstats").items()} == {
        "cmdstat_config|resetstat": 1,
        "cmdstat_mget": 1,
    }


def test_facts_and_cost_come_with_a_hit(cache: Cache, compute: Computation) -> None:
    made = cache.read(NAME, compute, Timings()).entry
    found = cache.read(NAME, compute, Timings()).entry
    assert found == made
    assert found.header.facts == {"rows": 1}


def test_expiring_makes_every_entry_a_miss(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    cache.read("other", compute, Timings())
    assert cache.expire()
    assert read(cache, compute) == (Outcome.MISS, b"body 3")
    assert cache.read("other", compute, Timings()).outcome is Outcome.MISS


def test_a_result_of_before_an_expiry_is_never_served(cache: Cache, compute: Computation) -> None:
    def overtaken() -> tuple[bytes, dict]:
        cache.expire()
        return b"old", {}

    assert read(cache, overtaken) == (Outcome.MISS, b"old")
    assert read(cache, compute) == (Outcome.MISS, b"body 1")


def test_a_lost_generation_revives_nothing(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    before = get_redis_connection().getdel(GENERATION)
    assert read(cache, compute)[0] is Outcome.MISS
    assert int(get_redis_connection().get(GENERATION)) > int(before)


def test_every_entry_has_a_jittered_time_to_live(cache: Cache, compute: Computation) -> None:
    lives = []
    for number in range(30):
        header = cache.read(f"thing {number}", compute, Timings()).entry.header
        lives.append(header.expires - header.made)
        kept = get_redis_connection().pttl(f"covid:{caching.SCHEMA}:thing {number}") / 1000
        assert 0 < kept <= lives[-1] + caching.GRACE
    assert all(54 <= life <= 66 for life in lives)
    assert max(lives) - min(lives) > 1


def test_an_expired_entry_is_computed_anew(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    age_entry(100)
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")


def test_while_one_recomputes_the_others_get_the_expired_entry(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    age_entry(100)
    during = []

    def recompute() -> tuple[bytes, dict]:
        during.append(read(Cache(), compute))
        return b"new", {}

    assert read(cache, recompute) == (Outcome.MISS, b"new")
    assert during == [(Outcome.STALE, b"body 1")]
    assert read(cache, compute) == (Outcome.HIT, b"new")


def test_an_expired_entry_of_an_old_generation_is_not_served(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    age_entry(100)
    cache.expire()
    assert read(cache, compute) == (Outcome.MISS, b"body 2")


def test_simultaneous_misses_compute_once(cache: Cache) -> None:
    together = threading.Barrier(16)
    computed = threading.Semaphore(0)

    def compute() -> tuple[bytes, dict]:
        computed.release()
        return b"once", {}

    def reader(_: int) -> tuple[Outcome, bytes]:
        together.wait()
        return read(cache, compute)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(reader, range(16)))
    assert sorted(outcome for outcome, _ in answers) == [Outcome.HIT] * 15 + [Outcome.MISS]
    assert {body for _, body in answers} == {b"once"}
    assert computed.acquire(blocking=False)
    assert not computed.acquire(blocking=False)


def test_a_dead_owner_is_waited_for_only_so_long(
    cache: Cache, compute: Computation, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_redis_connection().set(f"{KEY}:lock", "dead")
    monkeypatch.setattr(caching, "WAIT", 0.1)
    assert read(cache, compute) == (Outcome.MISS, b"body 1")
    assert get_redis_connection().get(f"{KEY}:lock") == b"dead"  # not ours to free


def test_a_dead_owners_lock_expires(cache: Cache, compute: Computation) -> None:
    get_redis_connection().set(f"{KEY}:lock", "dead", px=150)
    assert read(cache, compute) == (Outcome.MISS, b"body 1")
    assert not get_redis_connection().exists(f"{KEY}:lock")


def test_a_failed_computation_frees_the_lock(cache: Cache, compute: Computation) -> None:
    def failing() -> tuple[bytes, dict]:
        raise OperationalError(2003, "no database")

    with pytest.raises(OperationalError):
        read(cache, failing)
    assert not get_redis_connection().exists(f"{KEY}:lock")
    assert read(cache, compute)[0] is Outcome.MISS


def test_too_large_a_result_is_served_and_not_kept(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "MAX_BYTES", 10)
    answer = cache.read(NAME, lambda: (b"x" * 11, {}), Timings())
    assert (answer.outcome, answer.entry.body) == (Outcome.MISS, b"x" * 11)
    assert "too large" in answer.note
    assert not get_redis_connection().exists(KEY)


def test_a_damaged_entry_is_replaced(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    get_redis_connection().set(KEY, b"\xff garbage")
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")


def test_the_server_is_named(cache: Cache) -> None:
    assert cache.server(Timings()).startswith(("Redis ", "Valkey "))
