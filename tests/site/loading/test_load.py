"""Whole loads, from a file to the table, against a real MariaDB."""

import csv
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from covid.caching import cache
from covid.loading import staging
from covid.loading.columns import Row
from covid.models import DataSet
from local.servers import free_port
from tests.site.conftest import OwnRedis
from tests.site.loading.conftest import as_csv, examples, made_up, stored, tables

pytestmark = pytest.mark.django_db(transaction=True)

Load = Callable[..., str]
OURS = {"covid_article", "covid_dataset", "covid_revision"}


@pytest.fixture
def without_local_infile() -> Iterator[None]:
    """A server that takes no LOAD DATA LOCAL INFILE, as many are set up."""
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL local_infile = OFF")
        yield
        cursor.execute("SET GLOBAL local_infile = ON")


@pytest.fixture
def old_rows(load: Load, folder: Path) -> list[tuple[str, ...]]:
    """What an earlier load left in the table."""
    path = folder / "old.csv"
    path.write_bytes(as_csv(made_up(20)))
    load(path)
    return stored()


def check_nothing_changed(old_rows: list[tuple[str, ...]]) -> None:
    assert stored() == old_rows
    assert tables() == OURS
    assert DataSet.objects.latest().source == "old.csv"


def check_articles(load: Load, article_file: tuple[Path, list[Row]]) -> str:
    path, rows = article_file
    said = load(path)
    assert stored() == sorted(map(tuple, rows), key=lambda row: int(row[0]))
    assert f"Loaded {len(rows):,} rows from articles.csv.zst" in said
    data_set = DataSet.objects.latest()
    assert (data_set.source, data_set.rows, data_set.rejected) == ("articles.csv.zst", len(rows), 0)
    assert not data_set.generated
    assert tables() == OURS
    return said


def test_the_table_holds_what_the_file_holds(load: Load, article_file: tuple[Path, list[Row]]) -> None:
    assert "LOAD DATA" not in check_articles(load, article_file)


def test_without_local_infile_rows_are_inserted(
    load: Load, article_file: tuple[Path, list[Row]], without_local_infile: None
) -> None:
    assert "LOCAL INFILE is off" in check_articles(load, article_file)


# Whatever MySQL, CSV or our own framing might take for something else.
ODD = st.sampled_from(
    ["\\", "\\N", "NULL", '"', "\x1e", "\x1f", "\0", "\r", "\n", "\t", ",", "\x1a", "😀", "é"]
)
TEXT = st.lists(ODD | st.characters(exclude_categories=["Cs"]), max_size=6).map("".join)
TEXTS = st.tuples(*[TEXT] * 6)


@examples
@given(st.lists(TEXTS, min_size=1, max_size=12))
def check_any_text(load: Load, path: Path, texts: list[tuple[str, ...]]) -> None:
    rows = [
        (str(number), a, b, f"x{c}", d, "", e, f, "2020", "", "", "", "")
        for number, (a, b, c, d, e, f) in enumerate(texts)
    ]
    path.write_bytes(as_csv(rows))
    load(path)
    assert stored() == rows


def test_any_text_is_stored_as_it_is(load: Load, folder: Path) -> None:
    check_any_text(load, folder / "any.csv")


def test_any_text_is_inserted_as_it_is(load: Load, folder: Path, without_local_infile: None) -> None:
    check_any_text(load, folder / "any.csv")


def test_bad_rows_are_kept_aside(load: Load, folder: Path) -> None:
    rows = made_up(4)
    bad_date = [*rows[1][:8], "soon", *rows[1][9:]]
    path = folder / "some.csv"
    path.write_bytes(as_csv([rows[0], bad_date, rows[2], rows[0], rows[3][:7], rows[3]]))
    said = load(path, "--rejects", folder / "bad.csv")
    assert stored() == [rows[0], rows[2], rows[3]]
    assert "Left out 3 bad rows (line 3: PublishedDate must be" in said
    assert DataSet.objects.latest().rejected == 3
    with (folder / "bad.csv").open(newline="") as file:
        header, *kept = csv.reader(file)
    assert header == ["line", "reason", "row"]
    assert [(line, next(csv.reader([raw]))) for line, _, raw in kept] == [
        ("3", bad_date),
        ("5", list(rows[0])),
        ("6", list(rows[3][:7])),
    ]
    assert kept[1][1] == "OBJECTID 1 stands on an earlier line too"


def test_bad_rows_find_a_file_by_themselves(load: Load, folder: Path) -> None:
    path = folder / "some.csv"
    path.write_bytes(as_csv(made_up(1)) + b"\xff\n")
    said = load(path)
    [kept] = folder.glob("rejects-*.csv")
    assert str(kept) in said
    assert kept.read_bytes().endswith(b'3,not UTF-8,"\xff\n"\r\n')


def test_too_many_bad_rows_stop_the_load(load: Load, folder: Path, old_rows: list[tuple[str, ...]]) -> None:
    path = folder / "bad.csv"
    path.write_bytes(as_csv([*made_up(50), ["x"], ["y"], ["z"]]))
    with pytest.raises(CommandError, match="more than 2 bad rows, the newest at line 54: 1 fields") as error:
        load(path, "--max-rejects=2", "--rejects", folder / "rejects.csv")
    assert str(error.value).endswith("; the old rows stay")
    check_nothing_changed(old_rows)
    assert len((folder / "rejects.csv").read_text().splitlines()) > 3


