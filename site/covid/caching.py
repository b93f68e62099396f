"""Explicit cached reads: rendered bytes under a generation, with a mandatory TTL, and no page lost to Redis.

One key holds one entry: a line of JSON (what it is, when it was made, when it expires) and the body's bytes.
Another key holds the generation; an entry of another generation counts as absent, so one increment expires
everything at once. Both come in one round trip, and the expiry is inside the entry: a hit costs one MGET.

When an entry is missing or has expired, one reader locks it and computes. The others get the expired entry
at once where there is one, else they wait for its signal, bounded in time. The lock has an owner and
expires.
"""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.cache import caches
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import RedisError

from covid.breaker import Breaker
from covid.entry import Entry, Header
from covid.timing import Timings

GENERATION = "covid:generation"
SCHEMA = 1  # raise it when the meaning of an entry changes: old entries are then never read
JITTER = 0.1  # a TTL is spread by this share either way, so that entries don't expire together
GRACE = 300.0  # seconds that an expired entry stays at hand, to be served while one reader recomputes it
LOCK = 10.0  # seconds after which a dead owner's lock is free
WAIT = 3.0  # seconds that a reader waits for another's computation before it computes for itself
NAP = 0.05  # seconds of one blocking wait: well under the socket's timeout
MAX_BYTES = 2_000_000  # a larger body is served and not stored

# Only the owner may release: after LOCK seconds the lock may be another's.
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
redis.call('rpush', KEYS[2], '1')
redis.call('pexpire', KEYS[2], ARGV[2])
"""

Computed = tuple[bytes, dict[str, Any]]


class Outcome(StrEnum):
    """How a cached read was answered; the value of X-Cache."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"
    BYPASS = "bypass"


@dataclass(frozen=True)
class Answer:
    """What a cached read gives: the entry, how it was come by, and a remark for the reader ('' mostly)."""

    entry: Entry
    outcome: Outcome
    note: str = ""


