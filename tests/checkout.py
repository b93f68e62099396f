"""A copy of this checkout with a var/ of its own, and what a user does with it."""

import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = (
    "OBJECTID,SHA,PossiblePlace,Sentence,MatchedPlace,DOI,Title,Abstract,PublishedDate,Authors,Journal,"
    "Source,License"
)


@dataclass(frozen=True)
class Checkout:
    """The copy; its commands run with --local."""

    path: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`deploy.py WORD --local …`, with nobody at the keyboard."""
        return subprocess.run(
            [sys.executable, "deploy.py", words[0], "--local", *words[1:]],
            cwd=self.path,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    def deploy(self, *words: str) -> str:
        """What a command that has to succeed prints."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def outputs(self) -> dict[str, str]:
        outputs: dict[str, str] = json.loads(self.deploy("outputs", "--json"))
        return outputs


@contextmanager
def checked_out(directory: Path) -> Iterator[Checkout]:
    """What git knows, in a directory; what was started from there is taken away afterwards."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, files.stdout.split("\0")):
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    copy = Checkout(directory)
    try:
        yield copy
    finally:
        copy.run("teardown", "--yes")


def made_up_rows(file: Path, count: int = 50) -> Path:
    """A data set of so many rows about the delta variant, as a CSV file."""
    rows = (
        f"{n},,Place {n},The delta variant was sequenced in {n}.,,,Title,,2021,,,test,cc0"
        for n in range(1, count + 1)
    )
    file.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return file


def fetch(
    url: str, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, Message, str]:
    """Status, headers and body of one request."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()
