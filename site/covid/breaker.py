"""A breaker: after a failure a service is left alone for a while, so that an outage costs little."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Breaker:
    """Closed while all is well; a failure opens it for `rest` seconds, then one caller at a time may try."""

    def __init__(self, name: str, *, rest: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.reason = ""  # why it is open; '' while it is closed
        self.failures = 0  # since the process started
        self._rest = rest
        self._clock = clock
        self._retry_at = 0.0
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """Did the last call succeed, as far as is known?"""
        return not self.reason

    def allows(self) -> bool:
        """May the caller ask the service now? While open: True for one caller each `rest` seconds."""
        with self._lock:
            if self.closed:
                return True
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._rest
            return True

    def failed(self, reason: str) -> None:
        """Open, or stay open for another rest; logged once an outage, not once a call."""
        with self._lock:
            if self.closed:
                logger.warning("%s is out: %s", self.name, reason)
            self.failures += 1
            self.reason = reason or "unknown error"
            self._retry_at = self._clock() + self._rest

    def succeeded(self) -> None:
        """Close."""
        if self.closed:  # without the lock: the common case costs nothing
            return
        with self._lock:
            logger.warning("%s is back", self.name)
            self.reason = ""
