"""Three levels of caching for the same table: nothing is cached, its rows are, or the rendered table is."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from covid import deflate, results
from covid.answers import Answer, Outcome
from covid.caching import cache
from covid.questions import Asked
from covid.timing import Timings


@dataclass(frozen=True)
class Table:
    """The table as one request got it. `body` is HTML; if it is compressed, the facts hold its seal."""

    body: bytes
    facts: dict[str, Any]
    answer: Answer | None = None
    compressed: bool = False

    @classmethod
    def of(cls, answer: Answer) -> "Table":
        """The table that is cached as it is."""
        return cls(answer.entry.body, answer.entry.header.facts, answer, answer.entry.part == results.DEFLATE)

    @property
    def outcome(self) -> Outcome:
        """How the cache answered; BYPASS where it was not asked."""
        return self.answer.outcome if self.answer else Outcome.BYPASS


@dataclass(frozen=True)
class Level:
    """One way to come by the table. `name` is its page's name too."""

    name: str
    title: str
    about: str
    fetch: Callable[[Asked, Timings, bool], Table]


def uncached(asked: Asked, timings: Timings, compressed: bool = False) -> Table:
    """From MySQL, rendered now."""
    rows, facts = results.query(asked, timings)
    return _rendered(asked, rows, facts, timings, compressed)


def rows_cached(asked: Asked, timings: Timings, compressed: bool = False) -> Table:
    """From rows in the cache, rendered now."""
    compute = partial(results.rows_to_cache, asked, timings)
    answer = cache.read(asked.entry("rows"), compute, timings, part=results.JSON)
    with timings.measure("cache"):
        rows = json.loads(answer.entry.body)
    return _rendered(asked, rows, answer.entry.header.facts, timings, compressed, answer)


def _rendered(
    asked: Asked,
    rows: list[results.Row],
    facts: dict[str, Any],
    timings: Timings,
    compressed: bool,
    answer: Answer | None = None,
) -> Table:
    """The rows as a table, made for this request; compressed as the cached one is, or they'd not compare."""
    html = results.render(asked, rows, facts, timings)
    if not compressed:
        return Table(html, facts, answer)
    with timings.measure("render"):
        deflated, seal = deflate.compress(html, deflate.FAST)
    return Table(deflated, facts | {"seal": asdict(seal)}, answer, compressed=True)


def table_cached(asked: Asked, timings: Timings, compressed: bool = False) -> Table:
    """From the cache as it is; compressed if that is asked for and was kept."""
    part = results.DEFLATE if compressed else results.HTML
    compute = partial(results.table_to_cache, asked, timings)
    return Table.of(cache.read(asked.entry("table"), compute, timings, part=part))


def table_hit(asked: Asked, timings: Timings, compressed: bool) -> Table | None:
    """The same, but only if the cache has it."""
    answer = cache.hit(asked.entry("table"), timings, part=results.DEFLATE if compressed else results.HTML)
    return Table.of(answer) if answer else None


LEVELS = (
    Level("uncached", "Nothing cached", "MySQL finds the rows and the site renders them.", uncached),
    Level("rows", "Rows cached", "The cache holds the rows; the site renders them.", rows_cached),
    Level("cached", "Table cached", "The cache holds the table as it is sent.", table_cached),
)
