"""Explicit cached reads: results under a generation, with a mandatory TTL, and no page lost to Redis.

A hit costs one round trip: it brings the generation, the header and the wanted part (entry.py). An entry of
another generation counts as absent, so that a new generation expires everything at once.

When an entry is missing or has expired, one thread of each process leads (flights.py), and one process has
the lease (store.py) and computes. The others get the expired entry at once where there is one, else they wait
for the new one, bounded in time.
"""

import contextlib
import logging
import math
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import caches
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import InvalidResponse, RedisError

from covid.answers import Answer, Outcome
from covid.breaker import Breaker
from covid.entry import Computed, Entry, Header
from covid.flights import Flights
from covid.outage import DATABASE_OUT
from covid.revision import current as current_revision
from covid.store import Store, Told, meaning
from covid.tally import Tally, tally
from covid.timing import Timings

logger = logging.getLogger(__name__)

JITTER = 0.1  # a TTL is spread by this share either way, so that entries don't expire together
WAIT = 10.0  # seconds that a reader waits for another's computation before it computes for itself
REST = 5.0  # seconds between tries of what is out
PATIENCE = 3  # damaged entries in a row that are computed anew, before the cache counts as out

Compute = Callable[[bool], Computed]  # told whether the result is to be kept


@dataclass
class _Read:
    """One read under way: what it wants, and the last entry it saw."""

    name: str
    part: str
    compute: Compute
    timings: Timings
    reader: str = ""  # who holds the lease, if it is this read
    expired: Entry | None = None


