"""The file of rows that could not be stored: line number, reason, the raw row."""

import csv
import tempfile
from pathlib import Path
from typing import TextIO

from covid.loading.errors import LoadError

MAX_LISTED = 5  # reasons that are also told at the end


class Rejects:
    """Keeps bad rows aside, up to a limit. Without a path, a temporary file is made for the first of them."""

    def __init__(self, limit: int, path: Path | None = None) -> None:
        """LoadError if `path` can't be written."""
        self.count = 0
        self.path = path
        self.listed: list[str] = []
        self._limit = limit
        self._file: TextIO | None = None
        if path:
            self._open(path)

    def add(self, line: int, reason: str, raw: str) -> None:
        """Keep a row aside; LoadError when that is one too many."""
        if self._file is None:
            with tempfile.NamedTemporaryFile("w", prefix="rejects-", suffix=".csv", delete=False) as made:
                self.path = Path(made.name)
            self._open(self.path)
        self._writer.writerow([line, reason, raw])
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(f"line {line}: {reason}")
        if self.count > self._limit:
            raise LoadError(
                f"more than {self._limit} bad rows, the newest at line {line}: {reason}; all of them are in "
                f"{self.path} (--max-rejects allows more)"
            )

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _open(self, path: Path) -> None:
        try:
            # surrogateescape: a row that is not UTF-8 is kept byte for byte.
            self._file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        except OSError as error:
            raise LoadError(f"cannot write the rejects to {path}: {error.strerror}") from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(["line", "reason", "row"])
