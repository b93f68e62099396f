"""The clean root: Debian's smallest, with what Amazon Linux 2023 has from the start, kept as a tar file.

It is made once for each recipe, which takes about a minute, and stays in var/boot-root.
"""

import fcntl
import hashlib
import os
import secrets
import subprocess
from pathlib import Path

from tests.boot import lent
from tests.boot.machine import NSPAWN

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var/boot-root"
PACKAGES = "ca-certificates,curl,systemd,systemd-sysv"
# A machine for an hour: without manuals, and without waiting for the disk at each file.
DPKG = [
    "force-unsafe-io",
    *(f"path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")),
]
TIMEOUT = 1800  # seconds for what usually takes one minute


def image() -> Path:
    """The tar file; makes it if this recipe's is not there, and removes those of other recipes."""
    lent.check()
    KEPT.mkdir(parents=True, exist_ok=True)
    handle = os.open(KEPT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        file = KEPT / f"{_recipe()}.tar"
        if not file.exists():
            for old in KEPT.glob("*.tar"):
                old.unlink()
            _make(file)
    finally:
        os.close(handle)
    return file


def _recipe() -> str:
    here = Path(__file__).parent
    scripts = [(here / name).read_text() for name in ("image.sh", "dnf.sh")]
    text = "\n".join([*scripts, PACKAGES, *DPKG, _awscli(), *lent.apt_sources()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _awscli() -> str:
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith("awscli=="))


def _make(file: Path) -> None:
    here = Path(__file__).parent
    made = KEPT / f"making-{secrets.token_hex(4)}"
    draft = file.with_suffix(".new")
    try:
        options = ["--variant=minbase", f"--include={PACKAGES}"]
        options += [f"--aptopt={option}" for option in lent.apt_options()]
        options += [f"--dpkgopt={option}" for option in DPKG]
        _run(
            ["mmdebstrap", "--quiet", *options, lent.release(), str(made), "-"], "\n".join(lent.apt_sources())
        )
        _run(["install", "-m", "755", str(here / "dnf.sh"), str(made / "usr/bin/dnf")])
        inside = ["sh", "-s", "--", _awscli()]
        sandbox = [*NSPAWN, *lent.binds(KEPT), f"--directory={made}", "--pipe", *inside]
        _run(sandbox, (here / "image.sh").read_text())
        _run(["tar", "--numeric-owner", "-cf", str(draft), "-C", str(made), "."])
        draft.rename(file)
    finally:
        subprocess.run([*lent.rights(), "rm", "-rf", str(made), str(draft)], check=True)


def _run(command: list[str], text: str = "") -> None:
    done = subprocess.run(
        [*lent.rights(), "env", *(f"{k}={v}" for k, v in lent.proxies().items()), *command],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-4000:]}")
