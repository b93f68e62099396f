"""What the cache holds under a name: a line of JSON about the result, and parts under keys of their own.

A part is one form of the result: the HTML, the same compressed, the rows as JSON. A reader fetches the line
and the one part that it wants.
"""

import json
import time
import zlib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

SCHEMA = 2  # raise it when the meaning of what is stored changes: the old entries are then never read
MAX_BYTES = 2_000_000  # larger results are served and not stored
REMEMBERED = 16  # parts that a process keeps to compare with
HEADERS = 64  # that a process keeps, so that equal lines give the same one


class Damaged(Exception):
    """What came out of the cache is not what went in."""


@dataclass(frozen=True)
class Computed:
    """A result as it is computed: its parts by name, and facts about it that JSON can hold."""

    parts: dict[str, bytes]
    facts: dict[str, Any]

    @property
    def fits(self) -> bool:
        """Is it small enough to be stored?"""
        return sum(map(len, self.parts.values())) <= MAX_BYTES


@dataclass(frozen=True, eq=False)  # compared by identity: equal lines give the same header
class Header:
    """The line about a result. Times are seconds since the epoch; cost is what it took, in milliseconds.

    `sums` holds the CRC-32 of each stored part; None for a result that was too large to be stored.
    """

    name: str
    generation: str
    made: float
    expires: float
    cost: float
    sums: dict[str, int] | None
    facts: dict[str, Any]

    @property
    def stored(self) -> bool:
        """Are the parts in the cache too?"""
        return self.sums is not None

    def pack(self) -> bytes:
        """The header as Redis keeps it."""
        line = json.dumps(vars(self)).encode()
        return b"%08x%b" % (zlib.crc32(line), line)

    @classmethod
    def of(cls, name: str, generation: str, computed: Computed, ttl: float, cost: float) -> "Header":
        """The header of a result that was computed just now, fresh for `ttl` seconds."""
        now = time.time()
        sums = {part: zlib.crc32(body) for part, body in computed.parts.items()} if computed.fits else None
        return cls(name, generation, now, now + ttl, cost, sums, computed.facts)

    @staticmethod
    @lru_cache(maxsize=HEADERS)
    def parse(line: bytes) -> "Header":
        """The header in `line`, the same one as the last time; raises Damaged."""
        return Header.read(line)

    @staticmethod
    def read(line: bytes) -> "Header":
        """The header in `line`; raises Damaged."""
        if line[:8] != b"%08x" % zlib.crc32(line[8:]):
            raise Damaged
        try:
            return Header(**json.loads(line[8:]))
        except (ValueError, TypeError) as error:
            raise Damaged from error


@dataclass(frozen=True)
class Entry:
    """A result's header with one of its parts; without any, and b'' for a body, where none was asked for."""

    header: Header
    part: str = ""
    body: bytes = b""

    @classmethod
    def of(cls, header: Header, computed: Computed, part: str) -> "Entry":
        """What was just computed, with the part, or the first one where that was not made."""
        if not part:
            return cls(header)
        made = part if part in computed.parts else next(iter(computed.parts))
        return cls(header, made, computed.parts[made])

    @property
    def expired(self) -> bool:
        """Is its time to live over?"""
        return self.ttl() <= 0

    def ttl(self) -> float:
        """Seconds until it expires; negative afterwards."""
        return self.header.expires - time.time()

    def age(self) -> float:
        """Seconds since it was made."""
        return time.time() - self.header.made


class Unpacking:
    """Turns what Redis answers into entries that can be trusted."""

    def __init__(self) -> None:
        self._whole: dict[str, tuple[int, bytes]] = {}

    def unpack(self, name: str, part: str, line: bytes | None, body: bytes | None = None) -> Entry | None:
        """The entry; None where there is none. Raises Damaged where it isn't what was stored."""
        if line is None:
            return None
        header = Header.parse(line)
        if header.name != name:
            if _place(header.name) == _place(name):
                return None  # the place is shared, and another has it now
            raise Damaged
        if not part or not header.stored:
            return Entry(header)
        if body is None or part not in header.sums:
            return None  # Redis may drop any key when it is short of memory
        if not self._is_whole(f"{part} {name}", body, header.sums[part]):
            raise Damaged
        return Entry(header, part, body)

    def _is_whole(self, key: str, body: bytes, crc: int) -> bool:
        """Has the body this checksum? One that equals the last whole one is compared, not summed again."""
        last = self._whole.get(key)
        if last and last[0] == crc and last[1] == body:
            return True
        if zlib.crc32(body) != crc:
            return False
        if len(self._whole) >= REMEMBERED:
            self._whole.clear()
        self._whole[key] = (crc, body)
        return True


@lru_cache(maxsize=256)
def keys(name: str, *parts: str) -> tuple[str, ...]:
    """Where Redis keeps the header and these parts: short keys, whatever the name is made of.

    Names "#place ..." share one place: the last one stored has it.
    """
    digest = blake2b(_place(name).encode(errors="surrogatepass"), digest_size=10).hexdigest()
    key = f"covid:{SCHEMA}:{digest}"
    return (key, *(f"{key}:{part}" for part in parts))


def _place(name: str) -> str:
    return name.partition(" ")[0] if name.startswith("#") else name
