"""What Redis tells of itself, and what of this site it holds: bounded looks, and no KEYS.

A managed server may refuse any command; what it refuses is None here, and no failure of the cache.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.cache import caches
from redis import Redis
from redis.exceptions import ResponseError

from covid import generation
from covid.entry import SCHEMA, Damaged, Header

SCAN = 1000  # keys that one SCAN looks at
SCANS = 20  # calls at most
SCAN_SECONDS = 0.1  # after which no further call is made
SAMPLE = 200  # keys that are looked at one by one

HEADER = re.compile(rb"covid:%d:[0-9a-f]{20}" % SCHEMA)

Told = TypeVar("Told")


@dataclass(frozen=True)
class Server:
    """The whole server, whoever uses it. Memory is in bytes, uptime in seconds; a limit of 0 is none."""

    version: str
    uptime: int
    hits: int
    misses: int
    keys: int
    memory: int
    limit: int | None
    policy: str
    evicted: int
    expired: int

    @property
    def hit_rate(self) -> float | None:
        """Look-ups of single keys that found one, in percent; None before the first."""
        asked = self.hits + self.misses
        return 100 * self.hits / asked if asked else None

    @property
    def full(self) -> float | None:
        """Memory in percent of the limit; None where there is none."""
        return 100 * self.memory / self.limit if self.limit else None


@dataclass
class Kind:
    """Cached results of one kind. `soonest` is when the next one expires, in seconds from now."""

    name: str
    fresh: int = 0
    expired: int = 0
    outdated: int = 0
    memory: int = 0
    soonest: float | None = None

    def add(self, header: Header, now: str, memory: int) -> None:
        """Count one result, while `now` is the generation."""
        self.memory += memory
        ttl = header.expires - time.time()
        if header.generation != now:
            self.outdated += 1
        elif ttl <= 0:
            self.expired += 1
        else:
            self.fresh += 1
            self.soonest = ttl if self.soonest is None else min(ttl, self.soonest)


@dataclass(frozen=True)
class Holdings:
    """This site's part. `keys` is None where SCAN is refused; memory, in bytes, where MEMORY USAGE is."""

    generation: str
    keys: int | None
    complete: bool  # were all keys counted?
    memory: int | None
    sampled: bool  # is the memory of all keys estimated from some?
    kinds: list[Kind] = field(default_factory=list)


def version(redis: Redis) -> str:
    """The server's name and version; never ''."""
    return _version(_told(lambda: redis.info("server")) or {})


def server(redis: Redis) -> Server | None:
    """What INFO tells; None where that is refused."""
    info = _told(redis.info)
    if info is None:
        return None
    return Server(
        version=_version(info),
        uptime=info.get("uptime_in_seconds", 0),
        hits=info.get("keyspace_hits", 0),
        misses=info.get("keyspace_misses", 0),
        keys=sum(part["keys"] for part in info.values() if isinstance(part, dict) and "keys" in part),
        memory=info.get("used_memory", 0),
        limit=info.get("maxmemory"),
        policy=info.get("maxmemory_policy", ""),
        evicted=info.get("evicted_keys", 0),
        expired=info.get("expired_keys", 0),
    )


def holdings(redis: Redis) -> Holdings:
    """This site's keys, and what they hold."""
    now = (redis.get(generation.KEY) or b"").decode(errors="replace")
    scanned = _told(lambda: _ours(redis))
    if scanned is None:
        return Holdings(now, None, False, None, False)
    found, complete = scanned
    sizes = _sizes(redis, found[:SAMPLE])
    whole = sum(sizes.values())
    memory = whole * len(found) // len(sizes) if sizes else None if found else 0
    headers = [key for key in found if HEADER.fullmatch(key)][:SAMPLE]
    kinds: dict[str, Kind] = {}
    for key, line in zip(headers, redis.mget(headers) if headers else (), strict=True):
        try:
            header = Header.read(line) if line else None
        except Damaged:
            continue
        if header:
            name = _kind(header)
            size = sum(size for other, size in sizes.items() if other.startswith(key))
            kinds.setdefault(name, Kind(name)).add(header, now, size)
    return Holdings(
        now, len(found), complete, memory, len(sizes) < len(found), [kinds[name] for name in sorted(kinds)]
    )


def _version(info: dict[str, Any]) -> str:
    name = "Valkey" if "valkey_version" in info else "Redis"
    return f"{name} {info.get(f'{name.lower()}_version', 'of a version that it keeps to itself')}"


def _kind(header: Header) -> str:
    """The form and the question of an entry (questions.Asked.entry), without a visitor's word."""
    name = header.name.partition(" ")[2] if header.name.startswith("#") else header.name
    return " of ".join(name.split(":")[:2])


def _ours(redis: Redis) -> tuple[list[bytes], bool]:
    """The keys of this site, and whether these are all of them."""
    ours = (b"covid:", caches["default"].make_key("").encode())
    found: set[bytes] = set()  # SCAN may give a key twice
    cursor, deadline = 0, time.monotonic() + SCAN_SECONDS
    for _ in range(SCANS):
        cursor, some = redis.scan(cursor, count=SCAN)
        found.update(key for key in some if key.startswith(ours))
        if not cursor or time.monotonic() > deadline:
            break
    return sorted(found), not cursor


def _sizes(redis: Redis, keys: Iterable[bytes]) -> dict[bytes, int]:
    """The memory of each key that is still there; none at all where the server doesn't tell."""
    steps = redis.pipeline(transaction=False)
    asked = list(keys)
    for key in asked:
        steps.memory_usage(key)
    replies = steps.execute(raise_on_error=False)
    return {key: size for key, size in zip(asked, replies, strict=True) if isinstance(size, int)}


def _told(ask: Callable[[], Told]) -> Told | None:
    try:
        return ask()
    except ResponseError:  # NOPERM, or a command that a managed server doesn't have
        return None
