"""Counts and errors of several processes and threads, told as one."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from covid.tally import ERRORS, SLOTS, Tally, hit_rate


@pytest.fixture
def tally() -> Tally:
    return Tally()


def forked(work: Callable[[], None], *, wait: bool = True) -> int:
    """A child, forked as gunicorn does it, that works and ends; or hangs until it is killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        work()
        os.write(writer, b".")
        if not wait:
            signal.pause()
        os._exit(0)
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)
    if wait:
        os.waitpid(child, 0)
    return child


def test_workers_count_together_and_a_dead_ones_counts_stay(tally: Tally) -> None:
    tally.count("miss")
    alive = [forked(lambda: [tally.count("hit") for _ in range(100)], wait=False) for _ in range(3)]
    for child in alive:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    forked(lambda: tally.count("hit"))
    assert tally.counts() == {"hit": 301, "miss": 1, "stale": 0, "bypass": 0}


def test_the_dead_leave_their_slots_to_others(tally: Tally) -> None:
    for _ in range(SLOTS + 5):
        forked(lambda: tally.count("hit"))
    assert tally.counts()["hit"] == SLOTS + 5


def test_threads_lose_no_count(tally: Tally) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda _: [tally.count("hit") for _ in range(2000)], range(8)):
            pass
    assert tally.counts()["hit"] == 16_000


def test_the_last_errors_of_all_workers_the_newest_first(tally: Tally) -> None:
    for number in range(ERRORS + 3):
        tally.note("TimeoutError", f"number {number}")
    child = forked(lambda: tally.note("Damaged", "by a worker"))
    errors = tally.errors()
    assert len(errors) == ERRORS
    assert (errors[0].kind, errors[0].what, errors[0].worker) == ("Damaged", "by a worker", child)
    assert [error.what for error in errors[1:3]] == ["number 12", "number 11"]
    assert errors[1].worker == os.getpid()
    assert errors[0].at >= errors[1].at >= tally.since


def test_an_error_that_is_too_long_is_cut(tally: Tally) -> None:
    tally.note("First", "x" * 5000)
    tally.note("Second", "é" * 5000)
    assert [(error.kind, set(error.what)) for error in tally.errors()] == [
        ("Second", {"é"}),
        ("First", {"x"}),
    ]


@pytest.mark.parametrize(
    ("hit", "stale", "miss", "bypass", "rate"), [(0, 0, 0, 0, None), (3, 1, 3, 1, 50), (0, 0, 9, 0, 0)]
)
def test_the_hit_rate(hit: int, stale: int, miss: int, bypass: int, rate: float | None) -> None:
    assert hit_rate({"hit": hit, "stale": stale, "miss": miss, "bypass": bypass}) == rate
