"""The command line's words: what can be asked for, and its one validated configuration."""

import argparse
import dataclasses
import shlex
from pathlib import Path

from provisioner.config import Config
from provisioner.policy import PARTS

COMMANDS = {
    "create": "make what is missing, repair what differs, and wait until the site answers",
    "teardown": "take everything of the stack away, and look that nothing is left",
    "sweep": "look in the account for anything of the stack that is left, with its cost a day",
    "plan": "show what create would do; changes nothing",
    "status": "show what is there, and how the site, its database and its cache are",
    "outputs": "show the endpoints, the secret's name and the site's address",
    "logs": "show what the site writes, or what the host wrote while it booted",
    "connect": "open a shell on the host, by Session Manager",
    "admin": "open the way to the Django admin, which answers on the host's loopback only",
    "policy": "print the smallest IAM policy that the commands need, as JSON",
    "bench": "time the running site's cached and uncached pages over HTTP",
}

EPILOG = """Exit status: 0 done, 1 something failed, is left, is not there, or (status) is not well,
2 wrong input or nothing could be begun, 130 interrupted. boto3's own environment variables work:
AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="deploy.py",
        description="A VPC, a MySQL database, a cache and a web host on AWS, with a Django site on it.",
        epilog=EPILOG,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help in COMMANDS.items():
        command = commands.add_parser(name, help=help, description=help, epilog=EPILOG)
        _common(command)
        if name in ("create", "teardown"):
            command.add_argument("--yes", "-y", action="store_true", help="don't ask")
        if name == "teardown":
            command.add_argument("--plan", action="store_true", help="show what would go; changes nothing")
            command.add_argument(
                "--force",
                action="store_true",
                help="delete the database even if it is protected from deletion",
            )
        if name in ("create", "plan"):
            _choices(command)
        if name == "create":
            command.add_argument(
                "--no-wait",
                action="store_true",
                help="return when the resources are there, without waiting for the site to answer",
            )
        if name == "policy":
            command.add_argument("--account", default="*", help="the account's number (default: any)")
            command.add_argument(
                "--part", choices=PARTS, default="", help="one part, for a managed policy of its own"
            )
        if name == "admin":
            command.add_argument(
                "--local-port", type=int, metavar="N", help="this machine's port (default: the host's)"
            )
        if name == "logs":
            command.add_argument(
                "log", nargs="?", choices=("site", "boot"), default="site", help="(default: site)"
            )
            command.add_argument(
                "--lines", "-n", type=_count, default=100, metavar="N", help="the last N (default: 100)"
            )
            command.add_argument(
                "--follow", "-f", action="store_true", help="go on with what comes, until Ctrl-C"
            )
        if name in ("outputs", "admin"):
            command.add_argument(
                "--show-password", action="store_true", help="add the Django admin's user and password"
            )
        if name == "bench":
            command.add_argument("--requests", type=int, default=30, help="requests per page (default: 30)")
            command.add_argument("--concurrency", type=int, default=1, help="requests at once (default: 1)")
            command.add_argument("--query", help="which question, as the site's addresses name it")
            command.add_argument("--word", help="the word to look for")
            command.add_argument("--rows", help="how many rows")
            command.add_argument("--svg", type=Path, metavar="FILE", help="draw the result into this file")
    return top


def command(arguments: argparse.Namespace, *words: str) -> str:
    """Another command for the same stack, as one would type it."""
    said = []
    for option in ("name", "region", "profile", "config"):
        if value := getattr(arguments, option):
            said += [f"--{option}", str(value)]
    if arguments.local:
        said.append("--local")
    return shlex.join(["python", "deploy.py", *words, *said])


def further(arguments: argparse.Namespace) -> str:
    """Where a host that does not serve is looked into."""
    words = (("logs", "boot"), ("logs",), ("connect",))
    return "to look further: " + ", ".join(f"`{command(arguments, *each)}`" for each in words)


def choices(arguments: argparse.Namespace) -> dict[str, object]:
    """What the command line says about the configuration; None where it says nothing."""
    given = vars(arguments)
    chosen = {option.name: given.get(option.name) for option in dataclasses.fields(Config)}
    if chosen["zones"] is not None:
        chosen["zones"] = tuple(chosen["zones"])
    return chosen


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", help=_help("name"))
    command.add_argument("--region", help="the AWS region (default: boto3's own)")
    command.add_argument("--profile", help="a profile of your AWS configuration")
    command.add_argument("--config", type=Path, metavar="FILE", help="a TOML file with any of the options")
    command.add_argument(
        "--local",
        action="store_true",
        help="on this machine: an emulated AWS, a real MariaDB, Redis and site",
    )
    command.add_argument("--json", action="store_true", help="JSON for scripts: one object a line")


def _choices(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("the stack")
    for option in dataclasses.fields(Config):
        if option.name == "name":
            continue
        flag = "--" + option.name.replace("_", "-")
        if isinstance(option.default, bool):
            group.add_argument(flag, action="store_true", default=None, help=_help(option.name))
        elif isinstance(option.default, tuple):
            group.add_argument(flag, nargs=2, metavar="ZONE", help=_help(option.name))
        else:
            group.add_argument(
                flag,
                type=type(option.default),
                metavar="N" if isinstance(option.default, int) else option.name.upper(),
                help=_help(option.name),
            )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number, at least 1")
    return int(text)


def _help(name: str) -> str:
    option = Config.__dataclass_fields__[name]
    shown = f" (default: {option.default})" if option.default not in ("", (), False) else ""
    return str(option.metadata["help"] + shown).replace("%", "%%")
