"""What all workers of this host count together: how reads were answered, and what went wrong last.

The counts lie in memory that processes share since their fork from the one that made it. Each writes into a
slot of its own, so that no read waits for another process. The kernel's lock on a slot ends with its process,
and the next one counts on from there.
"""

import fcntl
import mmap
import os
import tempfile
import threading
import time
import weakref
import zlib
from dataclasses import dataclass

SLOTS = 64  # processes that can count at the same time; more share the last slot
SIZE = 4096  # bytes of a slot: counts, then lines about errors
ERRORS = 10  # lines that are kept
LINE = 256  # bytes of one

OUTCOMES = ("hit", "miss", "stale", "bypass")
_WORDS = SIZE // 8  # a count is a word of eight bytes
_NOTED = len(OUTCOMES)  # the word after the counts tells how many errors were noted
_LINES_AT = SIZE - ERRORS * LINE


@dataclass(frozen=True, order=True)
class Failure:
    """Something that went wrong at a time, in seconds since the epoch, in one line without secrets."""

    at: float
    worker: int  # process id
    kind: str
    what: str


class Tally:
    """Counts that survive the worker that made them; safe to share between threads and forked processes."""

    def __init__(self) -> None:
        self.since = time.time()
        self._file, path = tempfile.mkstemp(prefix="tally-")
        os.unlink(path)  # noqa: PTH108  (it lives on as long as one process has it open)
        weakref.finalize(self, os.close, self._file)
        os.truncate(self._file, SLOTS * SIZE)
        self._memory = mmap.mmap(self._file, SLOTS * SIZE)
        self._counts = memoryview(self._memory).cast("Q")
        self._lock = threading.Lock()
        self._process = 0
        self._slot = 0

    def count(self, outcome: str) -> None:
        """One read more with this outcome; takes about a microsecond."""
        with self._lock:
            self._claim()
            self._counts[self._slot * _WORDS + OUTCOMES.index(outcome)] += 1

    def note(self, kind: str, what: str) -> None:
        """Keep a line about an error of a kind, which is one word; a line that is too long is cut."""
        line = f"{time.time()} {os.getpid()} {kind} {what}".encode()[: LINE - 4]
        with self._lock:
            self._claim()
            noted = self._slot * _WORDS + _NOTED
            start = self._slot * SIZE + _LINES_AT + self._counts[noted] % ERRORS * LINE
            sealed = zlib.crc32(line).to_bytes(4, "big") + line
            self._memory[start : start + LINE] = sealed.ljust(LINE, b"\0")
            self._counts[noted] += 1

    def counts(self) -> dict[str, int]:
        """How often each outcome was counted, by all processes since the first of them started."""
        return {
            outcome: sum(self._counts[slot * _WORDS + place] for slot in range(SLOTS))
            for place, outcome in enumerate(OUTCOMES)
        }

    def errors(self) -> list[Failure]:
        """The last errors of all processes, the newest first."""
        found = []
        for slot in range(SLOTS):
            for number in range(min(ERRORS, self._counts[slot * _WORDS + _NOTED])):
                start = slot * SIZE + _LINES_AT + number * LINE
                seal, line = self._memory[start : start + 4], self._memory[start + 4 : start + LINE]
                line = line.rstrip(b"\0")
                if zlib.crc32(line) == int.from_bytes(seal, "big"):  # else another is writing it just now
                    at, worker, kind, what = line.decode(errors="ignore").split(" ", 3)
                    found.append(Failure(float(at), int(worker), kind, what))
        return sorted(found, reverse=True)[:ERRORS]

    def _claim(self) -> None:
        """Take a free slot, once a process: the parent's slot and its lock are not inherited."""
        if self._process == os.getpid():
            return
        for self._slot in range(SLOTS):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._slot)
            except OSError:  # another process has it
                continue
            break
        self._process = os.getpid()


def hit_rate(counts: dict[str, int]) -> float | None:
    """Reads that the cache answered, fresh or stale, in percent of all; None before the first."""
    reads = sum(counts.values())
    return 100 * (counts["hit"] + counts["stale"]) / reads if reads else None


tally = Tally()
