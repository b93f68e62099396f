"""A host in a sandbox: its boot, its steps, and what is seen of it afterwards."""

import contextlib
import csv
import json
import re
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import MySQLdb

from covid.loading.columns import NAMES
from covid.loading.generate import GeneratedRecords
from local.servers import HOST
from local.waiting import until
from tests.boot.cloud import AUTHORITY, Surroundings
from tests.boot.machine import BOOT_TIMEOUT, Machine

PUBLIC = "/etc/pki/tls/certs/ca-bundle.crt"
STEP = re.compile(r"^boot: (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Boot:
    """A run of the script: exit status, output, each step's seconds, and the files that it left."""

    status: int
    log: str
    steps: dict[str, float]
    files: list[str]


class Host:
    """A machine and what it can reach."""

    def __init__(self, machine: Machine, around: Surroundings) -> None:
        self.machine = machine
        self.around = around
        self.unit = f"{around.config.name}-site.service"
        self._boots = 0

    def switch_on(self) -> None:
        self.machine.place(self.around.authority, AUTHORITY)
        self.machine.start()
        # On AWS it is public authorities that vouch for the cache.
        trust = f"cat {PUBLIC} {AUTHORITY} >/srv/public.pem && ln -sf /srv/public.pem {PUBLIC}"
        self.machine.run("sh", "-c", trust)

    def boot(self, script: str, *, cut_off_in: str = "", after: float = 0) -> Boot:
        """Run the script to its end, or take the machine's power when that step has run for so long."""
        self._boots += 1
        log = self.machine.directory / f"boot-{self._boots}.log"
        begun: dict[str, float] = {}
        with self.machine.begin(script, self.around.environment, log) as process:

            def over() -> bool:
                ended = process.poll() is not None  # asked first: what it wrote last is read then
                for step in STEP.findall(log.read_text(errors="replace")):
                    begun.setdefault(step, time.monotonic())
                cut_off = cut_off_in in begun and time.monotonic() >= begun[cut_off_in] + after
                return ended or cut_off

            in_time = until(over, BOOT_TIMEOUT)
            if cut_off_in or not in_time:
                # What it says while the machine dies around it does not count.
                assert process.poll() in (None, 0), log.read_text(errors="replace")[-2000:]
                self.machine.cut_off()
            status = process.wait()
        text = log.read_text(errors="replace")
        assert in_time, f"the boot took more than {BOOT_TIMEOUT} s:\n{text[-2000:]}"
        moments = [*begun.values(), time.monotonic()]
        lasted = {step: end - start for step, (start, end) in zip(begun, pairwise(moments), strict=True)}
        return Boot(status, text, lasted, [] if cut_off_in else self.files())

    def fetch(self, path: str) -> str:
        """A page's text; an exception for any status but 200."""
        with urllib.request.urlopen(f"http://{HOST}:{self.around.port}{path}", timeout=30) as answer:
            assert answer.status == 200
            return str(answer.read().decode())

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.fetch("/healthz"))
        return found

    def answers(self) -> bool:
        try:
            return bool(self.health()["status"] == "ok")
        except OSError:
            return False

    def unit_says(self, name: str) -> str:
        """A property of the site's unit."""
        return self.machine.run(
            "systemctl", "show", "--value", f"--property={name}", self.unit
        ).stdout.strip()

    def processes(self) -> list[str]:
        """The site's: gunicorn's master and its workers, by their numbers inside."""
        master = self.unit_says("MainPID")
        children = self.machine.run("cat", f"/proc/{master}/task/{master}/children").stdout
        return [master, *children.split()]

    def as_site(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as the site's user, with the site's environment, in its directory."""
        master = self.unit_says("MainPID")
        variables = self.machine.run("cat", f"/proc/{master}/environ").stdout.split("\0")
        environment = dict(variable.split("=", 1) for variable in variables if variable)
        there = ["sh", "-c", 'cd "$0" && exec runuser -u site -- "$@"', self.unit_says("WorkingDirectory")]
        return self.machine.run(*there, *command, environment=environment, check=False)

    def manage(self, code: str) -> str:
        """What this Python code prints in the site's shell."""
        python = self.unit_says("ExecStart").split("path=")[1].split()[0].replace("gunicorn", "python")
        done = self.as_site(python, "manage.py", "shell", "--no-imports", "--command", code)
        assert done.returncode == 0, done.stderr
        return str(done.stdout.strip())

    def loads(self) -> list[str]:
        """Each load of the data set that the database remembers."""
        code = "print(*(f'{each.pk}: {each}' for each in DataSet.objects.order_by('pk')), sep='\\n')"
        return self.manage(f"from covid.models import DataSet\n{code}").splitlines()

    def sql(self, statement: str) -> None:
        """Run a statement in the site's database, as its owner."""
        server = self.around.cloud.rds.all("describe_db_instances", "DBInstances")[0]["Endpoint"]
        connection = MySQLdb.connect(
            host=server["Address"],
            port=server["Port"],
            user="admin",
            password=self.around.secrets()["DATABASE_PASSWORD"],
            database="covid",
            ssl_mode="VERIFY_IDENTITY",
            ssl={"ca": str(self.around.authority)},
            autocommit=True,
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)

    def files(self) -> list[str]:
        """All that a boot leaves: kind, mode, owner and path, and a link's target."""
        places = [f"/opt/{self.around.config.name}", "/etc/systemd/system", "/etc/passwd"]
        left_out = ["(", "-name", "__pycache__", "-prune", ")", "-o"]
        done = self.machine.run("find", *places, *left_out, "-printf", r"%y %m %u:%g %p %l\n")
        return sorted(done.stdout.splitlines())


def articles(directory: Path, rows: int) -> Path:
    """A data set of made-up rows, as a csv file."""
    file = directory / "articles.csv"
    with file.open("w", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(NAMES)
        writer.writerows(row for row, _ in GeneratedRecords(rows, 1))
    return file
