"""Files to load, and the loader as a function and as a process of its own."""

import csv
import io
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import zstandard
from django.core.management import call_command
from django.db import connection
from hypothesis import settings

from covid.loading.columns import NAMES, Row
from covid.loading.generate import GeneratedRecords
from tests.site.settings import VAR

examples = settings(max_examples=60, deadline=None, database=None)  # how long one takes is no promise

ROOT = Path(__file__).resolve().parents[3]
REAL = ROOT.parent / "shared" / "data" / "articles_open.csv.zst"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of this test's own, which also takes the loader's temporary files."""
    made = VAR / "loading" / uuid.uuid4().hex[:8]
    made.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr("tempfile.tempdir", str(made))
    yield made
    shutil.rmtree(made)


def made_up(count: int, seed: int = 1) -> list[Row]:
    return [row for row, _ in GeneratedRecords(count, seed)]


def as_csv(rows: Sequence[Sequence[str]], header: Sequence[str] = NAMES, end: str = "\n") -> bytes:
    """With minimal quotes. (The csv module's writer leaves a lone carriage return unquoted before 3.13.)"""
    text = "".join(",".join(map(_quoted, row)) + end for row in (header, *rows))
    return text.encode("utf-8", "surrogateescape")


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if set(value) & set(',"\r\n') else value


@pytest.fixture
def article_file(folder: Path) -> tuple[Path, list[Row]]:
    """Real articles where the data set is at hand, else made-up ones, packed with zstd; and their rows."""
    if REAL.exists():
        unpacked = zstandard.ZstdDecompressor().stream_reader(REAL.read_bytes()).read()
    else:
        unpacked = as_csv(made_up(2_500))
    path = folder / "articles.csv.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(unpacked))
    rows = list(csv.reader(io.StringIO(unpacked.decode(), newline="")))
    return path, rows[1:]


@pytest.fixture
def load(folder: Path) -> Callable[..., str]:
    """Run load_articles in this process; returns what it printed."""

    def run(*arguments: object, **options: object) -> str:
        out = io.StringIO()
        call_command("load_articles", *map(str, arguments), stdout=out, **options)
        return out.getvalue()

    return run


@pytest.fixture
def loader(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start load_articles as a process on the test's database, `by` another; it is killed with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, by: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
        variables = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_NAME": connection.settings_dict["NAME"],
            "TMPDIR": str(folder),
        }
        process = subprocess.Popen(
            [*by, sys.executable, ROOT / "manage.py", "load_articles", *map(str, arguments)],
            env=variables | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES LIKE 'covid\\_%%'")
        return {name for (name,) in cursor.fetchall()}


def stored() -> list[tuple[str, ...]]:
    """What the table holds, as text, in the file's column order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM covid_article ORDER BY object_id")
        return [tuple(map(str, row)) for row in cursor.fetchall()]
