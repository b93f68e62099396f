"""How fast a cached page is: beside the sample's way, Django's usual ways, and bare bytes from Redis.

    python bench/cache.py [--rows N] [--rounds N] [--seconds N] [--connections N] [--servers]

One run makes rows, starts a MariaDB, a Redis and a gunicorn for each contender, all under var/ and on free
ports, checks that all send the same rows, and asks each with wrk in turns; it prints medians over the rounds,
also of the ratios, and the shares of all cores that the contender's gunicorn, Redis and wrk used. Then 64
requests miss at once, and Redis is stopped in the middle of traffic. The figures go to var/bench/cache.txt, a
plot beside it.

The peers' entries live for an hour, ours for a minute: what ours cost to make anew is in our figures.
--servers compares gunicorn's workers and threads for the cached page instead.
"""

import argparse
import os
import shutil
import signal
import statistics
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "bench"
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

if not all(find_spec(peer) for peer in ("cachalot", "cacheops", "jinja2")):
    sys.exit("bench/cache.py: run `.venv/bin/pip install -r requirements-bench.txt`, and try again")

from bench.contest import contenders, failures, report, wrk  # noqa: E402  (the path has to stand first)
from bench.contest.contenders import Contender  # noqa: E402
from bench.contest.report import Line, Ratio  # noqa: E402
from bench.contest.stage import Stage, built, cpu_seconds  # noqa: E402
from local.servers import CannotStart, running  # noqa: E402

