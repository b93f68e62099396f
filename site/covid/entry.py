"""What the cache holds under one key: a line of JSON about a body, and the body's bytes."""

import json
import logging
import time
from dataclasses import asdict, dataclass
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Header:
    """An entry's first line. Times are seconds since the epoch, cost is in milliseconds, size in bytes."""

    generation: str
    made: float
    expires: float
    cost: float
    size: int
    facts: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A computed body with what is known about it."""

    header: Header
    body: bytes

    def pack(self) -> bytes:
        """The entry as Redis keeps it."""
        return json.dumps(asdict(self.header)).encode() + b"\n" + self.body

    @classmethod
    def unpack(cls, raw: bytes | None) -> "Entry | None":
        """The entry in `raw`; None where there is none, or none that can be trusted."""
        if raw is None:
            return None
        line, _, body = raw.partition(b"\n")
        try:
            entry = cls(Header(**json.loads(line)), body)
        except (ValueError, TypeError):
            entry = None
        if entry is None or entry.header.size != len(body):
            logger.warning("a cached entry is damaged, and counts as missing")
            return None
        return entry

    @classmethod
    def of_generation(cls, generation: bytes | None, raw: bytes | None) -> tuple["Entry | None", str]:
        """The entry in `raw` if it is of `generation`; and the generation, '' where there is none yet."""
        current = (generation or b"").decode(errors="replace")
        entry = cls.unpack(raw)
        return (entry if entry and entry.header.generation == current else None), current

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
