"""A breaker: after a failure a service is left alone, and tried aside until it answers."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Breaker:
    """Closed while all is well. A failure opens it; then `probe` tries again and again, in a thread.

    `probe` raises one of `errors` while the service is out. It is tried after `first` seconds, so that a
    hiccup is soon over, and then at intervals that double up to `rest` seconds. No caller waits for it, so an
    outage costs only the calls that were under way when it began. Nothing is tried while nobody asks.
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], object],
        errors: tuple[type[Exception], ...],
        *,
        first: float = 0.1,
        rest: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.reason = ""  # why it is open; '' while it is closed
        self.outages = 0  # these three count since the process started; probes are not calls
        self.failures = 0  # calls that failed
        self.refusals = 0  # calls that were not allowed
        self._probe = probe
        self._errors = errors
        self._first = first
        self._rest = rest
        self._pause = first  # before the next probe
        self._clock = clock
        self._probe_at = 0.0
        self._probing = False
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """Did the last call succeed, as far as is known?"""
        return not self.reason

    @property
    def retry_in(self) -> float:
        """Seconds until the next probe is due; 0 when one is, or runs, or none is needed."""
        return 0.0 if self.closed or self._probing else max(0.0, self._probe_at - self._clock())

    def allows(self) -> bool:
        """May the caller ask the service now? While open: no, and a probe is started when one is due."""
        if self.closed:  # without the lock: the common case costs nothing
            return True
        with self._lock:
            if self.closed:
                return True
            self.refusals += 1
            if self._probing or self._clock() < self._probe_at:
                return False
            self._probing = True
        threading.Thread(target=self._try, name=f"probe of {self.name}", daemon=True).start()
        return False

    def failed(self, reason: str) -> None:
        """Open, or stay open; logged once a reason, not once a call."""
        with self._lock:
            self.failures += 1
            if self.closed:
                self.outages += 1
                self._pause = self._first
                self._probe_at = self._clock() + self._pause
            self._because(reason)

    def _try(self) -> None:
        try:
            self._probe()
        except self._errors as error:
            with self._lock:
                self._pause = min(2 * self._pause, self._rest)
                self._probe_at = self._clock() + self._pause
                self._because(type(error).__name__)
        else:
            with self._lock:
                logger.warning("%s is back", self.name)
                self.reason = ""
        finally:
            self._probing = False

    def _because(self, reason: str) -> None:
        if reason != self.reason:
            logger.warning("%s is out: %s", self.name, reason)
        self.reason = reason
