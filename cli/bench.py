"""What the cache buys, seen from here: the running site's pages, timed over HTTP."""

import http.client
import math
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pygal

from cli.progress import emit
from cli.tables import new_table, print_table

PAGES = {"uncached": "/uncached/", "cached": "/cached/"}
ASKED = ("query", "word", "rows")
MOST_AT_ONCE = 16
WARM_UP = 2
"""Requests of each page that don't count: the first one fills the cache and the connections."""


class NoAnswer(Exception):
    """The site did not answer as it should; the message says what it did."""


@dataclass
class Timing:
    """One page's requests: milliseconds from the request to the last byte, and what the server says.

    `cold` is what the first request cost that found the cache empty, now or earlier; 0.0 where not known.
    """

    milliseconds: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    cache: dict[str, int] = field(default_factory=dict)
    size: int = 0
    cold: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return sorted(self.milliseconds)[math.ceil(0.95 * len(self.milliseconds)) - 1]


def measure(url: str, requests: int, concurrency: int, asked: dict[str, str]) -> dict[str, Timing]:
    """Time each page in turns, `concurrency` requests at once, so that noise falls on all alike.

    `asked` are the pages' parameters: query, word and rows. Raises NoAnswer.
    """
    where = urlsplit(url)
    connections = [
        http.client.HTTPConnection(where.hostname or "", where.port, timeout=60) for _ in range(concurrency)
    ]
    timings = {name: Timing() for name in PAGES}
    parameters = f"?{urlencode(asked)}" if asked else ""
    try:
        with ThreadPoolExecutor(concurrency) as pool:
            for turn in range(WARM_UP + requests):
                for name, path in PAGES.items():
                    answers = list(pool.map(_request, connections, [path + parameters] * concurrency))
                    for answer in answers if turn >= WARM_UP else answers[: not turn]:
                        _note(timings[name], *answer, counts=turn >= WARM_UP)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{url} does not answer: {error}") from error
    finally:
        for connection in connections:
            connection.close()
    return timings


def _request(connection: http.client.HTTPConnection, path: str) -> tuple[float, http.client.HTTPMessage, int]:
    """Milliseconds, headers and size of one answer."""
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status == http.HTTPStatus.BAD_REQUEST:
        raise NoAnswer(f"{path}: the site does not take these: see --query, --word and --rows")
    if answer.status != http.HTTPStatus.OK:
        raise NoAnswer(f"{path} answers {answer.status} {answer.reason}")
    return took, answer.headers, len(body)


def _note(timing: Timing, took: float, headers: http.client.HTTPMessage, size: int, *, counts: bool) -> None:
    state = headers.get("X-Cache", "")
    if not counts:
        timing.cold = took if state == "miss" else float(headers.get("X-Cache-Cost", 0))
        return
    timing.milliseconds.append(took)
    if total := re.search(r"\btotal;dur=([\d.]+)", headers.get("Server-Timing", "")):
        timing.server.append(float(total[1]))
    timing.cache[state] = timing.cache.get(state, 0) + 1
    timing.size = size


def draw(timings: dict[str, Timing], url: str, file: Path) -> None:
    """p50 and p95 of each page as an SVG. Raises OSError."""
    chart = pygal.HorizontalBar(
        title=f"{url}, as seen from here", x_title="milliseconds", js=[], no_prefix=True
    )
    chart.x_labels = list(timings)
    chart.add("p50", [round(timing.median, 2) for timing in timings.values()])
    chart.add("p95", [round(timing.p95, 2) for timing in timings.values()])
    chart.render_to_file(str(file))


def show(as_json: bool, url: str, timings: dict[str, Timing]) -> None:
    """A small table, and the ratio in words."""
    ratio = timings["uncached"].median / timings["cached"].median
    cold = timings["cached"].cold
    if as_json:
        for name, timing in timings.items():
            emit(
                page=name,
                requests=len(timing.milliseconds),
                median_ms=round(timing.median, 2),
                p95_ms=round(timing.p95, 2),
                server_median_ms=round(statistics.median(timing.server), 2) if timing.server else None,
                bytes=timing.size,
                cache=timing.cache,
            )
        emit(ratio=round(ratio, 2), cold_ms=round(cold, 2))
        return
    table = new_table("page", "median", "p95", "of it the server", "bytes", "X-Cache")
    for column in table.columns[1:5]:
        column.justify = "right"
    for name, timing in timings.items():
        table.add_row(
            PAGES[name],
            f"{timing.median:.1f} ms",
            f"{timing.p95:.1f} ms",
            f"{statistics.median(timing.server):.1f} ms" if timing.server else "",
            f"{timing.size:,}",
            ", ".join(f"{state} {count}" for state, count in timing.cache.items()),
        )
    print_table(table)
    count = len(timings["cached"].milliseconds)
    print(f"{count} requests each to {url}, in turns, after {WARM_UP} turns that don't count")
    faster = ratio if ratio >= 1 else 1 / ratio
    print(f"cached pages came {faster:.1f} times {'faster' if ratio >= 1 else 'slower'} (medians)")
    print(f"the first, cold request cost {cold:.1f} ms")
