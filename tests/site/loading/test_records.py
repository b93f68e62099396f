"""CSV text into rows: nothing lost, nothing added, and each fault with its line."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid.loading import records
from covid.loading.columns import NAMES, Row
from covid.loading.errors import LoadError
from covid.loading.records import CsvRecords, split
from covid.loading.unpack import unpack
from tests.site.loading.conftest import as_csv, examples

ROW = ("7", "", "Wuhan", "In Wuhan.", "Wuhan, China", "", "A title", "", "2020", "", "", "PMC", "cc-by")

# What breaks CSV readers, more often than chance would have it; and any other text.
ODD = st.sampled_from('",\\\n\r\t;\0\x1e\x1f \ufeffé😀a')
TEXT = st.text(ODD | st.characters(exclude_categories=["Cs"]), max_size=9)
ROWS = st.lists(st.tuples(*[TEXT] * len(NAMES)), max_size=3)


def read(data: bytes) -> list[tuple[int, Row, str]]:
    """Line, row and fault of every record in a file of these bytes."""
    file = io.BytesIO(data)
    found = CsvRecords(unpack(file), file, len(data))
    return [(found.line, tuple(row), fault) for row, fault in found]


@examples
@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_rows_come_back_as_they_were_written(rows: list[Row], end: str) -> None:
    assert [row for _, row, _ in read(as_csv(rows, end=end))] == rows


@examples
@given(st.text(st.sampled_from('ab,"\r\0é')) | st.text(), st.sampled_from(["", "\n", "\r\n"]))
def test_the_fast_way_agrees_with_the_csv_module(text: str, end: str) -> None:
    line = text.replace("\n", "") + end
    fields = split(line)
    if fields is not None:
        assert fields == next(csv.reader([line], strict=True))


def test_the_fast_way_is_taken_for_plain_rows() -> None:
    assert split('7,"a, b",,"","c\\n"\r\n') == ["7", "a, b", "", "", "c\\n"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte order mark"])
def test_columns_are_found_by_their_names(mark: bytes) -> None:
    header = ["Extra", *reversed(NAMES), "more"]
    header[2] = "source "
    [(line, row, fault)] = read(mark + as_csv([["x", *reversed(ROW), "y"]], header))
    assert (line, row, fault) == (2, ROW, "")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\n\n", "no rows"),
        (as_csv([ROW[1:]], NAMES[1:]), "it lacks OBJECTID"),
        (as_csv([], [*NAMES, "objectid"]), "twice: OBJECTID"),
        (b'"OBJECTID', "not CSV: unexpected end of data"),
    ],
)
def test_a_bad_header_is_an_error(data: bytes, says: str) -> None:
    with pytest.raises(LoadError, match=says):
        read(data)


def test_each_bad_row_is_told_with_the_line_it_began_at() -> None:
    long = ("1", *ROW[1:3], "two\nlines", *ROW[4:])
    rows: list[Sequence[str]] = [long, ROW[:5], [*ROW, "more"], ["8", "\udcff", *ROW[2:]], ROW]
    data = as_csv(rows) + b"\n" + as_csv([ROW]).splitlines()[1] + b'\n9,"stray"quote,\n'
    assert [(line, fault) for line, _, fault in read(data)] == [
        (2, ""),
        (4, "5 fields where the first line has 13"),
        (5, "14 fields where the first line has 13"),
        (6, "not UTF-8"),
        (7, ""),
        (9, ""),  # line 8 is blank
        (10, "not CSV: ',' expected after '\"'"),
    ]


def test_a_bad_row_is_kept_as_it_stood() -> None:
    file = io.BytesIO(as_csv([]) + b'1,"a\r\n\xff"\nnext')
    found = CsvRecords(unpack(file), file, 1)
    next(iter(found))
    assert found.raw().encode(errors="surrogateescape") == b'1,"a\r\n\xff"\n'


def test_rows_after_a_quote_left_open_are_read_again() -> None:
    data = as_csv([ROW]) + b'8,"' + b"x" * 200_000 + b"\n" + as_csv([ROW]).splitlines()[1]
    faults = [fault for _, _, fault in read(data)]
    assert faults == ["", "not CSV: field larger than field limit (131072)", ""]


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_LINE", 1000)
    faults = [fault for _, _, fault in read(as_csv([]) + b"x" * 2500)]
    assert faults == ["1 fields where the first line has 13"] * 3


def test_a_row_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_ROW", 1000)
    with pytest.raises(LoadError, match=r"line 2 has over 1,000 bytes: is a quote left open\?"):
        read(as_csv([]) + b'"a\n",' * 300)
