"""The ways to a host: Session Manager's sessions, by the AWS CLI, and a shell among a local host's files."""

import os
import shlex
import shutil
import signal
import sys
from typing import NoReturn

from provisioner import run_command
from provisioner.aws import Cloud
from provisioner.errors import Unreachable
from provisioner.model import Found
from provisioner.policy import PORT_FORWARD

CLI = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
PLUGIN = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html"
)
TOOLS = (("aws", "the AWS CLI", CLI), ("session-manager-plugin", "its Session Manager plug-in", PLUGIN))

SHELLS_OWN = ("OLDPWD", "PWD", "SHLVL", "_")
"""What a shell says of itself, and not of its machine."""


def shell(instance: str, region: str, profile: str | None) -> list[str]:
    """What opens a shell on the instance."""
    return [
        *("aws", "ssm", "start-session", "--target", instance, "--region", region),
        *(("--profile", profile) if profile else ()),
    ]


def port_forward(instance: str, port: int, local_port: int, region: str, profile: str | None) -> list[str]:
    """What leads this machine's `local_port` to the instance's own `port`."""
    return [
        *shell(instance, region, profile),
        *("--document-name", PORT_FORWARD),
        *("--parameters", f"portNumber={port},localPortNumber={local_port}"),
    ]


def become(words: list[str]) -> NoReturn:
    """End as this session: signals, the terminal and the exit status are its own.

    Unreachable where a tool is missing, with where to get it.
    """
    missing = [f"{name} ({address})" for tool, name, address in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Unreachable(f"install {' and '.join(missing)}, then run: {shlex.join(words)}")
    _exec(words, os.environ)


def machine(host: Found, cloud: Cloud) -> dict[str, str]:
    """The environment of a host on this machine, as its scripts have it; DESTDIR is where its files are."""
    ran = run_command.run("exec env", "host", host, cloud, 30)
    pairs = (line.partition("=") for line in ran.output.splitlines())
    return {name: value for name, equals, value in pairs if equals and name not in SHELLS_OWN}


def become_shell(environment: dict[str, str]) -> NoReturn:
    """End as the user's own shell among a host's files, with its environment and without the user's keys."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    os.chdir(environment["DESTDIR"])
    _exec([os.environ.get("SHELL", "sh")], own | environment | {"SHELL": os.environ.get("SHELL", "sh")})


def _exec(words: list[str], environment: os._Environ[str] | dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so
    os.execvpe(words[0], words, environment)
