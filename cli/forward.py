"""The way to the host's loopback interface: a port-forward of Session Manager, by the AWS CLI."""

import shlex
import shutil
import subprocess

from provisioner.errors import Unreachable

CLI = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
PLUGIN = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html"
)
TOOLS = (("aws", "the AWS CLI", CLI), ("session-manager-plugin", "its Session Manager plug-in", PLUGIN))


def command(instance: str, port: int, local_port: int, region: str, profile: str | None) -> list[str]:
    """What leads this machine's `local_port` to the instance's own `port`."""
    return [
        *("aws", "ssm", "start-session", "--target", instance),
        *("--document-name", "AWS-StartPortForwardingSession"),
        *("--parameters", f"portNumber={port},localPortNumber={local_port}"),
        *("--region", region),
        *(("--profile", profile) if profile else ()),
    ]


def run(words: list[str]) -> int:
    """Hold the way open until it is ended; Unreachable where a tool is missing, with where to get it."""
    missing = [f"{name} ({address})" for tool, name, address in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Unreachable(f"install {' and '.join(missing)}, then run: {shlex.join(words)}")
    try:
        return subprocess.run(words, check=False).returncode
    except KeyboardInterrupt:  # how one ends it
        return 0
