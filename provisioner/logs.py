"""What a host writes while it boots and while it serves, read from its end and on as it grows.

Run Command hands on 24,000 characters of a script's output. So the host packs what is asked for and cuts it
to that size itself; what has come through is unpacked as far as it goes, and the next page begins there.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from provisioner import run_command
from provisioner.aws import Cloud
from provisioner.errors import Failed, ResourceError
from provisioner.model import Found

RESOURCE = "host"

PAGE = 20000
"""Characters that a script may write: a few less than Run Command keeps."""

PAGE_LINES = 2000
PAGE_BYTES = 1_000_000
"""What a script reads at most for a page, before it is packed and cut."""

SECONDS = 60
"""How long a script may take to read a page."""

BOOT_FILE = "/var/log/cloud-init-output.log"
"""Where cloud-init keeps what user data writes, after the console has forgotten it."""

LONG = "(a line of more than 4,096 bytes, which the journal does not hand on)"

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Line:
    """One line of a log, with nothing in it that a terminal would obey; `time` where the log knows it."""

    text: str
    time: datetime | None = None


class Log(Protocol):
    """A log that is read on from where the last read ended."""

    def read(self) -> tuple[list[Line], bool]:
        """What is new, and whether there is more at once."""
        ...


class SiteLog:
    """What the site writes: the journal of its unit, its last lines first. Read by Run Command."""

    def __init__(self, host: Found, cloud: Cloud, lines: int) -> None:
        self._host, self._cloud = host, cloud
        self._from = f"--lines {lines}"

    def read(self) -> tuple[list[Line], bool]:
        # JSON has a cursor in each entry: a page that is cut off anywhere says where it ended.
        script = (
            f"journalctl --unit {shlex.quote(self._cloud.stack)}-site.service --no-pager --quiet"
            f" --output json --output-fields MESSAGE {self._from} | head -n {PAGE_LINES}"
        )
        page, whole = _fetch(script, self._host, self._cloud)
        entries = [json.loads(line) for line in page[: page.rfind(b"\n") + 1].splitlines()]
        if entries:
            self._from = f"--after-cursor {shlex.quote(entries[-1]['__CURSOR'])}"
        elif self._from.startswith("--lines"):
            self._from = ""  # there was nothing: all that comes is new
        return [_entry(each) for each in entries], not whole or len(entries) == PAGE_LINES


class BootLog:
    """What the host wrote while it booted: its console, which needs no agent there.

    A console that has forgotten it, as that of a host long up may, is replaced by the file on the host.
    """

    def __init__(self, host: Found, cloud: Cloud, lines: int) -> None:
        self._host, self._cloud, self._lines = host, cloud, lines
        self._console: list[str] = []
        self._offset = 0

    def read(self) -> tuple[list[Line], bool]:
        if self._offset:
            return self._file()
        # What follows the last line break is not a line yet.
        before, self._console = self._console, console(self._host, self._cloud).split("\n")[:-1]
        new = self._console[_overlap(before, self._console) :]
        if before:
            return [Line(text) for text in new], False
        if not any("boot: " in text for text in new) and (lines := self._whole_file()):
            return lines[-self._lines :], False
        return [Line(text) for text in new[-self._lines :]], False

    def _whole_file(self) -> list[Line]:
        """All lines of the file; none if there is no such file, or no agent that could read it."""
        lines: list[Line] = []
        more = True
        while more:
            try:
                page, more = self._file()
            except ResourceError:
                return []
            lines += page
        return lines

    def _file(self) -> tuple[list[Line], bool]:
        file = f'"${{DESTDIR:-}}"{BOOT_FILE}'
        script = f"[ ! -f {file} ] || tail -c +{self._offset + 1} {file} | head -c {PAGE_BYTES}"
        page, whole = _fetch(f"{{ {script}; }}", self._host, self._cloud)
        end = page.rfind(b"\n") + 1
        more = not whole or len(page) == PAGE_BYTES
        if more and not end:
            end = len(page)  # a line that is longer than a page comes in pieces
        self._offset += end
        text = page[:end].decode(errors="replace").removesuffix("\n")
        return [Line(plain(each)) for each in text.split("\n")] if end else [], more


def console(host: Found, cloud: Cloud) -> str:
    """What the host wrote to its console so far; EC2 keeps the last 64 kB."""
    answer = cloud.ec2.get_console_output(InstanceId=host.id, Latest=True)
    return "\n".join(map(plain, str(answer.get("Output", "")).split("\n")))


def plain(text: str) -> str:
    """The text without colours, carriage returns and whatever else a terminal would obey."""
    return CONTROLS.sub("", ESCAPES.sub("", text))


def _fetch(script: str, host: Found, cloud: Cloud) -> tuple[bytes, bool]:
    """What the script writes, as far as it fits into a page, and whether that is all. Raises Failed."""
    packed = f"{script} | gzip | base64 -w 0 | head -c {PAGE}"
    ran = run_command.run(packed, RESOURCE, host, cloud, SECONDS)
    unpacking = zlib.decompressobj(wbits=31)
    text = ran.output.strip()
    page = unpacking.decompress(base64.b64decode(text[: len(text) // 4 * 4]))
    if not page and (not unpacking.eof or ran.errors.strip()):
        problem = ran.errors.strip() or f"Run Command says {ran.status}"
        raise Failed(RESOURCE, host.id, "not telling its log", plain(problem))
    return page, unpacking.eof


def _entry(entry: dict[str, Any]) -> Line:
    message = entry.get("MESSAGE")
    if isinstance(message, list):  # the journal's way with what is not plain text
        message = bytes(byte for byte in message if isinstance(byte, int)).decode(errors="replace")
    moment = entry.get("__REALTIME_TIMESTAMP")
    time = datetime.fromtimestamp(int(moment) / 1e6, UTC) if moment else None
    return Line(LONG if message is None else plain(message), time)


def _overlap(before: list[str], now: list[str]) -> int:
    """How many of these lines were there before; the first ones before may have been forgotten meanwhile."""
    if now[: len(before)] == before:
        return len(before)
    for end in range(min(len(before) + 1, len(now)), 1, -1):
        # The first line may be what is left of one.
        if now[1:end] == before[1 - end :]:
            return end
    return 0
