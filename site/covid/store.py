"""Redis as the cache uses it: entries under a generation, and the right to compute one of them.

That right is a lease: one reader holds it, renews it while it works, and loses it soon after its death.
Everything here raises RedisError when Redis is out, or answers what no Redis would answer.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from redis import Redis
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    InvalidResponse,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)

from covid import generation
from covid.entry import SCHEMA, Computed, Damaged, Entry, Header, Unpacking, keys

logger = logging.getLogger(__name__)

Told = TypeVar("Told")

GRACE = 300.0  # seconds that an expired entry stays at hand, to be served while one reader computes it anew
LEASE = 2.0  # seconds after which the lease of a reader that died is free
NAP = 0.05  # seconds of one blocking wait: well under the socket's time-out

# Only its holder may touch a lease: one that held it before may be late.
RENEW = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2])"
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
redis.call('rpush', KEYS[2], '1')
redis.call('pexpire', KEYS[2], ARGV[2])
"""

# In our words: the server's own may name addresses. The first that fits counts.
MEANINGS: dict[type[RedisError], str] = {
    AuthenticationError: "The server refused our password.",
    TimeoutError: "The server did not answer in time.",
    ConnectionError: "Nobody listens at the server's address, or the connection was cut.",
    OutOfMemoryError: "The server is full, and may not evict anything.",
    ReadOnlyError: "The server takes no writes.",
    InvalidResponse: "What came back is no answer, or not what was stored.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis holds at one moment: the generation, and the entry if one of that generation is there."""

    generation: str
    entry: Entry | None
    damaged: bool = False


class Store:
    """Entries in the Redis that `connect` gives; safe to share between threads."""

    def __init__(self, connect: Callable[[], Redis]) -> None:
        self._connect = connect
        self._unpacking = Unpacking()

    def ask(self, question: Callable[[Redis], Told]) -> Told:
        """What a question to the server gives."""
        return question(self._connect())

    def look(self, name: str, part: str) -> Found:
        """The entry with one of its parts, '' for none, in one round trip."""
        return self._found(name, part, self._connect().mget(generation.KEY, *_keys(name, part)))

    def claim(self, name: str, part: str, reader: str) -> tuple[str, Found]:
        """Take the lease if it is free; who holds it, and what is there at the same moment."""
        steps = self._connect().pipeline(transaction=True)
        steps.set(_lease(name), reader, nx=True, px=_ms(LEASE))
        steps.get(_lease(name))
        steps.mget(generation.KEY, *_keys(name, part))
        *_, holder, values = steps.execute()
        (holder,) = _strings([holder], 1)
        return (holder or b"").decode(errors="replace"), self._found(name, part, values)

    @contextlib.contextmanager
    def renewed(self, name: str, reader: str) -> Iterator[None]:
        """Keep the reader's lease alive during the block, however long that takes."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(LEASE / 4):
                try:
                    self._connect().eval(RENEW, 1, _lease(name), reader, _ms(LEASE))
                except RedisError:
                    return  # the lease ends by itself

        threading.Thread(target=renew, name="lease", daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def wait(self, holder: str) -> None:
        """Wait for the holder's release, for a moment at most."""
        self._connect().blmove(*[_signal(holder)] * 2, timeout=NAP, src="LEFT", dest="LEFT")

    def release(self, name: str, reader: str) -> None:
        """Free the lease if it is the reader's, and wake those who wait for it."""
        self._release(self._connect(), name, reader)

    def keep(self, header: Header, computed: Computed, reader: str) -> None:
        """Store a result and release the lease, at one moment. The parts of one that is too large are not."""
        steps = self._connect().pipeline(transaction=True)
        life = _ms(header.expires - header.made + GRACE)
        steps.set(*_keys(header.name, ""), header.pack(), px=life)
        for part in header.sums or ():
            steps.set(_keys(header.name, part)[1], computed.parts[part], px=life)
        self._release(steps, header.name, reader)
        steps.execute()

    def catch_up(self, revision: int) -> str:
        """The generation, after a new one has begun if this revision of the data is news."""
        return generation.catch_up(self._connect(), revision)

    def advance(self, revision: int | None) -> None:
        """Begin a new generation."""
        generation.advance(self._connect(), revision)

    def probe(self) -> None:
        """Return when Redis takes a value and gives it back."""
        key, value = f"covid:{SCHEMA}:probe:{secrets.token_hex(4)}", secrets.token_bytes(1024)
        steps = self._connect().pipeline(transaction=True)
        steps.set(key, value, px=1000)
        steps.get(key)
        if steps.execute()[1] != value:
            raise InvalidResponse("a value came back as another")

    def _release(self, redis: Redis, name: str, reader: str) -> None:
        redis.eval(RELEASE, 2, _lease(name), _signal(reader), reader, _ms(LEASE))

    def _found(self, name: str, part: str, reply: object) -> Found:
        current, line, *body = _strings(reply, 3 if part else 2)
        now = (current or b"").decode(errors="replace")
        try:
            entry = self._unpacking.unpack(name, part, line, *body)
        except Damaged:
            return Found(now, None, damaged=True)
        return Found(now, entry if entry and entry.header.generation == now else None)


def meaning(error: RedisError) -> str:
    """What an error means, in one line without secrets."""
    fitting = (words for kind, words in MEANINGS.items() if isinstance(error, kind))
    return next(fitting, "The server refused a command.")


def _keys(name: str, part: str) -> tuple[str, ...]:
    return keys(name, part) if part else keys(name)


def _lease(name: str) -> str:
    return keys(name, "lease")[1]


def _signal(reader: str) -> str:
    return f"covid:done:{reader}"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _strings(reply: object, count: int) -> list[bytes | None]:
    """The reply, if it is that many strings; InvalidResponse where bytes on the wire were lost or changed."""
    if not isinstance(reply, list) or len(reply) != count:
        raise InvalidResponse("a reply of another length")
    if not all(value is None or isinstance(value, bytes) for value in reply):
        raise InvalidResponse("a reply of another type")
    return reply
