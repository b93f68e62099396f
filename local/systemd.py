"""As much of systemctl as a boot script needs: units below DESTDIR become supervisord's programs.

A unit's WorkingDirectory, EnvironmentFile, Environment, ExecStart, Restart (anything but `no` is `always`),
RestartSec, TimeoutStopSec and KillMode (`control-group` or `mixed`) are heeded. One that pauses for a second
or more is never given up. Users and hardening are not heeded: everything runs as whoever runs the region.
"""

import os
import shlex
import string
import sys
import time
from pathlib import Path

from local import leftovers
from local.supervision import BROKEN, MARK, Program, Supervisor

MACHINE = "LOCAL_REGION_MACHINE"
"""The environment variable that names the machine, as the prefix of its programs' names."""

USAGE = "daemon-reload, enable [--now], disable [--now], start, restart, stop, is-active [--quiet]"


class UnitError(Exception):
    """A unit that is not there or cannot be run; the message is one line."""


class Unit:
    """One unit file below the machine's root."""

    def __init__(self, name: str) -> None:
        self.name = name if name.endswith(".service") else f"{name}.service"
        self.root = Path(os.environ["DESTDIR"])
        self.file = self.root / "etc/systemd/system" / self.name
        if not self.file.is_file():
            raise UnitError(f"Unit {self.name} not found: there is no {self.file}")
        self._settings = [
            (key.strip(), value.strip())
            for line in self.file.read_text().splitlines()
            if not line.lstrip().startswith(("#", ";", "["))
            for key, equals, value in [line.partition("=")]
            if equals
        ]

    @property
    def program(self) -> str:
        """Its name among the region's programs."""
        return f"{os.environ[MACHINE]}-{self.name.removesuffix('.service')}"

    def all(self, key: str) -> list[str]:
        """Every value of a setting, in the file's order."""
        return [value for name, value in self._settings if name == key]

    def one(self, key: str, default: str = "") -> str:
        """The last value of a setting."""
        return [default, *self.all(key)][-1]

    def environment(self) -> dict[str, str]:
        """What Environment= and EnvironmentFile= say."""
        variables: dict[str, str] = {}
        for value in self.all("Environment"):
            variables |= dict(item.split("=", 1) for item in shlex.split(value))
        for value in self.all("EnvironmentFile"):
            file = Path(value.removeprefix("-"))
            if file.is_file() or not value.startswith("-"):
                variables |= _variables(file)
        return variables

    def seconds(self, key: str, default: float) -> float:
        """A span of time: bare seconds, as in 2 or 0.5 or 2s."""
        value = self.one(key)
        try:
            return float(value.removesuffix("s")) if value else default
        except ValueError:
            raise UnitError(f"Unit {self.name}: {key}={value} is not in plain seconds") from None

    @property
    def started(self) -> Path:
        """The file that says that it has run since it was told to start."""
        return self.root / "run" / f"{self.name}.started"

    def execute(self, directory: Path) -> None:
        """Become the unit's program, after a pause if it ended by itself; never returns."""
        leftovers.kill(directory, self.program)
        if self.started.exists():
            time.sleep(self.seconds("RestartSec", 0.1))  # what the unit asks for, and no wait for anything
        self.started.parent.mkdir(exist_ok=True)
        self.started.touch()
        environment = dict(os.environ) | self.environment()
        line = self.one("ExecStart").lstrip("-@+!:")
        command = [string.Template(word).safe_substitute(environment) for word in shlex.split(line)]
        if not command:
            raise UnitError(f"Unit {self.name} has no ExecStart= setting")
        os.chdir(self.one("WorkingDirectory", str(self.root)))
        os.execvpe(command[0], command, environment)


def _variables(file: Path) -> dict[str, str]:
    """An environment file: NAME=value lines, in which quotes may enclose the value."""
    variables = {}
    for line in file.read_text().splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            quoted = value[:1] in ("'", '"')
            variables[name] = "".join(shlex.split(value)) if quoted else value
    return variables


def _start(supervisor: Supervisor, unit: Unit) -> None:
    unit.started.unlink(missing_ok=True)
    # The environment file is read when the program starts, as systemd does, and its secrets stay in it.
    supervisor.add(
        Program(
            unit.program,
            [sys.executable, "-m", "local.systemd", "execute", unit.name],
            directory=Path(__file__).resolve().parent.parent,
            log=supervisor.directory / os.environ[MACHINE] / f"{unit.name}.log",
            environment={name: os.environ[name] for name in ("DESTDIR", "PATH", "HOME", MACHINE)},
            restart=unit.one("Restart", "no") != "no",
            tell="process" if unit.one("KillMode") == "mixed" else "group",
            grace=round(unit.seconds("TimeoutStopSec", 90)),
        )
    )


def _run(verb: str, options: list[str], names: list[str]) -> int:
    supervisor = Supervisor(Path(os.environ[MARK]))
    units = [Unit(name) for name in names]
    now = "--now" in options
    match verb:
        case "daemon-reload":
            return 0
        case "enable" if now:
            verb = "start"
        case "disable" if now:
            verb = "stop"
        case "enable" | "disable":
            return 0
        case "execute" if units:
            units[0].execute(supervisor.directory)
    for unit in units:
        running = supervisor.state(unit.program) in ("STARTING", "RUNNING", "BACKOFF")
        if verb == "is-active":
            if "--quiet" not in options:
                sys.stdout.write("active\n" if running else "inactive\n")
            return 0 if running else 3
        if verb == "stop":
            supervisor.stop(unit.program)
        elif verb == "restart" or (verb == "start" and not running):
            _start(supervisor, unit)
        elif verb != "start":
            raise UnitError(f"Unknown command {verb}; known here: {USAGE}")
    return 0


def main(arguments: list[str]) -> int:
    """`systemctl VERB [--now] [--quiet] UNIT…`; the exit status is systemctl's."""
    options = [word for word in arguments if word.startswith("-")]
    verb, *names = [word for word in arguments if not word.startswith("-")] or [""]
    try:
        return _run(verb, options, names)
    except (UnitError, *BROKEN) as problem:
        sys.stderr.write(f"systemctl: {problem}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
