"""The figures as text tables and as a plot."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """One contender's answers a second by round, and medians: milliseconds, bytes, shares of all cores."""

    name: str
    rates: tuple[float, ...]
    p50: float
    p99: float
    size: int
    server_share: float
    redis_share: float
    wrk_share: float

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def beside(self, other: "Line") -> float:
        """How many times the other's rate; the median over rounds, since others may use the machine too."""
        return statistics.median(mine / its for mine, its in zip(self.rates, other.rates, strict=True))


@dataclass(frozen=True)
class Ratio:
    """A promise: what it is, what was measured, and what it is held against."""

    name: str
    measured: float
    wanted: float
    at_most: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


def table(lines: Sequence[Line], sample: Line, limit: Line) -> str:
    """The lines as text, beside the sample and the limit."""
    grid = _grid(
        "", "answers/s", "x the sample", "of the limit", "p50 ms", "p99 ms", "bytes", "site", "Redis", "wrk"
    )
    for line in lines:
        grid.add_row(
            line.name,
            f"{line.rate:,.0f}",
            f"{line.beside(sample):.2f}",
            f"{line.beside(limit):.2f}",
            f"{line.p50:.1f}",
            f"{line.p99:.1f}",
            f"{line.size:,}",
            *(f"{share:.0%}" for share in (line.server_share, line.redis_share, line.wrk_share)),
        )
    return _text(grid)


def ratios(found: Sequence[Ratio]) -> str:
    """The promises as text, each with what was measured."""
    grid = _grid("", "measured", "promised", "")
    for ratio in found:
        sign = "≤" if ratio.at_most else "≥"
        grid.add_row(
            ratio.name,
            f"{ratio.measured:,.2f}{ratio.unit}",
            f"{sign} {ratio.wanted:g}{ratio.unit}",
            "met" if ratio.met else "MISSED",
        )
    return _text(grid)


def cells(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Any small table as text: names on the left, figures on the right."""
    grid = _grid(*headings)
    for row in rows:
        grid.add_row(*row)
    return _text(grid)


def plot(lines: Sequence[Line], file: Path) -> None:
    """Answers a second as bars, in an SVG file."""
    left, width, high, step = 270, 520, 18, 30
    most = max(line.rate for line in lines)
    bars = []
    for number, line in enumerate(lines):
        y = 50 + number * step
        length = max(1.0, width * line.rate / most)
        kind = (
            "ours" if line.name.startswith("ours") else "limit" if line.name.startswith("limit") else "peer"
        )
        bars.append(
            f'<text x="{left - 10}" y="{y + 13}" text-anchor="end">{escape(line.name)}</text>'
            f'<rect class="bar {kind}" x="{left}" y="{y}" width="{length:.1f}" height="{high}" rx="2"/>'
            f'<text x="{left + length + 8:.1f}" y="{y + 13}">{line.rate:,.0f}</text>'
        )
    height = 60 + len(lines) * step
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 90} {height}">\n'
        "<style>text{font:13px sans-serif;fill:#24292f}.bar{fill:#8c959f}.ours{fill:#0f5fa8}"
        ".limit{fill:#c8a13a}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        '<text x="12" y="26">The same page, answers a second (more is better)</text>\n'
        + "\n".join(bars)
        + "\n</svg>\n"
    )


def _grid(*headings: str) -> Table:
    grid = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        grid.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return grid


def _text(grid: Table) -> str:
    console = Console(width=200, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