WARM_UP = 1  # seconds of each run's own that don't count
SERVERS = {
    "2 sync workers": ("--workers=2", "--worker-class=sync"),
    "4 sync workers": ("--workers=4", "--worker-class=sync"),
    "1 worker, 16 threads": ("--workers=1", "--threads=16"),
    "2 workers, 2 threads": ("--workers=2", "--threads=2"),
    "2 workers, 8 threads (ours)": (),
    "2 workers, 32 threads": ("--workers=2", "--threads=32"),
    "4 workers, 4 threads": ("--workers=4", "--threads=4"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each run that counts")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument(
        "--servers", action="store_true", help="compare gunicorn's workers and threads instead"
    )
    options = parser.parse_args()
    if min(options.rows, options.rounds, options.seconds, options.connections) < 1:
        parser.error("every number has to be 1 or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server is left behind
    place = VAR / f"cache-{os.getpid()}"
    place.mkdir(parents=True)
    try:
        with built(place, options.rows) as stage:
            said = compare_servers(stage, options) if options.servers else compare(stage, options)
    except (wrk.WrkFailed, CannotStart, AssertionError) as error:
        sys.exit(f"bench/cache.py: {error}")
    finally:
        shutil.rmtree(place, ignore_errors=True)  # an interrupted server may still be at it
    file = VAR / ("cache-servers.txt" if options.servers else "cache.txt")
    file.write_text(said)
    print(f"\nwritten to {file.relative_to(ROOT)}")


def compare(stage: Stage, options: argparse.Namespace) -> str:
    """Every contender in turns, then the failures; prints and returns what was found."""
    with contenders.entered(stage) as entered:
        lines = measured(stage, entered, options)
    named = {line.name: line for line in lines}
    sample, limit = named[contenders.SAMPLE], named[contenders.LIMIT]
    said = [
        f"{options.rows:,} rows, {options.connections} connections, medians of {options.rounds} rounds of"
        f" {options.seconds} s, {os.cpu_count()} cores",
        report.table(lines, sample, limit),
    ]
    print("\n\n".join(said), flush=True)
    frame = str(stage.directory / "frame.html")
    crowd = failures.CROWD
    crowded = {
        "sample": failures.queries_of_a_stampede(
            stage, stage.gunicorn("crowd", "bench.contest.sample", failures.ROOM, PAGE_FRAME=frame), "/"
        ),
        "ours": failures.queries_of_a_stampede(
            stage, stage.gunicorn("crowd", "config.wsgi", failures.ROOM), "/cached/"
        ),
    }
    first, after = failures.cost_of_a_hung_redis(stage, stage.gunicorn("hung", "config.wsgi"))
    found = [
        Ratio("cached page, x the sample", named[contenders.OURS].beside(sample), 5.5),
        Ratio("cached page, of the limit", named[contenders.OURS].beside(limit), 0.6),
        Ratio("gzip client, x the sample", named[contenders.OURS_GZIP].beside(sample), 7),
        Ratio("gzip client, of the limit", named[contenders.OURS_GZIP].beside(limit), 0.8),
        Ratio("304, of the limit", named[contenders.OURS_304].beside(limit), 1.1),
        Ratio(f"{crowd} misses at once, queries", crowded["ours"], 1, at_most=True),
        Ratio("Redis hung, the most that a request took longer", first, 300, at_most=True, unit=" ms"),
        Ratio("Redis hung, then, x the uncached page's time", after, 1.05, at_most=True),
    ]
    rest = [
        f"{crowd} misses at once make {crowded['sample']} queries the sample's way.",
        report.ratios(found),
    ]
    print("\n" + "\n\n".join(rest))
    report.plot(lines, VAR / "cache.svg")
    return "\n\n".join(said + rest) + "\n"


def measured(stage: Stage, entered: list[Contender], options: argparse.Namespace) -> list[Line]:
    """Medians over rounds in which everybody has a turn."""
    turns: dict[str, list[tuple[wrk.Load, float, float]]] = {one.name: [] for one in entered}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for one in entered:
            wrk.run(one.url, one.headers, connections=options.connections, seconds=WARM_UP)
            before = cpu_seconds(one.process), cpu_seconds(stage.redis_process)
            load = wrk.run(one.url, one.headers, connections=options.connections, seconds=options.seconds)
            after = cpu_seconds(one.process), cpu_seconds(stage.redis_process)
            turns[one.name].append((load, after[0] - before[0], after[1] - before[1]))
    whole = options.seconds * (os.cpu_count() or 1)
    return [
        Line(
            one.name,
            tuple(load.rate for load, _, _ in taken),
            *(statistics.median(getattr(load, name) for load, _, _ in taken) for name in ("p50", "p99")),
            one.size,
            statistics.median(site for _, site, _ in taken) / whole,
            statistics.median(redis for _, _, redis in taken) / whole,
            statistics.median(load.cpu for load, _, _ in taken) / whole,
        )
        for one in entered
        for taken in [turns[one.name]]
    ]


def compare_servers(stage: Stage, options: argparse.Namespace) -> str:
    """The cached page for a gzip client under other numbers of workers and threads."""
    crowds = (1, 8, 32)
    found: dict[str, dict[int, list[wrk.Load]]] = {name: {crowd: [] for crowd in crowds} for name in SERVERS}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for name, arguments in SERVERS.items():
            server = stage.gunicorn("servers", "config.wsgi", arguments)
            with running(server):
                url = f"http://127.0.0.1:{server.port}/cached/"
                wrk.run(url, contenders.GZIP, connections=8, seconds=WARM_UP)
                for crowd, loads in found[name].items():
                    loads.append(wrk.run(url, contenders.GZIP, connections=crowd, seconds=options.seconds))
    headings = ["", *(f"{crowd}: {what}" for crowd in crowds for what in ("answers/s", "p99 ms"))]
    rows = [
        [name, *(cell for loads in by_crowd.values() for cell in _median_cells(loads))]
        for name, by_crowd in found.items()
    ]
    said = f"cached page, gzip client; connections: figures\n\n{report.cells(headings, rows)}\n"
    print(said)
    return said


def _median_cells(loads: list[wrk.Load]) -> tuple[str, str]:
    rate, p99 = (statistics.median(getattr(load, name) for load in loads) for name in ("rate", "p99"))
    return f"{rate:,.0f}", f"{p99:.1f}"


if __name__ == "__main__":
    main()
