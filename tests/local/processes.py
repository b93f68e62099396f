"""What runs in a region, seen by the kernel and not by the API."""

import contextlib
from pathlib import Path

from local import leftovers


def programs(var: Path) -> dict[str, int]:
    """The region's processes by the names of their programs; modules and scripts count as programs."""
    found = {}
    for process in leftovers.processes(var / "local"):
        # One may end while we look.
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
            name = words[words.index("-m") + 1] if "-m" in words else Path(words[0]).name
            found[name] = process
    return found
