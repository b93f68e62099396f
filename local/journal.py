"""As much of journalctl as is asked of a host: the last lines that a unit wrote, and what came after them."""

import argparse
import itertools
import json
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
    """`journalctl --unit UNIT [--lines N] …`; JSON has what --after-cursor takes, but no times."""
    parser = argparse.ArgumentParser(prog="journalctl")
    parser.add_argument("--unit", required=True)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--output", default="cat", choices=("cat", "json"))
    parser.add_argument("--output-fields", choices=("MESSAGE",))
    parser.add_argument("--after-cursor", type=int, default=0)
    parser.add_argument("--no-pager", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_args(arguments)
    file = log(asked.unit)
    written = file.read_bytes() if file.exists() else b""
    # A log that is shorter than it was has been begun anew.
    start = asked.after_cursor if asked.after_cursor <= len(written) else 0
    # What follows the last line break is not a line yet.
    lines = [line for line in written[start:].splitlines(keepends=True) if line.endswith(b"\n")]
    cursors = list(itertools.accumulate(map(len, lines), initial=start))[1:]
    entries = list(zip(cursors, lines, strict=True))
    if asked.lines is not None:
        entries = entries[-asked.lines :] if asked.lines else []
    for cursor, line in entries:
        text = line.decode(errors="replace").rstrip("\n")
        entry = {"__CURSOR": str(cursor), "MESSAGE": text}
        sys.stdout.write((json.dumps(entry) if asked.output == "json" else text) + "\n")
    if not entries and not asked.quiet:
        sys.stdout.write("-- No entries --\n")
    return 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # as in journalctl | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
