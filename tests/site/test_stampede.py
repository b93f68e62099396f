"""Many readers miss at once, in real threads of real processes: one asks MySQL, and all are answered."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from covid import levels
from covid.answers import Outcome
from covid.models import Article
from covid.questions import FIRST
from covid.timing import Timings
from tests.site.test_caching import age_entry

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True)

Crowd = subprocess.Popen[str]


@pytest.fixture
def crowd() -> Iterator[Callable[..., Crowd]]:
    """Starts a process of readers that is ready to read."""
    started: list[Crowd] = []

    def start(*arguments: object) -> Crowd:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.site.crowd", *map(str, arguments)],
            cwd=ROOT,
            env=os.environ
            | {"TEST_DATABASE": connection.settings_dict["NAME"], "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def go(process: Crowd) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


def answers(processes: list[Crowd]) -> list[str]:
    """What every reader of these processes got, sorted."""
    return sorted(line for process in processes for line in process.communicate(timeout=60)[0].splitlines())


@contextmanager
def queries() -> Iterator[Callable[[], int]]:
    """Gives a function that tells how often MySQL was asked for the rows since the block began."""
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL log_output = 'TABLE'")
        cursor.execute("TRUNCATE mysql.general_log")
        cursor.execute("SET GLOBAL general_log = ON")

    def asked() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Query'"
                " AND argument LIKE 'SELECT%%sentence%%delta%%LIMIT 500'"
            )
            return cursor.fetchone()[0]

    try:
        yield asked
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL general_log = OFF")


def test_sixty_four_misses_at_once_are_one_query(
    articles: list[Article], crowd: Callable[..., Crowd]
) -> None:
    processes = [crowd(16) for _ in range(4)]
    with queries() as asked:
        for process in processes:
            go(process)
        assert answers(processes) == ["hit 2"] * 63 + ["miss 2"]
        assert asked() == 1


def test_an_empty_result_is_kept_too(db: None, crowd: Callable[..., Crowd]) -> None:
    processes = [crowd(8) for _ in range(2)]
    with queries() as asked:
        for process in processes:
            go(process)
        assert answers(processes) == ["hit 0"] * 15 + ["miss 0"]
        assert asked() == 1


def test_when_the_one_that_computes_is_killed_another_does(
    articles: list[Article], crowd: Callable[..., Crowd]
) -> None:
    owner, others = crowd(1, "HANG"), [crowd(8) for _ in range(2)]
    with queries() as asked:
        go(owner)
        assert owner.stdout.readline() == "computing\n"
        for process in others:
            go(process)
        owner.kill()
        assert answers(others) == ["hit 2"] * 15 + ["miss 2"]
        assert asked() == 2


def test_a_stale_answer_is_at_hand_while_another_process_computes(
    articles: list[Article], crowd: Callable[..., Crowd]
) -> None:
    levels.table_cached(FIRST, Timings())
    age_entry(100, FIRST.entry("table"))
    owner = crowd(1, "HANG")
    go(owner)
    assert owner.stdout.readline() == "computing\n"
    timings = Timings()
    table = levels.table_cached(FIRST, timings)
    assert (table.outcome, table.body.count(b"<tr><td>")) == (Outcome.STALE, 2)
    assert timings.ms("wait") == 0
    assert table.answer.entry.age() > 60
