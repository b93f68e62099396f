"""Rows into a table: streamed through LOAD DATA LOCAL INFILE, or as multi-row INSERTs where that is off."""

import os
import threading
from typing import Protocol

from django.db import DatabaseError, Error
from django.db.backends.base.base import BaseDatabaseWrapper

from covid.loading.columns import FIELDS, Row
from covid.loading.errors import LoadError

# Control characters that texts hardly hold; where one does, it is escaped like a backslash.
FIELD_END = "\x1f"
LINE_END = "\x1e"
ESCAPES = str.maketrans({character: f"\\{character}" for character in (FIELD_END, LINE_END, "\\")})

BATCH = 2**18  # bytes or characters of rows that are handed on at once

# The server's or the client's refusal: not allowed with this version, off on the server, off in the client.
NOT_ALLOWED = {1148, 4166, 3948, 3950, 2068}
PATIENCE = 60  # seconds that an aborted statement gets to end; the next load drops what it leaves

_COLUMNS = ", ".join(f"`{field.column}`" for field in FIELDS)


class Sink(Protocol):
    """Takes rows for one table, and hands them on in batches."""

    def add(self, row: Row) -> None: ...

    def finish(self) -> int:
        """Wait until all rows are stored, and return how many; LoadError if the server altered one."""

    def abort(self) -> None:
        """Stop, whatever is stored. Safe at any time, also after finish()."""


def local_infile_is_on(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Do server and client both allow LOAD DATA LOCAL INFILE? Asked by loading nothing into `table`."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(_load_data(table), [os.devnull])
        except DatabaseError as error:
            if error.args[0] in NOT_ALLOWED:
                return False
            raise
    return True


class LoadData:
    """One LOAD DATA statement, in a thread, that reads a pipe which add() feeds.

    The statement ends when the pipe does: no file, nothing that outlives the process, and a caller that a
    signal still reaches. The client library opens the pipe as /dev/fd/N. When the statement fails, the pipe's
    last reader goes, and add() sees that.
    """

    def __init__(self, connection: BaseDatabaseWrapper, table: str) -> None:
        self._connection = connection
        self._table = table
        self._batch: list[bytes] = []
        self._size = self._sent = self._stored = 0
        self._warning = ""
        self._error: Error | None = None
        self._out, pipe = os.pipe()
        self._pipe = os.fdopen(pipe, "wb", buffering=0)
        connection.inc_thread_sharing()
        self._thread = threading.Thread(target=self._load, name="load-data", daemon=True)
        self._thread.start()

    def add(self, row: Row) -> None:
        line = FIELD_END.join(row)
        if "\\" in line or LINE_END in line or line.count(FIELD_END) != len(row) - 1:
            line = FIELD_END.join([value.translate(ESCAPES) for value in row])
        data = (line + LINE_END).encode()
        self._batch.append(data)
        self._size += len(data)
        self._sent += 1
        if self._size >= BATCH:
            self._flush()

    def finish(self) -> int:
        self._flush()
        self._end()
        if self._warning or self._stored != self._sent:
            raise LoadError(
                f"the server kept {self._stored:,} of {self._sent:,} rows as they were: {self._warning}"
            )
        return self._stored

    def abort(self) -> None:
        self._pipe.close()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():  # a connection serves one thread: leave it to that one
            self._connection.connection = None

    def _flush(self) -> None:
        data = memoryview(b"".join(self._batch))
        self._batch, self._size = [], 0
        try:
            while data:
                data = data[self._pipe.write(data) :]
        except BrokenPipeError:
            self._end()
            raise LoadError("the server stopped reading the rows") from None

    def _end(self) -> None:
        """Close the pipe, wait for the statement, and raise what it raised."""
        self._pipe.close()
        self._thread.join()
        if self._error:
            raise self._error

    def _load(self) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(_load_data(self._table), [f"/dev/fd/{self._out}"])
                self._stored = cursor.rowcount
                # LOCAL turns errors into warnings: a row that does not fit would be cut or skipped.
                cursor.execute("SHOW WARNINGS LIMIT 1")
                self._warning = next((message for _, _, message in cursor.fetchall()), "")
        except Error as error:
            self._error = error
        finally:
            os.close(self._out)


class Inserts:
    """INSERTs of many rows each, committed batch by batch."""

    def __init__(self, connection: BaseDatabaseWrapper, table: str) -> None:
        self._connection = connection
        self._batch: list[Row] = []
        self._size = self._sent = 0
        marks = ", ".join(["%s"] * len(FIELDS))
        self._insert = f"INSERT INTO `{table}` ({_COLUMNS}) VALUES ({marks})"
        connection.set_autocommit(False)

    def add(self, row: Row) -> None:
        self._batch.append(row)
        self._size += sum(map(len, row))
        self._sent += 1
        if self._size >= BATCH:
            self._flush()

    def finish(self) -> int:
        self._flush()
        self._connection.set_autocommit(True)
        return self._sent

    def abort(self) -> None:
        self._connection.rollback()
        self._connection.set_autocommit(True)

    def _flush(self) -> None:
        if self._batch:
            with self._connection.cursor() as cursor:
                cursor.executemany(self._insert, self._batch)
            self._connection.commit()
        self._batch, self._size = [], 0


def _load_data(table: str) -> str:
    return (
        f"LOAD DATA LOCAL INFILE %s INTO TABLE `{table}` CHARACTER SET utf8mb4"
        f" FIELDS TERMINATED BY X'{ord(FIELD_END):02x}' ENCLOSED BY '' ESCAPED BY X'5c'"
        f" LINES TERMINATED BY X'{ord(LINE_END):02x}' ({_COLUMNS})"
    )
