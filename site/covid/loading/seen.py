"""Which ids came before, exactly, in flat memory."""

import os
import tempfile

PAGE = 12  # a page holds a bit for each of 2**12 ids: 512 bytes
MAX_PAGES = 2**16  # 40 MB with Python's own overhead: beyond that, pages wait in a sparse temporary file


class SeenIds:
    """A bitmap over ids from 0 to 2**32 - 1, in at most 40 MB of memory and 512 MB of an unnamed file."""

    def __init__(self, max_pages: int = MAX_PAGES) -> None:
        self._max_pages = max_pages
        self._pages: dict[int, bytearray] = {}
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (close() does)
        self._spilled = False

    def add(self, number: int) -> bool:
        """Note an id; False if it came before."""
        page = self._pages.get(number >> PAGE)
        if page is None:
            page = self._load(number >> PAGE)
        index, bit = (number >> 3) & 511, 1 << (number & 7)
        if page[index] & bit:
            return False
        page[index] |= bit
        return True

    def close(self) -> None:
        self._file.close()

    def _load(self, key: int) -> bytearray:
        if len(self._pages) >= self._max_pages:
            for full, page in self._pages.items():
                os.pwrite(self._file.fileno(), page, full << (PAGE - 3))
            self._pages.clear()
            self._spilled = True
        stored = os.pread(self._file.fileno(), 512, key << (PAGE - 3)) if self._spilled else b""
        page = self._pages[key] = bytearray(stored.ljust(512, b"\0"))
        return page
