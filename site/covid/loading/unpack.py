"""A csv, zip, gz or zst file as one stream of bytes: told apart by content, damage and bombs refused."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

from covid.loading.errors import LoadError

ZSTD_WINDOW = 2**26  # bytes of memory that a zst file may ask for
ZSTD_BITE = 1024  # bytes unpacked at once: even 4 bytes may become 128 kB


@dataclass(frozen=True)
class Bounds:
    """How many bytes a file may unpack to: in all, and past the first `free` ones, per packed byte."""

    size: int = 2**36
    ratio: int = 250
    free: int = 2**26


def unpack(file: BinaryIO, bounds: Bounds | None = None) -> io.BufferedReader:
    """The file's data; LoadError when it is empty, damaged, of another kind, or a bomb. `file` must seek."""
    head = file.read(4096)
    file.seek(0)
    if not head:
        raise LoadError("it is empty")
    if head.startswith(b"PK\x03\x04"):
        read = _unzip(file)
    elif head.startswith(b"\x1f\x8b"):
        read = gzip.GzipFile(fileobj=file).read1
    elif head.startswith(zstandard.FRAME_HEADER):
        read = _Zstd(file).read
    elif b"\0" in head.partition(b"\n")[0] or head.startswith((b"BZh", b"\xff\xfe", b"\xfe\xff")):
        raise LoadError("it is neither CSV in UTF-8 nor a zip, gz or zst archive")
    elif head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise LoadError("it is a web page (HTML or XML), not a data set")
    else:
        read = file.read
    return io.BufferedReader(_Unpacked(read, file, bounds or Bounds()), 2**17)


class _Unpacked(io.RawIOBase):
    def __init__(self, read: Callable[[int], bytes], packed: BinaryIO, bounds: Bounds) -> None:
        self._read = read
        self._packed = packed
        self._bounds = bounds
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        try:
            data = self._read(len(buffer))
        except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise LoadError(f"the archive is damaged or cut off: {error or 'it ends too early'}") from None
        buffer[: len(data)] = data
        self._total += len(data)
        most = min(self._bounds.size, max(self._bounds.free, self._packed.tell() * self._bounds.ratio))
        if self._total > most:
            raise LoadError(f"it unpacks to more than {most:,} bytes: that is a bomb, not a data set")
        return len(data)


class _Zstd:
    """Frames of zstd. (The module's own stream reader takes a frame that is cut off for a whole one.)"""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._frame = self._context.decompressobj()
        self._begun = False
        self._ready = b""

    def read(self, size: int) -> bytes:
        while not self._ready:
            packed = self._frame.unused_data or self._file.read(ZSTD_BITE)
            if not packed:
                if self._begun and not self._frame.eof:
                    raise EOFError
                return b""
            if self._frame.eof:
                self._frame = self._context.decompressobj()
            self._ready = self._frame.decompress(packed)
            self._begun = True
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


def _unzip(file: BinaryIO) -> Callable[[int], bytes]:
    """The reader of the archive's only .csv member."""
    try:
        archive = zipfile.ZipFile(file)
        names = [name for name in archive.namelist() if _is_csv(name)]
        if len(names) != 1:
            found = ", ".join(names[:5]) or "none"
            raise LoadError(f"the zip archive must hold exactly one .csv file, and holds {found}")
        member = archive.getinfo(names[0])
        if member.flag_bits & 1:
            raise LoadError("the zip archive is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise LoadError("the zip archive is packed in an unusual way: pack it with deflate")
        return archive.open(member).read1
    except (zipfile.BadZipFile, EOFError) as error:
        raise LoadError(f"the zip archive is damaged or cut off: {error}") from None


def _is_csv(name: str) -> bool:
    return name.lower().endswith(".csv") and not name.startswith("__MACOSX/")
