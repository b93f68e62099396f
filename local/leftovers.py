"""The processes of a region, also those that nothing supervises any more."""

import contextlib
import os
import signal
from pathlib import Path

from local.supervision import MARK
from local.waiting import until

PROCESSES = Path("/proc")
GRACE = 10.0  # seconds to end by oneself


def processes(directory: Path, program: str = "") -> list[int]:
    """The processes whose environment bears the mark of the region in `directory`, our own one aside.

    All of them, or those of one of its supervisor's programs. A process of someone else's, or one that merely
    names or sits in the directory, is never among them.
    """
    marks = {f"{MARK}={directory}".encode()}
    if program:
        marks.add(f"SUPERVISOR_PROCESS_NAME={program}".encode())
    found = []
    for path in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(path.name) != os.getpid() and marks.issubset((path / "environ").read_bytes().split(b"\0")):
                found.append(int(path.name))
    return found


def kill(directory: Path, program: str) -> None:
    """Kill what is left of a program whose own process is gone."""
    for process in processes(directory, program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    until(lambda: not processes(directory, program), GRACE)


def end(directory: Path) -> None:
    """End every process of the region: asked first, killed after a while."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for process in processes(directory):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, kind)
        if until(lambda: not processes(directory), GRACE):
            return
