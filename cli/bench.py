"""A first look at what the cache buys: the running site's pages, timed over HTTP."""

import http.client
import re
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from cli.progress import emit
from cli.tables import new_table, print_table

PAGES = {"uncached": "/uncached/", "cached": "/cached/"}
WARM_UP = 2
"""Requests of each page that don't count: the first one fills the cache and the connections."""


class NoAnswer(Exception):
    """The site did not answer as it should; the message says what it did."""


@dataclass(frozen=True)
class Timing:
    """One page's requests: milliseconds from the request to the last byte, and what the server says."""

    milliseconds: list[float]
    server: list[float]
    cache: dict[str, int]
    size: int

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return sorted(self.milliseconds)[int(0.95 * (len(self.milliseconds) - 1))]


def measure(url: str, requests: int) -> dict[str, Timing]:
    """Time each page over one connection, in turns, so that noise falls on all alike. Raises NoAnswer."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    timings = {name: Timing([], [], {}, 0) for name in PAGES}
    try:
        for turn in range(WARM_UP + requests):
            for name, path in PAGES.items():
                timing = _request(connection, path, timings[name], counts=turn >= WARM_UP)
                timings[name] = timing
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{url} does not answer: {error}") from error
    finally:
        connection.close()
    return timings


def _request(connection: http.client.HTTPConnection, path: str, timing: Timing, *, counts: bool) -> Timing:
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1000
    if answer.status != 200:
        raise NoAnswer(f"{path} answers {answer.status} {answer.reason}")
    if not counts:
        return timing
    state = answer.headers.get("X-Cache", "")
    total = re.search(r"\btotal;dur=([\d.]+)", answer.headers.get("Server-Timing", ""))
    return Timing(
        [*timing.milliseconds, took],
        [*timing.server, float(total[1])] if total else timing.server,
        {**timing.cache, state: timing.cache.get(state, 0) + 1},
        len(body),
    )


def show(as_json: bool, url: str, timings: dict[str, Timing]) -> None:
    """A small table, and the ratio in words."""
    ratio = timings["uncached"].median / timings["cached"].median
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
        emit(ratio=round(ratio, 2))
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
    print(f"{count} requests each to {url}, in turns over one connection, after {WARM_UP} that don't count")
    faster = ratio if ratio >= 1 else 1 / ratio
    print(f"cached pages came {faster:.1f} times {'faster' if ratio >= 1 else 'slower'} (medians)")
