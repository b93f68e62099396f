"""wrk, the client: how many answers a second, and how long the slow ones take."""

import re
import resource
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class WrkFailed(Exception):
    """wrk is missing, or the answers were not what they should be."""


@dataclass(frozen=True)
class Load:
    """One run: answers a second; milliseconds that half and 99 of 100 stay under; wrk's own CPU seconds."""

    rate: float
    p50: float
    p99: float
    cpu: float


def run(url: str, headers: Mapping[str, str], *, connections: int, seconds: int) -> Load:
    """Ask for the address over and over; raises WrkFailed when any answer is an error."""
    program = shutil.which("wrk")
    if not program:
        raise WrkFailed("wrk is not installed: on Debian, `apt-get install wrk`")
    options = [
        "-t",
        str(min(2, connections)),
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "--timeout",
        "30s",
        "--latency",
    ]
    for name, value in headers.items():
        options += ["-H", f"{name}: {value}"]
    before = _cpu()
    done = subprocess.run([program, *options, url], capture_output=True, text=True, check=False)
    cpu = _cpu() - before
    if done.returncode or "Socket errors" in done.stdout or "Non-2xx" in done.stdout:
        raise WrkFailed(f"{url}: {done.stdout + done.stderr}")
    return Load(
        _number("Requests/sec:", done.stdout), _time("50%", done.stdout), _time("99%", done.stdout), cpu
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _number(label: str, text: str) -> float:
    return float(re.search(rf"{label}\s+([\d.]+)", text)[1])


def _time(label: str, text: str) -> float:
    number, unit = re.search(rf"{label}\s+([\d.]+)(us|ms|s|m)\b", text).groups()
    return float(number) * UNITS[unit]
