"""A machine in a sandbox: systemd-nspawn boots a root with a systemd of its own, as a container.

It has its own processes, mounts, users' table, /proc, /tmp and /dev, and this machine's network, so that it
reaches the servers on loopback. What it runs ends with it: it is the first process of its own namespace.
"""

import contextlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.waiting import until
from tests.boot import lent

# systemd-nspawn's own end would leave the machine running: both are in a namespace that ends with its first
# process, and that one with us.
MORTAL = ["setpriv", "--pdeathsig=KILL", "unshare", "--pid", "--mount-proc", "--fork", "--kill-child"]
NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]
START_TIMEOUT = 120  # seconds for what takes two
BOOT_TIMEOUT = 900  # seconds for a script that compiles and loads
USER_DATA = Path("/var/lib/user-data")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """One machine, with its root and logs in `directory`, a new one; `kept` holds what all machines share."""

    def __init__(self, directory: Path, image: Path, kept: Path) -> None:
        self.directory = directory
        self._kept = kept
        self._leader = 0
        self._process: subprocess.Popen[bytes] | None = None
        (directory / "root").mkdir(parents=True)
        _as_root("tar", "--numeric-owner", "-xpf", str(image), "-C", str(directory / "root"))

    def start(self) -> None:
        """Switch it on, and wait until its systemd has nothing more to start."""
        command = [
            *(*lent.rights(), *MORTAL, *NSPAWN, "--boot", "--console=pipe"),
            *lent.binds(self._kept),
            *(f"--directory={self.directory / 'root'}", f"--machine={self.directory.name}"),
        ]
        log = self.directory / "console.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        process = self._process
        ready = until(lambda: process.poll() is not None or self._up(), START_TIMEOUT)
        if not ready or process.poll() is not None:
            self.cut_off()
            raise RuntimeError(f"the machine did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def _up(self) -> bool:
        assert self._process
        self._leader = self._leader or _first_process(self._process.pid)
        if not self._leader:
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def cut_off(self) -> None:
        """Take its power away: whatever runs in it is gone at once, its disk stays."""
        if self._process:
            leader = self._leader or _first_process(self._process.pid)
            if leader and self._process.poll() is None:
                _as_root("kill", "-KILL", str(leader), check=False)
            self._process.wait(START_TIMEOUT)
        self._process, self._leader = None, 0

    def discard(self) -> None:
        """Cut it off and remove its files."""
        try:
            self.cut_off()
        finally:
            _as_root("rm", "-rf", str(self.directory))

    def run(
        self, *command: str, environment: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root, with this environment and no other."""
        done = subprocess.run(
            self._inside(command, environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def place(self, file: Path, inside: Path, mode: str = "644") -> None:
        """Copy a file into it."""
        _as_root("install", "-m", mode, str(file), f"{self.directory}/root{inside}")

    def begin(self, script: str, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
        """Start user data as cloud-init does, as root, with hardly any environment; it writes to `log`."""
        file = self.directory / "user-data"
        file.write_text(script)
        self.place(file, USER_DATA, "700")
        with log.open("wb") as output:
            return subprocess.Popen(
                self._inside([str(USER_DATA)], environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _inside(self, command: object, environment: Mapping[str, str]) -> list[str]:
        variables = {"PATH": PATH, **lent.proxies(), **environment}
        return [
            *(*lent.rights(), "nsenter", "--target", str(self._leader)),
            *("--mount", "--uts", "--ipc", "--pid", "--root", "--wd", "--"),
            *("env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command),
        ]


def _as_root(*command: str, check: bool = True) -> None:
    subprocess.run([*lent.rights(), *command], stdin=subprocess.DEVNULL, check=check)


def _first_process(ancestor: int) -> int:
    """The descendant that is number 1 of the machine's own namespace, the second one below ours, or 0."""
    depth = len(_numbers("self")) + 2
    todo = [ancestor]
    while todo:
        process = todo.pop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            numbers = _numbers(process)
            if len(numbers) == depth and numbers[-1] == "1":
                return process
            for task in Path(f"/proc/{process}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
    return 0


def _numbers(process: int | str) -> list[str]:
    """A process's number in each namespace, ours first."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = re.findall(r"^NSpid:(.*)$", status, re.MULTILINE)
    return line.split()
