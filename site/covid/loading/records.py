"""A CSV stream's rows, each with the line it began at and its raw text."""

import csv
import io
from collections.abc import Iterator
from typing import Protocol

from covid.loading.columns import Row, picker
from covid.loading.errors import LoadError

MAX_LINE = 2**21  # characters; a longer line is cut, and its parts are then short rows
MAX_RECORD = 2**22  # characters of one row, over all of its lines
BUFFER = 2**17  # bytes


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

    LoadError when the header lacks, or lacks a column.
    """

    def __init__(self, stream: io.BufferedReader, packed: io.BufferedIOBase, size: int) -> None:
        """`packed` is the file below `stream`; how far it is read, of `size` bytes, is the progress."""
        if stream.peek(3).startswith(b"\xef\xbb\xbf"):
            stream.read(3)
        # newline='': only so do line breaks inside quotes stay what they are.
        self._text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
        self._text._CHUNK_SIZE = BUFFER
        self._packed = packed
        self._size = size
        self._lines: list[str] = []
        self._length = 0
        self._reader = csv.reader(self._read_lines(), strict=True)
        self.line = 1
        try:
            header = next(self._reader, None)
        except csv.Error as error:
            raise LoadError(f"its first line is not CSV: {error}") from None
        if not header:
            raise LoadError("it holds no rows: its first line must name the 13 columns")
        self._width = len(header)
        self._pick = picker(header)

    def __iter__(self) -> Iterator[tuple[Row, str]]:
        reader, width, pick = self._reader, self._width, self._pick
        while True:
            self.line = reader.line_num + 1
            self._lines.clear()
            self._length = 0
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield (), f"not CSV: {error}"
                continue
            if len(row) == width:
                yield pick(row), ""
            elif row:  # a blank line is no row
                yield (), f"{len(row)} fields where the first line has {width}"

    def raw(self) -> str:
        return "".join(self._lines)

    def progress(self) -> tuple[int, int]:
        return min(self._packed.tell(), self._size), self._size

    def _read_lines(self) -> Iterator[str]:
        while line := self._text.readline(MAX_LINE):
            self._lines.append(line)
            self._length += len(line)
            if self._length > MAX_RECORD:
                raise LoadError(
                    f"the row at line {self.line} has over {MAX_RECORD} characters: is a quote left open?"
                )
            yield line
