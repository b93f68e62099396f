"""The machine that the set-up scripts' tests run on."""

import shutil
from pathlib import Path

import pytest

from tests.setup.machine import Machine

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("awk", "cat", "chmod", "cmp", "dirname", "find", "flock", "grep", "mkdir", "mv", "rm", "sh", "tail")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    for directory in ("bin", "etc", "usr/sbin", "project/local"):
        (tmp_path / directory).mkdir(parents=True)
    for script in (ROOT / "local").glob("*.sh"):
        shutil.copy(script, made.project / "local")
    for name in TOOLS:
        found = shutil.which(name)
        assert found, f"{name} is not installed"
        (made.bin / name).symlink_to(found)
    made.shim("uname", "echo Linux")
    made.shim("id", "echo 1000")
    made.shim("dpkg")
    return made
