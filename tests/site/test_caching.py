"""A cached read against a living Redis: what is kept, for how long, and how it is expired."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django_redis import get_redis_connection

from covid import entry, generation, inspection, store
from covid.answers import Outcome
from covid.caching import Cache
from covid.entry import Computed, Header, keys
from covid.timing import Timings

NAME, PART = "thing", "text"
KEY, BODY, LEASE = keys(NAME, PART, "lease")


class Computation:
    """Counts how often it is asked, and answers with the number."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, kept: bool) -> Computed:
        self.calls += 1
        return computed(b"body %d" % self.calls)


def computed(body: bytes) -> Computed:
    return Computed({PART: body}, {"size": len(body)})


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def compute() -> Computation:
    return Computation()


def read(cache: Cache, compute: Callable) -> tuple[Outcome, bytes]:
    answer = cache.read(NAME, compute, Timings(), part=PART)
    return answer.outcome, answer.entry.body


def age_entry(seconds: float, name: str = NAME) -> None:
    """Make the stored entry older than it is."""
    redis = get_redis_connection()
    (key,) = keys(name)
    header = Header.parse(redis.get(key))
    older = replace(header, made=header.made - seconds, expires=header.expires - seconds)
    redis.set(key, older.pack(), keepttl=True)


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
    made = cache.read(NAME, compute, Timings()).entry.header
    found = cache.read(NAME, compute, Timings()).entry.header
    assert vars(found) == vars(made)
    assert found.facts == {"size": 6}


def test_a_reader_gets_the_part_that_it_wants(cache: Cache, compute: Computation) -> None:
    both = Computed({"a": b"1", "b": b"2"}, {})
    for _ in range(2):
        for part, body in [("b", b"2"), ("a", b"1"), ("", b"")]:
            assert cache.read(NAME, lambda kept: both, Timings(), part=part).entry.body == body


def test_a_part_that_redis_dropped_is_computed_anew(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    get_redis_connection().delete(BODY)
    assert cache.read(NAME, compute, Timings()).outcome is Outcome.HIT
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")


def test_expiring_makes_every_entry_a_miss(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    cache.read("other", compute, Timings())
    assert cache.expire()
    assert read(cache, compute) == (Outcome.MISS, b"body 3")
    assert cache.read("other", compute, Timings()).outcome is Outcome.MISS


def test_a_result_of_before_an_expiry_is_never_served(cache: Cache, compute: Computation) -> None:
    def overtaken(kept: bool) -> Computed:
        cache.expire()
        return computed(b"old")

    assert read(cache, overtaken) == (Outcome.MISS, b"old")
    assert read(cache, compute) == (Outcome.MISS, b"body 1")


def test_a_lost_generation_revives_nothing(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    before = get_redis_connection().getdel(generation.KEY)
    assert read(cache, compute)[0] is Outcome.MISS
    assert get_redis_connection().get(generation.KEY) != before


def test_every_entry_has_a_jittered_time_to_live(cache: Cache, compute: Computation) -> None:
    lives = []
    for number in range(30):
        header = cache.read(f"thing {number}", compute, Timings()).entry.header
        lives.append(header.expires - header.made)
        for key in keys(f"thing {number}", PART):
            assert 0 < get_redis_connection().pttl(key) / 1000 <= lives[-1] + store.GRACE
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

    def recompute(kept: bool) -> Computed:
        during.append(read(Cache(), compute))
        return computed(b"new")

    assert read(cache, recompute) == (Outcome.MISS, b"new")
    assert during == [(Outcome.STALE, b"body 1")]
    assert read(cache, compute) == (Outcome.HIT, b"new")


def test_an_expired_entry_of_an_old_generation_is_not_served(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    age_entry(100)
    cache.expire()
    assert read(cache, compute) == (Outcome.MISS, b"body 2")


def test_too_large_a_result_is_served_and_not_kept(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "MAX_BYTES", 10)
    for _ in range(2):
        answer = cache.read(NAME, lambda kept: computed(b"x" * 11), Timings(), part=PART)
        assert (answer.outcome, answer.entry.body) == (Outcome.MISS, b"x" * 11)
        assert "too large" in answer.note
        assert not get_redis_connection().exists(BODY)


def test_readers_of_too_large_a_result_dont_wait_for_each_other(
    cache: Cache, compute: Computation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "MAX_BYTES", 1)
    read(cache, compute)
    get_redis_connection().set(LEASE, "another reader")
    timings = Timings()
    assert cache.read(NAME, compute, timings, part=PART).entry.body == b"body 2"
    assert timings.ms("wait") == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (KEY, b"\xff garbage"),
        (KEY, b"{}"),
        (KEY, b"[1, 2]"),
        (BODY, b"body 9"),
        (BODY, b""),
        (BODY, b"x" * 1000),
        (generation.KEY, b"\xff garbage"),
        (generation.KEY, b""),
    ],
)
def test_what_is_damaged_is_replaced(cache: Cache, compute: Computation, key: str, value: bytes) -> None:
    read(cache, compute)
    get_redis_connection().set(key, value)
    assert read(cache, compute) == (Outcome.MISS, b"body 2")
    assert read(cache, compute) == (Outcome.HIT, b"body 2")
    assert cache.breaker.closed


def test_an_entry_under_anothers_key_is_not_served(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    redis = get_redis_connection()
    for ours, others in zip(keys(NAME, PART), keys("other", PART), strict=True):
        redis.copy(ours, others)
    assert cache.read("other", compute, Timings(), part=PART).entry.body == b"body 2"


@pytest.mark.parametrize("name", ["", "x" * 10_000, "a b\r\nFLUSHALL\r\n", "\x00\ud800\U0001f9a0", "*:?[a]"])
def test_any_name_is_safe_and_its_keys_are_short(cache: Cache, compute: Computation, name: str) -> None:
    outcomes = [cache.read(name, compute, Timings(), part=PART).outcome for _ in range(2)]
    assert outcomes == [Outcome.MISS, Outcome.HIT]
    held = get_redis_connection().keys()
    assert all(len(key) <= 40 and key.startswith(b"covid:") and key.isascii() for key in held)


def test_nothing_in_redis_lives_for_ever_but_the_generation(cache: Cache, compute: Computation) -> None:
    read(cache, compute)
    redis = get_redis_connection()
    assert {key for key in redis.scan_iter() if redis.ttl(key) == -1} == {generation.KEY.encode()}


def test_the_server_is_named(cache: Cache) -> None:
    assert cache.ask(inspection.version, Timings()).startswith(("Redis ", "Valkey "))
