"""The pipeline: rows are checked one by one, stored aside, and swapped in when the last of them is right."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from covid.loading import staging
from covid.loading.bulk import Inserts, LoadData, Sink, local_infile_is_on
from covid.loading.columns import fault
from covid.loading.errors import LoadError
from covid.loading.records import Records
from covid.loading.rejects import Rejects
from covid.loading.seen import SeenIds
from covid.loading.signals import Interruptible

Show = Callable[[int, int, int], None]  # how much is read, of how much, and rows handed on so far


@dataclass
class Load:
    """One load over a connection from staging.exclusive(). `tell` takes a line for the person who waits."""

    connection: BaseDatabaseWrapper
    rejects: Rejects
    show: Show
    tell: Callable[[str], object]
    signals: Interruptible

    def run(self, records: Records, origin: staging.Origin) -> int:
        """Put the records in place of what the table holds; returns how many were stored.

        Whatever is raised, an error or an interruption: the old rows stay and nothing is left behind.
        """
        try:
            rows = self._fill(records)
            if not rows:
                raise LoadError(
                    "it holds no row that can be stored" if self.rejects.count else "it holds no rows"
                )
            with self.signals.deferred():  # no statement is left on the connection that cleans up
                staging.index(self.connection)
            with self.signals.shielded():
                staging.swap(self.connection, origin, rows, self.rejects.count)
        except BaseException:
            if self.connection.connection:
                with contextlib.suppress(Error):  # what stopped the load matters; the next one drops the rest
                    staging.drop_leftovers(self.connection)
            raise
        return rows

    def _sink(self, table: str) -> Sink:
        if local_infile_is_on(self.connection, table):
            return LoadData(self.connection, table)
        self.tell("LOAD DATA LOCAL INFILE is off on this server: inserting in batches, which is slower.")
        return Inserts(self.connection, table)

    def _fill(self, records: Records) -> int:
        with contextlib.ExitStack() as stack:
            with self.signals.deferred():  # a sink may have a thread on the connection: it must be known
                sink = self._sink(staging.create(self.connection))
                stack.callback(sink.abort)
            seen = stack.enter_context(contextlib.closing(SeenIds()))
            self._check(records, sink, seen)
            return sink.finish()

    def _check(self, records: Records, sink: Sink, seen: SeenIds) -> None:
        added = 0
        for row, reason in records:
            reason = reason or fault(row)
            if not reason and not seen.add(int(row[0])):
                reason = f"OBJECTID {int(row[0])} stands on an earlier line too"
            if reason:
                self.rejects.add(records.line, reason, records.raw())
                continue
            sink.add(row)
            added += 1
            if added % 100 == 0:
                self.show(*records.progress(), added)
