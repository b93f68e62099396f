"""As much of journalctl as is asked of a host: the last lines that a unit wrote, and what came after them."""

import argparse
import os
import sys
from pathlib import Path

from local.supervision import MARK
from local.systemd import MACHINE


def log(unit: str) -> Path:
    """The file that a unit's output goes to, in place of a journal."""
    name = unit if unit.endswith(".service") else f"{unit}.service"
    return Path(os.environ[MARK]) / os.environ[MACHINE] / f"{name}.log"


def main(arguments: list[str]) -> int:
    """`journalctl --unit UNIT [--lines N] …`; with --show-cursor a last line that --after-cursor takes."""
    parser = argparse.ArgumentParser(prog="journalctl")
    parser.add_argument("--unit", required=True)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--output", default="short")
    parser.add_argument("--no-pager", action="store_true")
    parser.add_argument("--show-cursor", action="store_true")
    parser.add_argument("--after-cursor", type=int, default=0)
    asked = parser.parse_args(arguments)
    file = log(asked.unit)
    written = file.read_bytes() if file.exists() else b""
    # A log that is shorter than it was has been begun anew.
    start = asked.after_cursor if asked.after_cursor <= len(written) else 0
    lines = written[start:].decode(errors="replace").splitlines()
    if asked.lines is not None:
        lines = lines[-asked.lines :] if asked.lines else []
    for line in lines or ["-- No entries --"]:
        sys.stdout.write(f"{line}\n")
    if asked.show_cursor:
        sys.stdout.write(f"-- cursor: {len(written)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
