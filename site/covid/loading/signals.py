"""A signal ends a load in order, or waits until the step that must not be cut is over."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal came; `number` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interruptible:
    """While entered, the first signal raises Interrupted in the main thread; those after it are ignored."""

    def __init__(self) -> None:
        self._held = False
        self._come = 0
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interruptible":
        if threading.current_thread() is threading.main_thread():  # only there can handlers be set
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """What runs here is finished. A signal that came meanwhile is forgotten: nothing is left to stop."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """What runs here is finished before a signal that came meanwhile raises Interrupted."""
        with self.shielded():
            yield
        if self._come:
            raise Interrupted(self._come)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, self._come = not self._come, self._come or number
        if first and not self._held:
            raise Interrupted(number)
