"""Loads beside each other, beside readers, and ended in the middle."""

import io
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from covid.loading import staging
from local.waiting import until
from tests.site.loading.conftest import (
    OURS,
    Load,
    Stored,
    as_csv,
    check_nothing_changed,
    made_up,
    stored,
    tables,
)

pytestmark = pytest.mark.django_db(transaction=True)

Loader = Callable[..., subprocess.Popen[str]]


def test_leftovers_of_a_killed_load_are_dropped(load: Load) -> None:
    with connection.cursor() as cursor:
        for table in OURS:
            cursor.execute(f"CREATE TABLE {table}{staging.STAGING} LIKE {table}")
            cursor.execute(f"CREATE TABLE {table}{staging.RETIRED} LIKE {table}")
    load("--generate=5")
    assert tables() == OURS


def test_two_loads_do_not_meet(load: Load) -> None:
    with staging.exclusive(), pytest.raises(CommandError, match="another load is running"):
        load("--generate=5")


def test_once_waits_for_the_other_load(load: Load) -> None:
    """Two hosts that boot at the same time: one loads, and the other finds the rows."""
    waits = Event()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            if "waiting for it" in text:
                waits.set()
            return super().write(text)

    out = Out()

    def second() -> None:
        call_command("load_articles", "--once", "--generate=5", stdout=out)
        connections.close_all()

    thread = Thread(target=second)
    with staging.exclusive():
        thread.start()
        assert waits.wait(30)
        assert stored() == []
    thread.join()
    assert "Loaded 5 rows" in out.getvalue()


def test_a_reader_in_a_long_transaction_is_not_cut_off(
    load: Load, old_rows: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "SWAP_ATTEMPTS", 1)
    connection.set_autocommit(False)
    try:
        assert len(stored()) == len(old_rows)
        with pytest.raises(CommandError, match="keeps reading the old rows"):
            load("--generate=5")
        assert stored() == old_rows
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    check_nothing_changed(old_rows)


def test_readers_see_the_old_rows_or_the_new(load: Load) -> None:
    """One statement that reads both tables sees rows and their description of the same load."""
    load("--generate=300")
    seen: set[tuple[int, int]] = set()
    over = Event()

    def read() -> None:
        with connection.cursor() as cursor:
            while not over.is_set():
                cursor.execute(
                    "SELECT COUNT(*), (SELECT `rows` FROM covid_dataset ORDER BY id DESC LIMIT 1)"
                    " FROM covid_article"
                )
                seen.add(cursor.fetchone())
        connection.close()

    reader = Thread(target=read)
    reader.start()
    for count in (900, 300, 900):
        load(f"--generate={count}")
    over.set()
    reader.join()
    assert seen == {(300, 300), (900, 900)}


def rows_arrive() -> bool:
    """Is a LOAD DATA statement at work?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist"
            " WHERE info LIKE 'LOAD DATA LOCAL INFILE ''/dev/fd%'"
        )
        return cursor.fetchone()[0] == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_load_in_order(
    load: Load, loader: Loader, old_rows: Stored, number: signal.Signals, code: int
) -> None:
    process = loader("--generate=10000000")
    assert until(rows_arrive, timeout=60)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert error == f"CommandError: interrupted by {number.name}: the old rows stay\n"
    assert process.returncode == code
    check_nothing_changed(old_rows)
    assert "Loaded 5 rows" in load("--generate=5")


def test_a_killed_load_leaves_the_old_rows(load: Load, loader: Loader, old_rows: Stored) -> None:
    process = loader("--generate=10000000")
    assert until(rows_arrive, timeout=60)
    process.kill()
    process.wait()
    assert stored() == old_rows
    load("--once", "--generate=5")  # waits until the server has noticed, and clears up
    check_nothing_changed(old_rows)
    assert "Loaded 5 rows" in load("--generate=5")


def test_a_server_that_ends_the_statement_is_told_in_a_line(
    load: Load, old_rows: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "WRITE_TIMEOUT", 1)

    def end_it() -> None:
        if until(rows_arrive, timeout=60):
            with connection.cursor() as cursor:
                cursor.execute("SELECT id FROM information_schema.processlist WHERE info LIKE 'LOAD DATA%'")
                cursor.execute(f"KILL {cursor.fetchone()[0]}")
        connections.close_all()

    thread = Thread(target=end_it)
    thread.start()
    with pytest.raises(CommandError, match=r"^the database says: [^\n]+; the old rows stay$"):
        load("--generate=1000000")
    thread.join()
    assert stored() == old_rows
    load("--once", "--generate=5")
    check_nothing_changed(old_rows)


def test_a_database_that_is_not_there_is_told_in_a_line(loader: Loader) -> None:
    process = loader("--generate=5", DATABASE_NAME="nowhere")
    _, error = process.communicate(timeout=60)
    assert error == "CommandError: the database says: Unknown database 'nowhere'; the old rows stay\n"
    assert process.returncode == 1


def test_memory_stays_flat(loader: Loader, folder: Path) -> None:
    """A file twenty times as large takes no more memory, and less than 150 MB."""
    peaks = []
    for count in (1_000, 20_000):
        path = folder / f"{count}.csv"
        path.write_bytes(as_csv(made_up(count)))
        output, _ = loader(path, program=Path(__file__).with_name("measured.py")).communicate()
        assert f"Loaded {count:,} rows" in output
        peaks.append(int(output.split()[-1]) / 1024)
    assert path.stat().st_size > 40e6
    assert peaks[1] < peaks[0] + 10
    assert peaks[1] < 150


def test_progress_is_told_in_plain_lines(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covid.loading.progress.LINE_EVERY", 1e-9)
    lines = load("--generate=400").splitlines()
    assert len(lines) == 3 + 1
    assert lines[0].startswith("Loading: 50 %, 200 rows, ")
    assert lines[0].endswith(" left")
