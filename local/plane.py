"""What emulated resources with a process behind them share: an order of work, and servers that come up."""

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from local.servers import START_TIMEOUT, CannotStart, Server, Tls, free_port
from local.supervision import BROKEN, Program, Supervisor
from local.waiting import until

PORTS_TRIED = 3
DEAD = ("FATAL", "EXITED", "UNKNOWN")  # a program in one of these states will not come up by itself
FAILURES = (CannotStart, *BROKEN)

LOG = logging.getLogger(__name__)


class Plane:
    """The processes of one region: files below `directory`, run by `supervisor`, servers with `tls`."""

    def __init__(self, directory: Path, supervisor: Supervisor, tls: Tls) -> None:
        self.directory = directory
        self.supervisor = supervisor
        self.tls = tls
        self._queues: dict[str, ThreadPoolExecutor] = {}
        self._adding = Lock()

    def later(self, name: str, job: Callable[[], None], failed: Callable[[], None]) -> None:
        """Work on `name` in the background: one job after the other, beside those on all other names."""
        with self._adding:
            queue = self._queues.setdefault(name, ThreadPoolExecutor(1, thread_name_prefix=name))
        # The result is asked for, since an executor would keep an error of ours to itself.
        queue.submit(_guarded, name, job, failed).add_done_callback(Future.result)

    def files(self, name: str) -> Path:
        """The directory of one resource."""
        return self.directory / name

    def serve(self, name: str, make: Callable[[Path, int], Server]) -> Server:
        """Run the server that `make` describes for a directory and a port, and wait until it answers.

        Raises CannotStart, with the tail of its log, if it does not.
        """
        log = self.directory / f"{name}.log"
        for _ in range(PORTS_TRIED):
            server = make(self.files(name), free_port())
            server.prepare()
            self.supervisor.add(Program(name, server.command(), server.directory, log))
            if self._answers(name, server):
                return server
            # Someone may have taken the port since we looked: once more, with another one.
            self.supervisor.remove(name)
        raise CannotStart(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def again(self, name: str, server: Server) -> None:
        """Restart a server whose settings have changed, and wait until it answers."""
        server.prepare()
        self.supervisor.restart(name)
        if not self._answers(name, server):
            raise CannotStart(f"{name} did not come back")

    def end(self, name: str) -> None:
        """Stop a server and remove its files."""
        self.supervisor.remove(name)
        shutil.rmtree(self.files(name), ignore_errors=True)
        (self.directory / f"{name}.log").unlink(missing_ok=True)

    def clear(self, kept: str) -> None:
        """Remove every program and every file of a predecessor, save for the program that is `kept`."""
        for name in self.supervisor.names():
            if name != kept:
                self.supervisor.remove(name)
        for kind in ("database-*", "cache-*", "host-*"):
            for path in self.directory.glob(kind):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def _answers(self, name: str, server: Server) -> bool:
        until(lambda: server.answers() or self.supervisor.state(name) in DEAD, START_TIMEOUT)
        return self.supervisor.state(name) not in DEAD and server.answers()


def _guarded(name: str, job: Callable[[], None], failed: Callable[[], None]) -> None:
    try:
        job()
    except FAILURES as problem:
        LOG.error("%s: %s", name, problem)
        failed()
