"""Every way that a run could go from each of its calls on, each tried in a copy of the process.

Starting from nothing for each of some hundred calls would take minutes; a fork has what was made so far.
"""

import gc
import os
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

import provisioner.engine
import provisioner.walk

AT_ONCE = 2


class Serial:
    """An executor that does each piece of work at once: the order of calls is the same in every run."""

    def __init__(self, workers: int) -> None:
        self.map = map

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - as executors do: who asks for the result gets it
            future.set_exception(error)
        return future


class Branches:
    """Children of a test: `branch` makes one, and `run` judges all of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tried = 0
        self.label = ""
        self._children: dict[int, Path] = {}
        self._failures: list[str] = []

    def branch(self, label: str) -> bool:
        """Am I the child that goes this way?"""
        while len(self._children) >= AT_ONCE:
            self._wait()
        self.tried += 1
        outcome = self.directory / str(self.tried)
        pid = os.fork()
        if pid == 0:
            self.label, self._children = label, {}
            self._outcome = outcome
            return True
        self._children[pid] = outcome
        return False

    def run(self, work: Callable[[], None]) -> None:
        """Do the work, in this process and in its children. Fails with what went wrong in any of them."""
        gc.freeze()  # what is never traversed is never copied
        try:
            self._work(work)
        finally:
            gc.unfreeze()
        while self._children:
            self._wait()
        if self._failures:
            pytest.fail(f"{len(self._failures)} of {self.tried} failed:\n" + "\n".join(self._failures[:3]))

    def _work(self, work: Callable[[], None]) -> None:
        """Do it; a child does not come back from here."""
        try:
            work()
        except BaseException:  # whatever it is, a child must tell its parent and end
            if not self.label:
                raise
            self._outcome.write_text(f"{self.label}: {traceback.format_exc(limit=-4)}")
            os._exit(1)
        if self.label:
            os._exit(0)

    def _wait(self) -> None:
        pid, status = os.wait()
        outcome = self._children.pop(pid)
        if status:
            self._failures.append(outcome.read_text() if outcome.exists() else f"child ended with {status}")


@contextmanager
def serial() -> Iterator[None]:
    """Within, the engine does one thing after the other."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (provisioner.walk, provisioner.engine):
            patch.setattr(module, "ThreadPoolExecutor", Serial)
        yield
