"""The target of `--local`: a region on this machine that is found, started and taken away."""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import authority, leftovers
from local.servers import HOST, CannotStart, free_port, program
from local.supervision import Program, Supervisor
from local.waiting import until

REGION = "us-east-1"
PROGRAM = "aws"
"""The emulated API's name under the supervisor."""
IDENTITY = "/moto-api/region"
"""Where the API tells which directory's region it is; moto keeps this prefix free of AWS's own paths."""
SITE_PORT = 8008
STARTS = 3
START_TIMEOUT = 60.0  # seconds for the emulated API to answer; two or three are usual
NEEDED = (
    ("mariadbd",),
    ("mariadb-install-db",),
    ("redis-server", "valkey-server"),
    ("curl",),
    ("bash",),
    ("tar",),
)
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Target:
    """A running region: where its API is, its name, and the configuration that it decides.

    `settings` has `port` and `admin_port`, the site's, and `ca_url` and `ca_sha256`, the authority that its
    servers are verified by.
    """

    endpoint_url: str
    region: str
    settings: Mapping[str, object]


def start(var: Path, say: Callable[[str], None], site_port: int = SITE_PORT) -> Target:
    """Find the region below `var`, or start one and wait until it answers.

    The site's port will be `site_port` if nothing listens there, and stays the same while the region lives.
    What is in the way (a dead region, a taken port) is told through `say`, a line each, and put right. Raises
    CannotStart, with what to do about it.
    """
    for names in NEEDED:
        program(*names)
    var.mkdir(parents=True, exist_ok=True)
    with _alone(var):
        if target := find(var):
            return target
        directory = _directory(var)
        if directory.exists():
            count = len(leftovers.processes(directory))
            say(f"{directory} holds a region that is dead: ending {count} processes of it, and starting anew")
            _end(directory)
        free = free_port(site_port)
        if free != site_port:
            say(f"port {site_port} is taken: the site will be on {HOST}:{free}")
        for _ in range(STARTS):
            if target := _start(directory, free):
                return target
            problem = _last_line(directory / "aws.log")
            _end(directory)
            say(f"the emulated AWS did not start ({problem}): trying again on another port")
    raise CannotStart(f"the emulated AWS did not start, {STARTS} times: {problem}")


def find(var: Path) -> Target | None:
    """The running region below `var`, or None."""
    directory = _directory(var)
    try:
        ports = json.loads(_ports(directory).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    # A region that has just crashed is about to be back: its supervisor decides whether it is one.
    supervisor = Supervisor(directory)
    if not supervisor.alive() or not until(lambda: _is_ours(directory, ports["api"]), 10):
        return None
    authority_file = authority.tls(directory).ca
    return Target(
        endpoint_url=f"http://{HOST}:{ports['api']}",
        region=REGION,
        settings={
            "port": ports["site"],
            "admin_port": ports["admin"],
            "ca_url": authority_file.as_uri(),
            "ca_sha256": hashlib.sha256(authority_file.read_bytes()).hexdigest(),
        },
    )


def stop(var: Path) -> None:
    """End every process of the region below `var` and remove its files; harmless when there is none."""
    if var.is_dir():
        with _alone(var):
            _end(_directory(var))


def _directory(var: Path) -> Path:
    return var.resolve() / "local"


def _ports(directory: Path) -> Path:
    return directory / "ports.json"


@contextlib.contextmanager
def _alone(var: Path) -> Iterator[None]:
    """Two commands that start or stop at the same time do so one after the other."""
    handle = os.open(var, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _start(directory: Path, site_port: int) -> Target | None:
    directory.mkdir(mode=0o700)
    authority.issue(directory)
    port, admin_port = free_port(), free_port(site_port + 1)
    _ports(directory).write_text(json.dumps({"api": port, "site": site_port, "admin": admin_port}))
    supervisor = Supervisor(directory)
    supervisor.start()
    supervisor.add(
        Program(
            PROGRAM,
            [sys.executable, "-m", "local.region", str(directory), str(port)],
            directory=PROJECT,
            log=directory / "aws.log",
        )
    )
    until(
        lambda: _is_ours(directory, port) or supervisor.state(PROGRAM) == "FATAL",
        START_TIMEOUT,
    )
    return find(directory.parent)


def _is_ours(directory: Path, port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", IDENTITY)
        found = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return False
    finally:
        connection.close()
    return bool(found == {"directory": str(directory)})


def _end(directory: Path) -> None:
    if directory.exists() and Supervisor(directory).shut_down():
        until(lambda: not leftovers.processes(directory), leftovers.GRACE)
    leftovers.end(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "without a word"
