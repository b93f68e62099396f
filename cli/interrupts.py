"""Ctrl-C, and the signal that asks a process to end."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from cli.progress import Progress
from provisioner.aws import Cloud

SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130
"""The exit status of a command that was interrupted: 128 and SIGINT's number, as shells have it."""


@contextlib.contextmanager
def interruptible(cloud: Cloud, report: Progress, resume: str) -> Iterator[None]:
    """The first signal lets running calls end and begins nothing new; the second one waits for nobody.

    `resume` is the command that goes on from there.
    """

    def drain(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, at_once)
        print("\nstopping: running calls end first; Ctrl-C again stops at once", file=sys.stderr, flush=True)
        cloud.stop.set()

    def at_once(number: int, frame: FrameType | None) -> None:
        report.__exit__(None, None, None)  # gives the terminal back
        print(f"deploy.py: stopped at once; `{resume}` goes on", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # calls may be running in other threads: nobody waits for them

    before = {each: signal.signal(each, drain) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
