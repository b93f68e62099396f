"""The loader as a process of its own: what it leaves when it is stopped, and the memory that it takes."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from covid.loading import staging
from covid.loading.bulk import LoadData
from covid.loading.columns import NAMES
from covid.loading.generate import GeneratedRecords
from tests.site.loading.conftest import as_csv, made_up, stored, tables

pytestmark = pytest.mark.django_db(transaction=True)

Loader = Callable[..., "subprocess.Popen[str]"]
OURS = {"covid_article", "covid_dataset", "covid_revision"}
LIMIT = 150e6
"""Bytes of memory that a load may take, whatever the file's size."""
WEIGH = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(status)
"""
"""Runs a command and prints the most memory that it had. (A child counts what its parent had at the fork:
the parent has to be a small one.)"""


def staged(process: "subprocess.Popen[str]") -> None:
    """Wait until the load has begun to fill its table."""
    while staging.ARTICLES + staging.STAGING not in tables():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def told(process: "subprocess.Popen[str]") -> None:
    """Wait until the load has shown how far it is."""
    assert process.stdout
    while "Loading" not in (line := process.stdout.readline()):
        assert line, process.communicate()


@pytest.fixture
def old_rows(load: Callable[..., str], folder: Path) -> list[tuple[str, ...]]:
    path = folder / "old.csv"
    path.write_bytes(as_csv(made_up(20)))
    load(path)
    return stored()


@pytest.mark.parametrize("reached", [staged, told])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_load_leaves_the_old_rows(
    loader: Loader,
    load: Callable[..., str],
    old_rows: list[tuple[str, ...]],
    number: signal.Signals,
    reached: Callable[["subprocess.Popen[str]"], None],
) -> None:
    process = loader("--generate=1000000")
    reached(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert "the old rows stay" in errors
    assert "Traceback" not in errors
    assert stored() == old_rows
    assert tables() == OURS
    assert "Loaded 5 rows" in load("--generate=5")


def test_a_signal_while_the_statement_is_being_started_ends_it_first(
    load: Callable[..., str], old_rows: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = LoadData.__init__

    def interrupted(self: LoadData, *arguments: Any) -> None:
        start(self, *arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(LoadData, "__init__", interrupted)
    with pytest.raises(CommandError, match="the old rows stay") as caught:
        load("--generate=5")
    assert caught.value.returncode == 128 + signal.SIGTERM
    assert stored() == old_rows
    assert tables() == OURS


def test_a_killed_load_leaves_the_old_rows_and_can_run_again(
    loader: Loader, load: Callable[..., str], old_rows: list[tuple[str, ...]]
) -> None:
    process = loader("--generate=1000000")
    staged(process)
    process.kill()
    process.communicate()
    assert stored() == old_rows
    assert "Loaded 7 rows" in load("--generate=7")
    assert len(stored()) == 7
    assert tables() == OURS


def test_memory_stays_flat(loader: Loader, folder: Path) -> None:
    peaks = []
    for count in (5_000, 60_000):
        path = folder / f"{count}.csv"
        with path.open("w", newline="") as file:
            rows = (row for row, _ in GeneratedRecords(count, seed=1))
            csv.writer(file, lineterminator="\n").writerows(chain([NAMES], rows))
        process = loader(path, by=[sys.executable, "-c", WEIGH])
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        peaks.append(int(output.splitlines()[-1]))
    assert path.stat().st_size > 100e6
    assert max(peaks) < LIMIT
    assert peaks[1] - peaks[0] < 20e6
