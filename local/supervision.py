"""A private supervisord: it starts a region's programs, again when they crash, and ends them with itself."""

import contextlib
import http.client
import os
import pwd
import secrets
import shlex
import subprocess
import sys
import threading
import xmlrpc.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from local.servers import HOST, CannotStart, free_port, program

MARK = "LOCAL_REGION_DIRECTORY"
"""The environment variable that marks every process of a region; its value is the region's directory."""
# What a user's environment hands on to the region: the ways to programs and to the internet, no credentials.
INHERITED = ("PATH", "LANG", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE")
BROKEN = (OSError, http.client.HTTPException, xmlrpc.client.Error)
"""What a call raises when supervisord is not there, or refuses."""
PATIENCE = 180.0  # seconds that a call may take; stopping a program is the longest


@dataclass(frozen=True)
class Program:
    """A command to keep running; its output goes to `log`.

    It has `grace` seconds to end when it is told to, and then is killed. `tell` says who is told: its own
    process, or its whole process group.
    """

    name: str
    command: list[str]
    directory: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    restart: bool = True
    tell: Literal["process", "group"] = "group"
    grace: int = 20


class _Transport(xmlrpc.client.Transport):
    def make_connection(self, host: object) -> http.client.HTTPConnection:
        connection = super().make_connection(host)  # type: ignore[arg-type]  # a private type of typeshed
        connection.timeout = PATIENCE
        return connection


class Supervisor:
    """The supervisord whose files are in `directory`, be it running or not."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._adding = threading.Lock()

    def start(self) -> None:
        """Start the daemon, detached from this process; CannotStart if it refuses."""
        (self.directory / "programs").mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment |= {
            MARK: str(self.directory),
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "HOME": str(self.directory),
        }
        log = self.directory / "start.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise CannotStart(f"supervisord did not start: {_last_line(log)}")

    def alive(self) -> bool:
        """Does the daemon answer?"""
        try:
            with self._calls() as calls:
                calls.getState()
        except BROKEN:
            return False
        return True

    def add(self, new: Program) -> None:
        """Start a program, in place of one of the same name."""
        self.remove(new.name)
        with self._adding:
            file = self._file(new.name)
            # Moved into place, since another process may make supervisord read all files at any moment.
            draft = file.with_suffix(f".{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(_section(new))
            draft.replace(file)
            with self._calls() as calls:
                calls.reloadConfig()
                calls.addProcessGroup(new.name)

    def remove(self, name: str) -> None:
        """End a program and forget it; harmless when it is not there."""
        self.stop(name)
        with contextlib.suppress(xmlrpc.client.Fault), self._calls() as calls:
            calls.removeProcessGroup(name)
        self._file(name).unlink(missing_ok=True)

    def stop(self, name: str) -> None:
        """End a program; it stays known."""
        with contextlib.suppress(xmlrpc.client.Fault), self._calls() as calls:
            calls.stopProcess(name)

    def restart(self, name: str) -> None:
        """End a program and start it again; xmlrpc.client.Fault if it does not come up."""
        self.stop(name)
        with self._calls() as calls:
            calls.startProcess(name)

    def names(self, prefix: str = "") -> list[str]:
        """The programs that are known, running or not, and begin with `prefix`."""
        with self._calls() as calls:
            found = calls.getAllProcessInfo()
        assert isinstance(found, list)
        return [info["name"] for info in found if info["name"].startswith(prefix)]

    def state(self, name: str) -> str:
        """supervisord's word for it (STARTING, RUNNING, BACKOFF, STOPPED, EXITED, FATAL), or UNKNOWN."""
        try:
            with self._calls() as calls:
                info = calls.getProcessInfo(name)
        except xmlrpc.client.Fault:
            return "UNKNOWN"
        assert isinstance(info, dict)
        return str(info["statename"])

    def shut_down(self) -> bool:
        """Begin to end every program and then the daemon itself; False if it does not answer."""
        try:
            with self._calls() as calls:
                calls.shutdown()
        except BROKEN:
            return False
        return True

    @property
    def _configuration(self) -> Path:
        return self.directory / "supervisord.conf"

    @property
    def _address(self) -> Path:
        return self.directory / "supervisord.url"

    def _file(self, name: str) -> Path:
        return self.directory / "programs" / f"{name}.conf"

    def _write_configuration(self) -> None:
        password, port = secrets.token_urlsafe(24), free_port()
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(_DAEMON.format(password=password, port=port, user=_user()))
        self._address.touch(mode=0o600)
        self._address.write_text(f"http://region:{password}@{HOST}:{port}/RPC2")

    @contextlib.contextmanager
    def _calls(self) -> Iterator[xmlrpc.client._Method]:
        # A Unix socket would be neater, but its path is limited to 107 bytes and ours may be longer.
        with xmlrpc.client.ServerProxy(self._address.read_text(), transport=_Transport()) as server:
            yield server.supervisor


_DAEMON = """\
[supervisord]
directory = %(here)s
logfile = %(here)s/supervisord.log
logfile_backups = 1
pidfile = %(here)s/supervisord.pid
childlogdir = %(here)s
{user}
[inet_http_server]
port = 127.0.0.1:{port}
username = region
password = {password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = programs/*.conf
"""


def _user() -> str:
    # Said aloud, or supervisord warns that it keeps root's rights.
    return "user = root\n" if pwd.getpwuid(os.getuid()).pw_name == "root" else ""


def _section(new: Program) -> str:
    variables = ",".join(f'{name}="{_text(value)}"' for name, value in new.environment.items())
    command = [program(new.command[0]), *new.command[1:]]
    return f"""\
[program:{new.name}]
command = {_text(shlex.join(command))}
directory = {_text(str(new.directory))}
environment = {variables}
autorestart = {"true" if new.restart else "false"}
startsecs = {1 if new.restart else 0}
startretries = 5
stopasgroup = {"true" if new.tell == "group" else "false"}
killasgroup = true
stopwaitsecs = {new.grace}
redirect_stderr = true
stdout_logfile = {_text(str(new.log))}
stdout_logfile_backups = 1
"""


def _text(value: str) -> str:
    """A value in a file of supervisord's, which takes a percent sign for the start of a variable."""
    return value.replace("%", "%%")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