@pytest.mark.parametrize(
    ("data", "arguments", "says"),
    [
        (b"", [], "it is empty"),
        (as_csv([]), [], "it holds no rows"),
        (as_csv([["x"]]), [], "no row that can be stored"),
        (b"<html>", [], "web page"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 30, [], "damaged or cut off"),
        (as_csv(made_up(1)), ["--sha256", "0" * 64], "its SHA-256 is [0-9a-f]{64}, not 0000"),
        (as_csv(made_up(1)), ["--rejects", "/nowhere/at/all.csv"], "cannot write the rejects to /nowhere"),
    ],
)
def test_a_file_that_cannot_be_loaded_changes_nothing(
    load: Load, folder: Path, old_rows: list[tuple[str, ...]], data: bytes, arguments: list[str], says: str
) -> None:
    path = folder / "file"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=says):
        load(path, *arguments)
    check_nothing_changed(old_rows)


def test_the_right_checksum_is_fine(load: Load, folder: Path) -> None:
    path = folder / "file"
    path.write_bytes(as_csv(made_up(3)))
    assert "Loaded 3 rows" in load(path, "--sha256", hashlib.sha256(path.read_bytes()).hexdigest().upper())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.csv"], "nowhere.csv: cannot be read: No such file or directory"),
        (["/"], "/: cannot be read: Is a directory"),
        (["/dev/null"], "not a regular file"),
        (["\0"], "cannot be read"),
        (["ftp://host/file.zip"], "http:// or https://"),
        (["http://["], "not an address"),
        (["file.csv", "--generate"], "neither a source"),
        (["--generate=0"], "a number from 1"),
        (["--max-rejects=-1"], "a number from 0"),
        (["--sha256=abc"], "64 hexadecimal digits"),
    ],
)
def test_wrong_arguments_are_told_in_a_line(load: Load, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says) as error:
        load(*arguments)
    assert "\n" not in str(error.value)


def test_rows_are_made_up_on_demand(load: Load) -> None:
    said = load("--generate=300", "--seed=5")
    assert stored() == made_up(300, seed=5)
    assert "Loaded 300 rows from made-up rows (seed 5)" in said
    assert DataSet.objects.latest().generated


def test_rows_are_made_up_when_the_sample_is_out_of_reach(
    load: Load, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ARTICLES = ""
    address = f"http://127.0.0.1:{free_port()}/sample.zip"
    monkeypatch.setattr("covid.management.commands.load_articles.SAMPLE", address)
    monkeypatch.setattr("covid.management.commands.load_articles.GENERATED", 200)
    first, *_ = load().splitlines()
    assert first == f"cannot reach {address}: Connection refused: loading 200 made-up rows instead"
    assert DataSet.objects.latest().generated
    assert len(stored()) == 200


def test_a_named_source_out_of_reach_is_an_error(
    load: Load, settings, old_rows: list[tuple[str, ...]]
) -> None:
    settings.ARTICLES = f"http://127.0.0.1:{free_port()}/sample.zip"
    with pytest.raises(
        CommandError, match=r"cannot reach http://127\S+: Connection refused; the old rows stay"
    ):
        load()
    check_nothing_changed(old_rows)


def test_the_environment_names_the_source(load: Load, settings, folder: Path) -> None:
    settings.ARTICLES = str(folder / "named.csv")
    (folder / "named.csv").write_bytes(as_csv(made_up(2)))
    assert "Loaded 2 rows from named.csv" in load()


def test_once_is_once(load: Load, folder: Path, old_rows: list[tuple[str, ...]]) -> None:
    assert load("--once", "nowhere.csv") == "There are rows already: nothing to do.\n"
    check_nothing_changed(old_rows)


def test_leftovers_of_a_killed_load_are_dropped(load: Load) -> None:
    with connection.cursor() as cursor:
        for table in (staging.ARTICLES, staging.DATA_SETS):
            cursor.execute(f"CREATE TABLE {table}{staging.STAGING} LIKE {table}")
            cursor.execute(f"CREATE TABLE {table}{staging.RETIRED} LIKE {table}")
    load("--generate=5")
    assert tables() == OURS


def test_two_loads_do_not_meet(load: Load) -> None:
    with staging.exclusive(), pytest.raises(CommandError, match="another load is running"):
        load("--generate=5")


def test_once_waits_for_the_other_load(load: Load, folder: Path) -> None:
    """Two hosts that boot at the same time: one loads, and the other finds the rows."""
    waits = Event()
    with staging.exclusive():
        thread = Thread(target=lambda: (waits.set(), said.append(load("--once", "--generate=5"))))
        said: list[str] = []
        thread.start()
        assert waits.wait(10)
    thread.join()
    assert "Loaded 5 rows" in said[0]


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


def test_a_load_expires_the_cache(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    expired: list[int] = []
    expire = cache.expire
    monkeypatch.setattr(cache, "expire", lambda: expired.append(len(stored())) or expire())
    assert "cache" not in load("--generate=5").lower()
    assert expired == [5]


def test_a_load_goes_well_without_the_cache(load: Load, own_redis: OwnRedis) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    assert "The cache is out" in load("--generate=5")
    assert len(stored()) == 5
