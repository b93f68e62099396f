"""A private MariaDB and a private Redis: one directory, one loopback port, no system service."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HOST = "127.0.0.1"
START_TIMEOUT = 60  # seconds; a cold MariaDB on a busy two-core machine takes under ten


class CannotStart(Exception):
    """A server ended, or did not answer in time; the message ends with the tail of its log."""


@dataclass(frozen=True)
class Tls:
    """Paths to PEM files: the server's key, its certificate chain, and the CA that signed it."""

    key: Path
    certificate: Path
    ca: Path


class Server(Protocol):
    @property
    def directory(self) -> Path: ...
    @property
    def port(self) -> int: ...

    def prepare(self) -> None: ...
    def command(self) -> list[str]: ...
    def answers(self) -> bool: ...


def free_port(preferred: int = 0) -> int:
    """`preferred` if nothing listens there, else a port that the kernel picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("no free loopback port")


def program(*names: str) -> str:
    """The first of these programs that is installed; Debian keeps servers in /usr/sbin, off a user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise CannotStart(f"{names[0]} is not installed: `make packages` installs it, or names its package")


@dataclass(frozen=True)
class MariaDB:
    """A MySQL-compatible server with one database and one user that owns it."""

    directory: Path
    port: int
    user: str = "admin"
    password: str = ""
    database: str = "covid"
    tls: Tls | None = None

    def prepare(self) -> None:
        """Make the data directory once; on every start set user, password and database as asked."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "data" / "mysql").is_dir():
            self._install()
        init = self.directory / "init.sql"
        init.touch(mode=0o600)
        user, password = _quoted(self.user), _quoted(self.password)
        init.write_text(
            f"CREATE DATABASE IF NOT EXISTS `{self.database}`;\n"
            f"CREATE USER IF NOT EXISTS {user}@'127.0.0.1' IDENTIFIED BY {password};\n"
            f"ALTER USER {user}@'127.0.0.1' IDENTIFIED BY {password};\n"
            f"GRANT ALL ON *.* TO {user}@'127.0.0.1';\n"
        )

    def _install(self) -> None:
        command = [
            program("mariadb-install-db"),
            "--no-defaults",
            # Relative, since the script breaks on a path with a space in it.
            "--datadir=./data",
            f"--user={_user()}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
        done = subprocess.run(
            command, cwd=self.directory, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            raise CannotStart(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def command(self) -> list[str]:
        options = [
            program("mariadbd"),
            "--no-defaults",
            f"--user={_user()}",
            f"--datadir={self.directory / 'data'}",
            f"--init-file={self.directory / 'init.sql'}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            # Relative to the data directory, since a Unix socket's path is limited to 107 bytes.
            "--socket=mariadb.sock",
            f"--pid-file={self.directory / 'mariadb.pid'}",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--local-infile=ON",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=512M",
            "--innodb-flush-log-at-trx-commit=2",
        ]
        if self.tls:
            options += [
                f"--ssl-key={self.tls.key}",
                f"--ssl-cert={self.tls.certificate}",
                f"--ssl-ca={self.tls.ca}",
                "--require-secure-transport=ON",
            ]
        return options

    def answers(self) -> bool:
        """Does it speak the MySQL protocol yet? Its greeting is a packet that starts with version 10."""
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as probe:
            return probe.recv(5)[4:] == b"\x0a"
        return False


@dataclass(frozen=True)
class Redis:
    """A Redis that forgets everything when it stops, as a cache may."""

    directory: Path
    port: int
    password: str = ""
    maxmemory: str = "128mb"
    policy: str = "allkeys-lru"
    tls: Tls | None = None

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        config = self.directory / "redis.conf"
        config.touch(mode=0o600)
        lines = [
            f"bind {HOST}",
            f"dir {_argument(self.directory)}",
            "save ''",
            "appendonly no",
            f"maxmemory {self.maxmemory}",
            f"maxmemory-policy {self.policy}",
            # A title of its own would hide from /proc whose process this is.
            "set-proc-title no",
        ]
        if self.password:
            lines.append(f"requirepass {_argument(self.password)}")
        if self.tls:
            lines += [
                "port 0",
                f"tls-port {self.port}",
                f"tls-key-file {_argument(self.tls.key)}",
                f"tls-cert-file {_argument(self.tls.certificate)}",
                f"tls-ca-cert-file {_argument(self.tls.ca)}",
                "tls-auth-clients no",
            ]
        else:
            lines.append(f"port {self.port}")
        config.write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        # The password stands in the file: an argument would show it to every user of the machine.
        return [program("redis-server", "valkey-server"), str(self.directory / "redis.conf")]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            return True
        return False


@contextlib.contextmanager
def running(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, wait until it answers, and end it with the block. For tests and benchmarks."""
    server.prepare()
    log = server.directory / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(server.command(), stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not server.answers():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise CannotStart(f"{server.command()[0]} did not start:\n{tail}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _user() -> str:
    # Not getpass.getuser(), which believes LOGNAME: `su` may leave there whom we no longer are.
    return pwd.getpwuid(os.getuid()).pw_name


def _argument(value: object) -> str:
    """A value in redis.conf, whatever characters it holds."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted(text: str) -> str:
    """A MySQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
