"""The race: one question answered uncached and cached in turns, by this process, and what came of it.

A page's time is from the question to the last byte of the page; what a network adds is not in it.
"""

import math
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import connection

from covid import pages
from covid.answers import Outcome
from covid.levels import LEVELS
from covid.questions import Asked, AskForm
from covid.timing import KINDS, Timings

LANES = {"uncached": LEVELS[0], "cached": LEVELS[-1]}
REPETITIONS = (5, 10, 20, 50)
CONCURRENCY = (1, 2, 4)
LONGEST = 30.0  # seconds after which a race ends with what it has


class Busy(Exception):
    """Another race is running in this process."""


class RaceForm(AskForm):
    """What to race with: a question, how often it is asked in each lane, and how many ask at once."""

    repetitions = forms.TypedChoiceField(
        label="Repetitions",
        required=False,
        choices=[(number, number) for number in REPETITIONS],
        coerce=int,
        empty_value=REPETITIONS[1],
    )
    concurrency = forms.TypedChoiceField(
        label="At once",
        required=False,
        choices=[(number, number) for number in CONCURRENCY],
        coerce=int,
        empty_value=CONCURRENCY[0],
    )


@dataclass(frozen=True)
class Sample:
    """One page made: its lane, milliseconds in total and by kind of work, and how the cache answered.

    `cost` is what making the table took, now or when it was put into the cache.
    """

    lane: str
    total: float
    spent: dict[str, float]
    outcome: Outcome
    cost: float


@dataclass(frozen=True)
class Lane:
    """What became of a lane: milliseconds of each page in order, and where those of the median page went."""

    milliseconds: list[float]
    p50: float
    p95: float
    spent: dict[str, float]


@dataclass(frozen=True)
class Result:
    """What became of a race. `cold` is what the first request costs, that finds the cache empty.

    `bypassed`: the cache was out, so that a page of the cached lane came from the database.
    """

    lanes: dict[str, Lane]
    cold: float
    bypassed: bool = False

    @property
    def ratio(self) -> float:
        """How many times the cached page's median is that of the uncached one."""
        return self.lanes["uncached"].p50 / self.lanes["cached"].p50

    @property
    def words(self) -> str:
        """The ratio in words."""
        return in_words(self.ratio)

    def as_json(self) -> dict[str, Any]:
        """Milliseconds, rounded to microseconds."""
        lanes = {
            name: {
                "ms": [round(one, 3) for one in lane.milliseconds],
                "p50": round(lane.p50, 3),
                "p95": round(lane.p95, 3),
                "spent": {kind: round(one, 3) for kind, one in lane.spent.items()},
            }
            for name, lane in self.lanes.items()
        }
        return {"lanes": lanes, "cold_ms": round(self.cold, 3), "ratio": round(self.ratio, 2)}


_track = threading.Lock()


def run(asked: Asked, repetitions: int, concurrency: int) -> Result:
    """Hold a race. The first page of each lane warms up and counts for `cold` alone.

    Raises Busy while another one runs here: two would measure each other.
    """
    if not _track.acquire(blocking=False):
        raise Busy
    try:
        with _pool(concurrency) as pool:
            first = [_page(lane, asked) for lane in LANES]
            samples = list(_turns(pool, asked, repetitions, concurrency))
    finally:
        _track.release()
    return result(samples, first[-1].total if first[-1].outcome is Outcome.MISS else first[-1].cost)


def result(samples: Iterable[Sample], cold: float) -> Result:
    """What the samples come to."""
    by_lane: dict[str, list[Sample]] = {name: [] for name in LANES}
    for sample in samples:
        by_lane[sample.lane].append(sample)
    bypassed = any(sample.outcome is Outcome.BYPASS for sample in by_lane["cached"])
    return Result({name: _lane(taken) for name, taken in by_lane.items()}, cold, bypassed)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def in_words(ratio: float) -> str:
    """A ratio of times as a person says it."""
    times, word = (ratio, "faster") if ratio >= 1 else (1 / ratio, "slower")
    if f"{times:.1f}" == "1.0":
        return "equally fast"
    return f"{times:.0f} times {word}" if times >= 10 else f"{times:.1f} times {word}"


class _pool:
    """Threads whose database connections are closed when they go."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="race")

    def __enter__(self) -> ThreadPoolExecutor:
        return self._threads

    def __exit__(self, *error: object) -> None:
        together = threading.Barrier(self._size)  # so that each thread gets one of these

        def close() -> None:
            together.wait()
            connection.close()

        for _ in range(self._size):
            self._threads.submit(close)
        self._threads.shutdown()


def _turns(pool: ThreadPoolExecutor, asked: Asked, repetitions: int, concurrency: int) -> Iterator[Sample]:
    deadline = time.monotonic() + LONGEST
    for turn in range(repetitions):
        if turn and time.monotonic() >= deadline:
            return
        for lane in LANES:
            yield from pool.map(lambda _, lane=lane: _page(lane, asked), range(concurrency))


def _page(lane: str, asked: Asked) -> Sample:
    """Make one page as a browser without gzip gets it."""
    level, timings = LANES[lane], Timings()
    table = level.fetch(asked, timings, False)
    pages.live(level, asked, table, timings)
    total = timings.freeze()
    spent = {kind: timings.ms(kind) for kind in KINDS}
    spent["other"] = max(0.0, total - sum(spent.values()))
    cost = table.answer.entry.header.cost if table.answer else total
    return Sample(lane, total, spent, table.outcome, cost)


def _lane(taken: list[Sample]) -> Lane:
    milliseconds = [sample.total for sample in taken]
    p50 = percentile(milliseconds, 0.5)
    median = next(sample for sample in taken if sample.total == p50)
    return Lane(milliseconds, p50, percentile(milliseconds, 0.95), median.spent)