class Cache:
    """Cached reads over one of settings.CACHES; safe to share between threads.

    `revision` tells how often the data has changed, or raises OperationalError or InterfaceError. It is asked
    before each computation, and before the first read after a start or an outage of Redis. How reads were
    answered, and what failed, goes to `counted`.
    """

    def __init__(
        self, alias: str = "default", *, revision: Callable[[], int] = int, counted: Tally = tally
    ) -> None:
        self._alias = alias
        self._revision = revision
        self._tally = counted
        self._store = Store(lambda: get_redis_connection(alias))
        self.breaker = Breaker("the cache", self._store.probe, (RedisError,), rest=REST)
        self._catch_up_at = 0.0  # by the monotonic clock
        self._flights = Flights()
        self._damaged = 0  # entries in a row

    @property
    def ttl(self) -> int:
        """Seconds that an entry is fresh, before jitter."""
        return caches[self._alias].default_timeout

    def read(self, name: str, compute: Compute, timings: Timings, *, part: str = "") -> Answer:
        """The entry under `name` with one of its parts, computed by one reader at a time.

        While Redis is out, every reader computes, and gets the first part where the wanted one isn't made.
        What `compute` raises is raised; but while MySQL is out, an expired entry is better than nothing.
        """
        answer = self._answer(_Read(name, part, compute, timings))
        self._tally.count(answer.outcome)
        return answer

    def hit(self, name: str, timings: Timings, *, part: str = "") -> Answer | None:
        """The fresh entry if the cache holds it; None if anything else is to be done, such as to read()."""
        if not self.breaker.closed or time.monotonic() >= self._catch_up_at:
            return None
        try:
            with timings.measure("cache"):
                entry = self._store.look(name, part).entry
        except RedisError as error:
            self._failed(error)
            return None
        if not entry or entry.expired or not entry.header.stored:
            return None
        self._damaged = 0
        self._tally.count(Outcome.HIT)
        return Answer(entry, Outcome.HIT)

    def expire(self) -> bool:
        """Expire every entry at once. False while Redis is out: a new revision is told when it is back."""
        if not self.breaker.allows():
            return False
        try:
            revision = self._revision()
        except DATABASE_OUT:
            revision = None
        try:
            self._store.advance(revision)
        except RedisError as error:
            self._failed(error)
            return False
        return True

    def ask(self, question: Callable[[Redis], Told], timings: Timings) -> Told | None:
        """What a question to the server gives; None while it is out."""
        if not self.breaker.allows():
            return None
        try:
            with timings.measure("cache"):
                return self._store.ask(question)
        except RedisError as error:
            self._failed(error)
            return None

    def _answer(self, read: _Read) -> Answer:
        if not self.breaker.allows():
            return self._bypass(read)
        try:
            if time.monotonic() >= self._catch_up_at:
                self._catch_up(read.timings)
            return self._look(read) or self._lead_or_follow(read)
        except RedisError as error:
            self._failed(error)
        return self._bypass(read)

    def _look(self, read: _Read) -> Answer | None:
        """What Redis holds, if that is fresh; else the expired entry is put down."""
        with read.timings.measure("cache"):
            entry = self._store.look(read.name, read.part).entry
        if entry and not entry.expired:
            return self._found(read, entry)
        read.expired = entry
        return None

    def _lead_or_follow(self, read: _Read) -> Answer:
        """Compute; or wait for another thread of this process that does."""
        deadline = time.monotonic() + WAIT
        while True:
            flight, leads = self._flights.join(read.name)
            if leads:
                try:
                    return self._lead(read)
                except DATABASE_OUT as error:
                    flight.error = error
                    raise
                finally:
                    self._flights.land(read.name, flight)
            if read.expired:
                return Answer(read.expired, Outcome.STALE)
            with read.timings.measure("wait"):
                landed = flight.landed.wait(deadline - time.monotonic())
            if flight.error:
                raise type(flight.error)(*flight.error.args) from flight.error
            if not self.breaker.closed:
                return self._bypass(read)
            if not landed:
                return self._compute(read)
            if answer := self._look(read):
                return answer

    def _lead(self, read: _Read) -> Answer:
        """Compute under the lease; or wait for another process that holds it."""
        reader, deadline = secrets.token_hex(8), time.monotonic() + WAIT
        while time.monotonic() < deadline:
            with read.timings.measure("cache"):
                holder, found = self._store.claim(read.name, read.part, reader)
            entry = found.entry
            if holder == reader:
                read.reader, read.expired = reader, entry
                if entry and not entry.expired:
                    self._store.release(read.name, reader)
                    return self._found(read, entry)
                if found.damaged:
                    self._bear_damage(read)
                break
            if entry:
                return Answer(entry, Outcome.STALE) if entry.expired else self._found(read, entry)
            with read.timings.measure("wait"):
                self._store.wait(holder)
        return self._compute(read)

    def _found(self, read: _Read, entry: Entry) -> Answer:
        """The answer that a fresh entry gives; where only its header could be kept, a computation."""
        self._damaged = 0
        return Answer(entry, Outcome.HIT) if entry.header.stored else self._compute(read)

    def _bear_damage(self, read: _Read) -> None:
        """Compute a damaged entry anew; but InvalidResponse when that has not helped for some times."""
        self._damaged += 1
        if self._damaged == 1:
            logger.warning("a cached entry is damaged, and is computed anew")
            self._tally.note("Damaged", "A cached entry was damaged, and was computed anew.")
        if self._damaged > PATIENCE:
            self._damaged = 0
            self._store.release(read.name, read.reader)
            raise InvalidResponse("entries keep coming back damaged")

    def _compute(self, read: _Read) -> Answer:
        """Compute and keep, under the lease if this read holds it."""
        with contextlib.ExitStack() as otherwise:
            otherwise.callback(self._let_go, read)
            try:
                with self._store.renewed(read.name, read.reader) if read.reader else contextlib.nullcontext():
                    entry, computed = self._make(read, self._current(read.timings))
            except DATABASE_OUT as error:
                if not read.expired:
                    raise
                logger.error("the database is out, an expired entry is served: %s", error)
                otherwise.pop_all()  # the lease ends by itself: until then nobody else tries
                return Answer(read.expired, Outcome.STALE, "MySQL is out: these are the rows of before.")
            otherwise.pop_all()
        return Answer(entry, Outcome.MISS, self._keep(read, entry.header, computed))

    def _bypass(self, read: _Read) -> Answer:
        entry, _ = self._make(read, generation="")
        return Answer(entry, Outcome.BYPASS, "The cache is out.")

    def _make(self, read: _Read, generation: str) -> tuple[Entry, Computed]:
        began = time.perf_counter()
        computed = read.compute(bool(generation))
        cost = (time.perf_counter() - began) * 1000
        ttl = self.ttl * random.uniform(1 - JITTER, 1 + JITTER)
        header = Header.of(read.name, generation, computed, ttl, cost)
        return Entry.of(header, computed, read.part), computed

    def _current(self, timings: Timings) -> str:
        """The generation for what is computed from now on; '' when Redis has gone out."""
        revision = self._revision()
        try:
            with timings.measure("cache"):
                return self._store.catch_up(revision)
        except RedisError as error:
            self._failed(error)
            return ""

    def _keep(self, read: _Read, header: Header, computed: Computed) -> str:
        """Store the result and free the lease; returns a remark when it is not kept."""
        if self.breaker.closed:
            try:
                with read.timings.measure("cache"):
                    self._store.keep(header, computed, read.reader)
            except RedisError as error:
                self._failed(error)
        if not self.breaker.closed:
            return "The cache went out before it could keep this result."
        return "" if header.stored else "This result is too large for the cache, and was not kept."

    def _let_go(self, read: _Read) -> None:
        """Free the lease, if this read holds it, after a computation that failed."""
        if read.reader and self.breaker.closed:
            try:
                self._store.release(read.name, read.reader)
            except RedisError as error:
                self._failed(error)

    def _catch_up(self, timings: Timings) -> None:
        """Hold the generation against the data's revision; when MySQL is out, later."""
        self._catch_up_at = math.inf
        try:
            revision = self._revision()
        except DATABASE_OUT:
            self._catch_up_at = time.monotonic() + REST
            return
        with timings.measure("cache"):
            self._store.catch_up(revision)

    def _failed(self, error: RedisError) -> None:
        """Leave Redis alone for now; what it missed meanwhile is made up for before the next read."""
        self._catch_up_at = 0.0
        self._tally.note(type(error).__name__, meaning(error))
        self.breaker.failed(type(error).__name__)  # its words may name addresses


cache = Cache(revision=current_revision)
