"""A file or an address, opened as rows."""

import contextlib
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from covid.loading.download import Report, Unreachable, download, public_address
from covid.loading.errors import LoadError
from covid.loading.records import CsvRecords
from covid.loading.unpack import unpack

# The sample's own data set: CC BY 4.0, by Charlie Harper.
SAMPLE = "https://aws-blogs-artifacts-public.s3.amazonaws.com/artifacts/DBBLOG-1922/sample-dataset.zip"


def public_name(source: str) -> str:
    """How pages and messages may name a source: no folders, no passwords."""
    return public_address(source) if "://" in source else Path(source).name


@contextlib.contextmanager
def opened(source: str, report: Report, sha256: str = "") -> Iterator[CsvRecords]:
    """The rows of a file or an http(s) address; LoadError (or Unreachable) when it can't be had or read.

    `report` hears of a download's progress. With `sha256`, in hexadecimal, another checksum is an error.
    """
    try:
        with _file(source, report) as file:
            if sha256 and (found := hashlib.file_digest(file, "sha256").hexdigest()) != sha256.lower():
                raise LoadError(f"its SHA-256 is {found}, not {sha256}: it is damaged, or another file")
            size = file.seek(0, 2)
            file.seek(0)
            yield CsvRecords(unpack(file), file, size)
    except Unreachable:
        raise
    except LoadError as error:
        raise LoadError(f"{public_address(source) if '://' in source else source}: {error}") from None


def _file(source: str, report: Report) -> BinaryIO:
    if "://" in source:
        if not source.lower().startswith(("http://", "https://")):
            raise LoadError("give a file, or an address that begins with http:// or https://")
        return download(source, report)
    try:
        file = Path(source).open("rb")  # noqa: SIM115  (the caller closes it)
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(Path(source).stat().st_mode):
        file.close()
        raise LoadError("it is not a regular file")
    return file