class Cache:
    """Cached reads over one of settings.CACHES; safe to share between threads."""

    def __init__(self, alias: str = "default", *, breaker: Breaker | None = None) -> None:
        self.breaker = breaker or Breaker("the cache")
        self._alias = alias
        self._expiry_owed = False

    @property
    def ttl(self) -> int:
        """Seconds that an entry is fresh, before jitter."""
        return caches[self._alias].default_timeout

    def read(self, name: str, compute: Callable[[], Computed], timings: Timings) -> Answer:
        """The entry under `name`, computed by one reader at a time; just compute() when Redis is out."""
        if not self.breaker.allows():
            return self._bypass(compute)
        token = secrets.token_hex(8)
        try:
            answer, generation = self._from_redis(name, token, timings)
        except RedisError as error:
            self.breaker.failed(_reason(error))
            return self._bypass(compute)
        self.breaker.succeeded()
        return answer or self._compute(name, token, generation, compute, timings)

    def expire(self) -> bool:
        """Expire every entry at once. False when Redis is out: then it is done before our next read."""
        self._expiry_owed = True
        if not self.breaker.allows():
            return False
        try:
            self._bump()
        except RedisError as error:
            self.breaker.failed(_reason(error))
            return False
        self.breaker.succeeded()
        return True

    def server(self, timings: Timings) -> str:
        """The server's name and version; '' when it is out."""
        if not self.breaker.allows():
            return ""
        try:
            with timings.measure("cache"):
                info = self._redis().info("server")
        except RedisError as error:
            self.breaker.failed(_reason(error))
            return ""
        self.breaker.succeeded()
        if "valkey_version" in info:
            return f"Valkey {info['valkey_version']}"
        return f"Redis {info['redis_version']}"

    def _from_redis(self, name: str, token: str, timings: Timings) -> tuple[Answer | None, str]:
        """An answer, or None when the caller is to compute; and the generation seen before that."""
        with timings.measure("cache"):
            if self._expiry_owed:
                self._bump()
            entry, generation = self._look(name)
        deadline = time.monotonic() + WAIT
        while entry is None or entry.expired:
            with timings.measure("cache"):
                owner, entry, generation = self._claim(name, token)
            if owner == token:
                if entry is None or entry.expired:
                    return None, generation
                self._release(self._redis(), name, token)
            elif entry is None:
                if time.monotonic() > deadline:
                    return None, generation
                with timings.measure("wait"):
                    self._redis().blmove(*[_signal(owner)] * 2, timeout=NAP, src="LEFT", dest="LEFT")
            elif entry.expired:
                return Answer(entry, Outcome.STALE), generation
        return Answer(entry, Outcome.HIT), generation

    def _look(self, name: str) -> tuple[Entry | None, str]:
        return Entry.of_generation(*self._redis().mget(GENERATION, _key(name)))

    def _claim(self, name: str, token: str) -> tuple[str, Entry | None, str]:
        """Take the lock if it is free; its owner, and entry and generation at the same moment."""
        steps = self._redis().pipeline(transaction=True)
        steps.set(GENERATION, _first_generation(), nx=True)
        steps.set(_lock(name), token, nx=True, px=int(LOCK * 1000))
        steps.get(_lock(name))
        steps.mget(GENERATION, _key(name))
        *_, owner, pair = steps.execute()
        return owner.decode(), *Entry.of_generation(*pair)

    def _compute(
        self, name: str, token: str, generation: str, compute: Callable[[], Computed], timings: Timings
    ) -> Answer:
        entry = None
        try:
            entry = self._make(compute, generation)
        finally:
            with timings.measure("cache"):
                note = self._store(name, token, entry)
        return Answer(entry, Outcome.MISS, note)

    def _store(self, name: str, token: str, entry: Entry | None) -> str:
        """Keep the entry, if there is one, and free the lock; returns a remark when it can't be kept."""
        fits = entry is not None and len(entry.body) <= MAX_BYTES
        steps = self._redis().pipeline(transaction=True)
        if fits:
            steps.set(_key(name), entry.pack(), px=int((entry.ttl() + GRACE) * 1000))
        self._release(steps, name, token)
        try:
            steps.execute()
        except RedisError as error:
            self.breaker.failed(_reason(error))
            return "The cache went out before it could keep this result."
        return "" if fits else "This result is too large for the cache, and was not kept."

    def _release(self, redis: Redis, name: str, token: str) -> None:
        """Free the lock if it is ours, and wake those who wait for it."""
        redis.eval(RELEASE, 2, _lock(name), _signal(token), token, int(LOCK * 1000))

    def _bypass(self, compute: Callable[[], Computed]) -> Answer:
        return Answer(self._make(compute, generation=""), Outcome.BYPASS, "The cache is out.")

    def _make(self, compute: Callable[[], Computed], generation: str) -> Entry:
        began = time.perf_counter()
        body, facts = compute()
        cost = (time.perf_counter() - began) * 1000
        made = time.time()
        ttl = self.ttl * random.uniform(1 - JITTER, 1 + JITTER)
        return Entry(Header(generation, made, made + ttl, cost, len(body), facts), body)

    def _bump(self) -> None:
        steps = self._redis().pipeline(transaction=True)
        steps.set(GENERATION, _first_generation(), nx=True)
        steps.incr(GENERATION)
        steps.execute()
        self._expiry_owed = False

    def _redis(self) -> Redis:
        return get_redis_connection(self._alias)


def _first_generation() -> int:
    """Milliseconds since the epoch: after an eviction or a restart no old entry has this generation."""
    return int(time.time() * 1000)


def _key(name: str) -> str:
    return f"covid:{SCHEMA}:{name}"


def _lock(name: str) -> str:
    return f"{_key(name)}:lock"


def _signal(owner: str) -> str:
    return f"covid:done:{owner}"


def _reason(error: RedisError) -> str:
    """The error in a few words, without addresses or passwords."""
    return type(error).__name__


cache = Cache()
