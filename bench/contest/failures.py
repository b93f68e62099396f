"""What the ratios don't show: how many queries a stampede makes, and what a hung Redis costs."""

import signal
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.contest.stage import Gunicorn, Stage
from local.servers import running

CROWD = 64
ROOM = ("--threads", str(CROWD // 2))  # two workers: every request of the crowd is under way at once


def queries_of_a_stampede(stage: Stage, server: Gunicorn, path: str) -> int:
    """How often MySQL was asked for the rows when CROWD requests missed at the same moment."""
    with running(server), ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(lambda _: server.get("/healthz"), range(CROWD)))  # threads and connections are there
        stage.cache().flushall()
        together = threading.Barrier(CROWD)

        def ask(_: int) -> int:
            together.wait()
            return server.get(path)[0]

        with _logged(stage) as asked:
            statuses = list(pool.map(ask, range(CROWD)))
        assert set(statuses) == {200}, statuses
        return asked()


def cost_of_a_hung_redis(stage: Stage, server: Gunicorn) -> tuple[float, float]:
    """The most that a request took longer than the uncached page, in milliseconds; and, once the breakers are
    open, the cached page's time as a share of the uncached one's, in the median."""
    with running(server):
        for _ in range(20):
            server.get("/cached/")
        usual = statistics.median(_timed(server, "/uncached/") for _ in range(5))
        stage.redis_process.send_signal(signal.SIGSTOP)
        try:
            first = max(_timed(server, "/cached/") for _ in range(8))
            times: dict[str, list[float]] = {"/cached/": [], "/uncached/": []}
            for _ in range(15):
                for path, taken in times.items():
                    taken.append(_timed(server, path))
        finally:
            stage.redis_process.send_signal(signal.SIGCONT)
    pairs = zip(times["/cached/"], times["/uncached/"], strict=True)
    return first - usual, statistics.median(cached / uncached for cached, uncached in pairs)


@contextmanager
def _logged(stage: Stage) -> Iterator:
    """Gives a function that tells how many queries for the rows MySQL got during the block."""
    stage.sql("TRUNCATE mysql.general_log")
    stage.sql("SET GLOBAL log_output = 'TABLE'")
    stage.sql("SET GLOBAL general_log = ON")

    def asked() -> int:
        found = stage.sql(
            "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')"
            " AND argument LIKE 'SELECT%covid\\_article%delta%'"
        )
        return int(found[0][0])

    try:
        yield asked
    finally:
        stage.sql("SET GLOBAL general_log = OFF")


def _timed(server: Gunicorn, path: str) -> float:
    began = time.perf_counter()
    status, _, _ = server.get(path)
    assert status == 200, (path, status)
    return (time.perf_counter() - began) * 1000
