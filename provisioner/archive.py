"""The site as one file: the same content gives the same bytes, so its hash is its name."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LEFT_OUT = {"__pycache__", ".DS_Store"}


@dataclass(frozen=True)
class Archive:
    """A gzipped tar file in memory."""

    content: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def pack(root: Path, names: Iterable[str]) -> Archive:
    """Pack these files and folders of `root`. Times, owners and order don't show in the bytes.

    Raises FileNotFoundError for a name that is not there.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(path for name in names for path in _files(root / name)):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(root).as_posix())
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    return Archive(packed.getvalue())


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(path)
    return [each for each in path.rglob("*") if each.is_file() and not LEFT_OUT & set(each.parts)]
