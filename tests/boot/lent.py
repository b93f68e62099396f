"""What a sandbox borrows from the machine that it runs on: the ways to packages, and root's rights."""

import ast
import functools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
PROGRAMS = ("apt-config", "mmdebstrap", "nsenter", "setpriv", "systemd-nspawn")
WITHOUT = "`pytest --ignore tests/boot` leaves these tests out"


class CannotBoot(Exception):
    """This machine can't have a sandbox; the message says what it lacks."""


@functools.cache
def rights() -> tuple[str, ...]:
    """What stands before a command that needs root. Raises CannotBoot."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
        return ("sudo", "-n")
    raise CannotBoot(f"a machine is booted, which needs root, or `sudo -v` just before; {WITHOUT}")


def check() -> None:
    """Raise CannotBoot if root's rights or a program are missing."""
    rights()
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        raise CannotBoot(
            f"not found: {', '.join(missing)}; on Debian and Ubuntu `make test` installs it; {WITHOUT}"
        )


def proxies() -> dict[str, str]:
    """The ways to the internet, which loopback never takes."""
    found = {name: os.environ[name] for name in PROXIES if name in os.environ}
    return found | ({"no_proxy": "127.0.0.1,localhost"} if found else {})


def release() -> str:
    """The code name of this machine's Debian or Ubuntu."""
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def apt_sources() -> list[str]:
    """The lines of a sources.list with this release's repositories, as this machine's apt resolves them."""
    line = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    found = _apt("apt-get", "indextargets", "--format", line, "Created-By: Packages")
    return sorted({each for each in found if each.split()[2].startswith(release())})


def apt_options() -> list[str]:
    """This machine's own settings of how apt fetches: its proxy, time-outs and the like."""
    lines = _apt("apt-config", "dump", "--no-empty")
    fetching = [each for each in lines if each.startswith("Acquire::")]
    return [
        each for each in fetching if not each.startswith(("Acquire::IndexTargets", "Acquire::Changelogs"))
    ]


def _apt(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def pip_settings() -> dict[str, str]:
    """What this machine's pip is told, by its files and its environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    settings = [line.partition("=") for line in done.stdout.splitlines()]
    found: dict[str, str] = {}
    for kind in ("global.", "install.", ":env:."):  # the later ones overrule
        found |= {
            name.removeprefix(kind): ast.literal_eval(value)
            for name, _, value in settings
            if name.startswith(kind)
        }
    return found


def pip_conf() -> str:
    """The same as a pip.conf."""
    lines = [f"{name} = {' '.join(value.split())}" for name, value in pip_settings().items()]
    return "\n".join(["[global]", *lines, ""])


def pip_paths() -> list[Path]:
    """The files and folders of this machine that the settings name."""
    found = set()
    for name, value in pip_settings().items():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if not path.is_absolute() or not path.exists():
                continue
            # An index points to its files beside it.
            found.add(path.parent if name.endswith("index-url") and path.parent != Path("/") else path)
    return sorted(found)


def binds(directory: Path) -> list[str]:
    """systemd-nspawn's options that bring pip's settings and files, and apt's downloads, into a sandbox.

    What they need is kept in `directory`.
    """
    settings, archives = directory / "pip.conf", directory / "archives"
    draft = settings.with_suffix(".new")
    draft.write_text(pip_conf())
    draft.replace(settings)
    archives.mkdir(exist_ok=True)
    reading = {settings: "/etc/pip.conf", **{path: str(path) for path in pip_paths()}}
    return [
        *(f"--bind-ro={_escaped(path)}:{_escaped(inside)}" for path, inside in reading.items()),
        f"--bind={_escaped(archives)}:/var/cache/apt/archives",
    ]


def _escaped(path: object) -> str:
    return str(path).replace("\\", "\\\\").replace(":", "\\:")
