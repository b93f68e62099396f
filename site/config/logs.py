"""What anybody can cause by a request may not fill the log."""

import logging
import time
from collections.abc import Callable

PAUSE = 60.0  # seconds


class Seldom(logging.Filter):
    """Lets one line a minute of each logger through, of those that begin so, and says how many were left out.

    It also writes out the characters of these lines that a terminal would obey.
    """

    def __init__(self, beginning: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._beginning = beginning
        self._clock = clock
        self._next: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if not text.startswith(self._beginning):
            return True
        now = self._clock()
        if now < self._next.get(record.name, now):
            self._left_out[record.name] += 1
            return False
        left_out = self._left_out.get(record.name, 0)
        shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[:300])
        record.exc_info = record.exc_text = None  # it is about our code, which is well
        record.msg, record.args = shown + f" (and {left_out} more)" * bool(left_out), ()
        self._next[record.name], self._left_out[record.name] = now + PAUSE, 0
        return True
