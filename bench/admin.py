"""What the admin's pages take on a large table, beside the same pages on a small one.

    python bench/admin.py [--rows N] [--small N] [--rounds N] [--keep]

One run fills two MariaDBs of its own under var/, starts the site on each, and asks for every page of both in
turns. It prints medians, and the median of each round's ratio beside the promise; the exit status is 1 where
one is broken. --keep leaves the tables for the next run, which then need not be filled (3 GB).
"""

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "bench"
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from bench.contest import report  # noqa: E402  (the path has to stand first)
from bench.contest.stage import Stage, built  # noqa: E402
from local.servers import HOST, CannotStart, free_port, running  # noqa: E402

PROMISED = 1.5
LIST = "/admin/covid/article/"
FEWEST = 10_000  # rows of a table whose pages are as full as those of a larger one
WARM_UP = 4  # rounds that don't count


class Unexpected(Exception):
    """A page is not what was asked for."""


class Admin:
    """A browser that is logged in to the admin of one stage."""

    def __init__(self, stage: Stage, port: int, rows: int) -> None:
        self.rows = rows
        self._port = port
        self._cookies: dict[str, str] = {}
        form = self._ask("GET", "/admin/login/")
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        fields = {"username": "admin", "password": stage.environment["ADMIN_PASSWORD"]}
        self._ask("POST", "/admin/login/", urlencode(fields | {"csrfmiddlewaretoken": token}), status=302)

    def get(self, path: str) -> tuple[float, int]:
        """How many milliseconds the page took, and how many articles it lists."""
        began = time.perf_counter()
        page = self._ask("GET", path)
        return (time.perf_counter() - began) * 1000, page.count('class="action-select"')

    def _ask(self, method: str, path: str, body: str | None = None, status: int = 200) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        with contextlib.closing(http.client.HTTPConnection(HOST, self._port, timeout=120)) as client:
            client.request(method, path, body, headers)
            answer = client.getresponse()
            page = answer.read().decode()
        if answer.status != status:
            raise Unexpected(f"{path}: status {answer.status}")
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return page


def pages(rows: int) -> dict[str, str]:
    """The pages by name, on a table of so many rows."""
    middle = rows // 2
    lists: dict[str, dict[str, object]] = {
        "list": {},
        "last page": {"p": "last"},
        "page in the middle": {"p": f"after:{middle}"},
        "page before it": {"p": f"before:{middle}"},
        "begin at an OBJECTID": {"p": middle},
        "by OBJECTID, descending": {"o": "-1"},
        "by date": {"o": "6"},
        "by date, descending": {"o": "-6"},
        "by date, in the middle": {"o": "6", "p": "2015-06"},
        "source": {"source": "PMC"},
        "source, last page": {"source": "PMC", "p": "last"},
        "source, in the middle": {"source": "PMC", "p": "2015-06"},
        "licence": {"license": "cc-by"},
        "year": {"year": "2020"},
        "year, last page": {"year": "2020", "p": "last"},
        "journal": {"journal": "Lancet"},
        "journal that is absent": {"journal": "Nowhere"},
        "source and licence": {"source": "PMC", "license": "cc-by"},
        "source and year": {"source": "PMC", "year": "2020"},
        "search: a common word": {"q": "patients"},
        "search: common, last page": {"q": "patients", "p": "last"},
        "search: common, one source": {"q": "patients", "source": "PMC"},
        "search: two common words": {"q": "patients hospital"},
        "search: a word in between": {"q": "munich"},
        "search: a rare word": {"q": "delta"},
        "search: an absent word": {"q": "zebrafish"},
        "search: common and absent": {"q": "patients zebrafish"},
        "search: an OBJECTID": {"q": middle},
        "search: an absent DOI": {"q": "10.1000/absent"},
    }
    return {name: f"{LIST}?{urlencode(query)}" for name, query in lists.items()} | {
        "article": f"{LIST}{middle}/change/",
        "article to add": f"{LIST}add/",
    }


def compare(small: Admin, large: Admin, rounds: int) -> bool:
    """Ask for all pages in turns and print the table; is every promise kept?"""
    names, others = pages(small.rows), pages(large.rows)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    listed: dict[str, int] = {}
    for number in range(WARM_UP + rounds):
        for name, path in names.items():
            asked = [(small, path), (large, others[name])]
            turned = number % 2  # whoever comes second finds the processor's caches cold
            answers = [admin.get(page) for admin, page in (asked[::-1] if turned else asked)]
            (quick, listed[name]), (slow, found) = answers[::-1] if turned else answers
            if listed[name] != found:
                raise Unexpected(f"{name}: {listed[name]} articles of few rows, {found} of many")
            times[name].append((quick, slow))
    cells, kept = [], True
    for name, taken in times.items():
        counted = taken[WARM_UP:]
        ratio = statistics.median(slow / quick for quick, slow in counted)
        kept &= ratio <= PROMISED
        medians = [f"{statistics.median(column):.1f}" for column in zip(*counted, strict=True)]
        verdict = "met" if ratio <= PROMISED else "MISSED"
        cells.append([name, str(listed[name]), *medians, f"{ratio:.2f}", f"≤ {PROMISED}", verdict])
    sizes = [f"{rows:,} rows, ms" for rows in (small.rows, large.rows)]
    print(report.cells(["", "articles", *sizes, "ratio", "promised", ""], cells))
    return kept


@contextlib.contextmanager
def admin(directory: Path, rows: int) -> Iterator[Admin]:
    """The admin on so many rows, logged in."""
    with built(directory, rows) as stage:
        stage.manage("ensure_admin")
        port = free_port()
        with running(stage.gunicorn("site", "config.wsgi", ADMIN_BIND=f"{HOST}:{port}")):
            yield Admin(stage, port, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=FEWEST, help="rows of the small table")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--keep", action="store_true", help="leave the tables for the next run")
    options = parser.parse_args()
    if not FEWEST <= options.small <= options.rows or options.rounds < 1:
        parser.error(f"the tables take {FEWEST:,} rows or more, and there is at least one round")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server is left behind
    run = "kept" if options.keep else os.getpid()
    places = [
        VAR / f"admin-{run}-{number}-{rows}" for number, rows in enumerate((options.small, options.rows))
    ]
    try:
        with admin(places[0], options.small) as small, admin(places[1], options.rows) as large:
            print(f"{options.rounds} rounds, medians, {os.cpu_count()} cores\n", flush=True)
            kept = compare(small, large, options.rounds)
    except (CannotStart, Unexpected) as error:
        sys.exit(f"bench/admin.py: {error}")
    finally:
        if not options.keep:
            for place in places:
                shutil.rmtree(place, ignore_errors=True)  # an interrupted server may still be at it
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
