"""A machine of shims for the set-up scripts: nothing of the real one is asked or changed."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PYTHON = """
case $2 in
*sys.executable*) echo "$0" ;;
*version_info*) exit {old} ;;
*sysconfig*) echo "$SYSTEM_ROOT/include" ;;
esac
[ "$1" != --version ] || echo "Python 3.9.2"
"""


@dataclass(frozen=True)
class Machine:
    """A root directory with an os-release, a PATH that holds only shims, and a copy of the scripts."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def policy(self) -> Path:
        return self.root / "usr/sbin/policy-rc.d"

    @property
    def project(self) -> Path:
        return self.root / "project"

    def shim(self, name: str, script: str = "exit 0") -> None:
        """A program of that name; it appends its arguments to `calls`, then runs `script`."""
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"$SYSTEM_ROOT/calls"\n{script}\n')
        path.chmod(0o755)

    def is_a(self, os_release: str) -> None:
        (self.root / "etc/os-release").write_text(os_release)

    def complete(self) -> None:
        """Everything that is looked for is there."""
        for name in ("bash", "curl", "gcc", "mariadbd", "mariadb-install-db", "pkg-config", "redis-server"):
            self.shim(name)
        self.shim("python3", PYTHON.format(old=0))
        for path in ("include/Python.h", "usr/share/zoneinfo/UTC", "etc/ssl/certs/ca-certificates.crt"):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text("x")

    def start(self, script: str, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["/bin/sh", str(self.project / "local" / script), *arguments],
            env={"PATH": str(self.bin), "SYSTEM_ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str) -> tuple[int, str, str]:
        """Status, standard output and standard error."""
        with self.start(script, *arguments) as process:
            output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []
