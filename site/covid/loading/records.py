"""A CSV stream's rows, each with the line it began at and its raw text."""

import csv
import io
from collections.abc import Iterator
from typing import Protocol

from covid.loading.columns import Row, picker
from covid.loading.errors import LoadError

MAX_LINE = 2**21  # bytes; a longer line is cut, and its parts are then short rows
MAX_ROW = 2**22  # bytes of one row, over all of its lines
BOM = b"\xef\xbb\xbf"
QUOTED = "\0"


class Records(Protocol):
    """Rows in the table's order, where they came from, and how far along they are."""

    line: int  # where the newest row began, from 1

    def __iter__(self) -> Iterator[tuple[Row, str]]:
        """Each row and '', or an empty row and why it can't be read."""

    def raw(self) -> str:
        """The newest row as it stood; bytes that were not UTF-8 are lone surrogates (PEP 383)."""

    def progress(self) -> tuple[int, int]:
        """How much is read, and of how much: bytes or rows."""


class CsvRecords:
    """The rows of a CSV stream in UTF-8, with or without a byte order mark. Memory stays flat.

    LoadError when the header is missing, or a column.
    """

    def __init__(self, stream: io.BufferedReader, packed: io.BufferedIOBase, size: int) -> None:
        """`packed` is the file below `stream`; how far it is read, of `size` bytes, is the progress."""
        if stream.peek(3).startswith(BOM):
            stream.read(len(BOM))
        self._stream = stream
        self._packed = packed
        self._size = size
        self._lines_read = 0
        self._ahead = ""  # a line that is read, and that the csv module is to see
        self._csv = csv.reader(self._lines(), strict=True)
        self._begin_row()
        try:
            header = next(self._csv, None)
        except csv.Error as error:
            raise LoadError(f"its first line is not CSV: {error}") from None
        if not header:
            raise LoadError("it holds no rows: its first line must name the 13 columns")
        self._width = len(header)
        self._pick = picker(header)

    def __iter__(self) -> Iterator[tuple[Row, str]]:
        width, pick = self._width, self._pick
        while True:
            self._begin_row()
            line = self._read_line()
            if not line:
                return
            row = split(line)
            if row is None:
                self._ahead = line
                try:
                    row = next(self._csv)
                except csv.Error as error:
                    yield (), f"not CSV: {error}"
                    continue
            if not self._is_utf8:
                yield (), "not UTF-8"
            elif len(row) == width:
                yield pick(row), ""
            elif row:  # a blank line is no row
                yield (), f"{len(row)} fields where the first line has {width}"

    def raw(self) -> str:
        return "".join(self._row)

    def progress(self) -> tuple[int, int]:
        return min(self._packed.tell(), self._size), self._size

    def _begin_row(self) -> None:
        self.line = self._lines_read + 1
        self._row: list[str] = []
        self._length = 0
        self._is_utf8 = True

    def _lines(self) -> Iterator[str]:
        while line := self._ahead or self._read_line():
            self._ahead = ""
            yield line

    def _read_line(self) -> str:
        """The next line with its end; '' after the last one."""
        data = self._stream.readline(MAX_LINE)
        self._lines_read += 1
        self._length += len(data)
        if self._length > MAX_ROW:
            raise LoadError(f"the row at line {self.line} has over {MAX_ROW:,} bytes: is a quote left open?")
        try:
            line = data.decode()
        except UnicodeDecodeError:
            self._is_utf8 = False
            line = data.decode(errors="surrogateescape")
        self._row.append(line)
        return line


def split(line: str) -> list[str] | None:
    """A line's fields, if it is a plain row; None where it takes the csv module, which is three times slower.

    That is so for doubled or stray quotes, a row that goes on in the next line, and control characters.
    """
    text = line.removesuffix("\n").removesuffix("\r")
    parts = text.split('"')
    between = QUOTED.join(parts[::2])  # each quoted text is now one character
    if len(parts) % 2 == 0 or QUOTED in line or "\r" in between or len(line) > csv.field_size_limit():
        return None
    fields = between.split(",")
    if len(parts) > 1:
        if fields.count(QUOTED) != len(parts) // 2:
            return None
        texts = iter(parts[1::2])
        fields = [next(texts) if field == QUOTED else field for field in fields]
    return fields if text else []
