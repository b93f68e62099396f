"""How lean a second `create` is, and how near the first one comes to the longest chain of waits on AWS.

    python bench/provisioning.py [--rounds N]

The second create runs as a user runs it, as a process of its own against an emulated AWS on loopback, beside
the least that such a process takes: the same program asking AWS only who it is. The first one runs in virtual
time: everything takes as long as it does on AWS, and every call a tenth of a second; nobody waits for real.
"""

import argparse
import graphlib
import heapq
import io
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import boto3  # noqa: E402  (the path has to stand first)
from moto import mock_aws  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

from local.gaps import fill_gaps  # noqa: E402
from provisioner import engine  # noqa: E402
from provisioner.archive import Archive  # noqa: E402
from provisioner.aws import Cloud  # noqa: E402
from provisioner.blueprint import django_site  # noqa: E402
from provisioner.config import Config  # noqa: E402
from provisioner.events import Event  # noqa: E402
from provisioner.preflight import prepare  # noqa: E402
from tests.strict_aws import StrictAws  # noqa: E402
from tests.strict_aws.layer import READS, REGION, Wiring  # noqa: E402

CALL = 0.1
"""Seconds that a call takes."""

DURATIONS = {
    ("vpc", "pending"): 1,
    ("subnet", "pending"): 1,
    ("nat", "pending"): 110,
    ("database", "creating"): 300,
    ("cache", "creating"): 450,
    ("instance", "pending"): 35,
    ("profile", "unknown"): 10,
}
"""Seconds that AWS takes, from public logs: NAT gateways 1:40 to 2:00, RDS for MySQL 4:30 to 5:45,
replication groups 6 to 9 min, instances 22 to 45 s."""

CHAIN = {
    "vpc": 1,
    **dict.fromkeys(("public-1", "public-2", "private-1", "private-2"), 1),
    "nat-gateway": 110,
    "database": 300,
    "cache": 450,
    "host": 35,
}
"""The same by resource: what the longest chain is counted from."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    fill_gaps()
    table = Table(box=None, pad_edge=False)
    for heading, justify in (("what", "left"), ("ours", "right"), ("beside", "right"), ("ratio", "right")):
        table.add_column(heading, justify=justify)
    for row in (*second_create(rounds), *first_create()):
        table.add_row(*row)
    Console(width=110, highlight=False).print(table)


def second_create(rounds: int) -> list[tuple[str, str, str, str]]:
    """Calls and seconds of a create that changes nothing."""
    with emulator() as (endpoint, calls):
        deploy("create", endpoint)
        ours, least = [], []
        for _ in range(rounds):
            calls.clear()
            ours.append(deploy("create", endpoint))
            made = list(calls)
            least.append(deploy("outputs", endpoint, identity_only=True))
    mutating = Counter(call for call in made if not call.startswith(READS))
    seconds, bare = statistics.median(ours), statistics.median(least)
    return [
        ("second create: calls", f"{len(made)}", "at most 40", f"{len(made) / 40:.2f}"),
        (
            "  of them mutating",
            ", ".join(mutating) or "none",
            "the lock's two",
            f"{mutating.total() / 2:.2f}",
        ),
        ("  seconds", f"{seconds:.2f} s", f"who am I: {bare:.2f} s", f"{seconds / bare:.2f}"),
    ]


@contextmanager
def emulator():
    """An emulated AWS on a loopback port, and the operations that it is asked for."""
    calls: list[str] = []
    application = DomainDispatcherApplication(create_backend_app)

    def counted(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        calls.append(operation(environ, body))
        return application(environ, start_response)

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def operation(environ, body: bytes) -> str:
    """The call's name: in a header, in the form, or, for S3, made of method and path."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2]
    form = parse_qs(body.decode(errors="replace"))
    reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    return form.get("Action", ["GetFromS3" if reads else "PutToS3"])[0]


class Silent(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


IDENTITY = """
import boto3
from provisioner.aws import Cloud
Cloud(boto3.Session(region_name="us-east-1"), "covid").account
"""


def deploy(command: str, endpoint: str, *, identity_only: bool = False) -> float:
    """Seconds that the command takes, from its start to its end."""
    words = ["-c", IDENTITY] if identity_only else ["deploy.py", command, "--yes", "--no-wait", "--json"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def first_create() -> list[tuple[str, str, str, str]]:
    """Virtual seconds of a create with AWS's durations, beside the longest chain and beside their sum."""
    rows = []
    for nat in (False, True):
        wiring = Wiring(boto3.Session("test", "test", region_name=REGION))
        now = Time()
        wiring.aws = strict = StrictAws(now, default_seconds=0)
        strict.seconds |= DURATIONS
        with mock_aws():
            config = Config(nat=nat)
            cloud = Cloud(wiring.session, config.name, clock=now, pause=now.pause)
            stack = django_site(config, cloud, prepare(config, cloud).zones, Archive(b"archive"))
            graph = stack.graph()
            now.follow(graph)
            strict.faults.append(lambda call, now=now: now.pause(CALL))
            engine.up(stack, cloud, now.heed)
        chain = longest(graph)
        sequence = sum(CHAIN.get(name, 0) for name in graph)
        took = now()
        what = "first create" + (" with --nat" if nat else "")
        rows.append((what, f"{took:.0f} s", f"longest chain: {chain:.0f} s", f"{took / chain:.3f}"))
        rows.append(("", "", f"one after the other: {sequence:.0f} s", f"{took / sequence:.3f}"))
    return rows


def longest(graph: dict[str, set[str]]) -> float:
    """Seconds of the longest chain: what no order of work could be faster than."""
    ends: dict[str, float] = {}
    for name in graphlib.TopologicalSorter(graph).static_order():
        ends[name] = CHAIN.get(name, 0) + max((ends[each] for each in graph[name]), default=0)
    return max(ends.values())


class Time:
    """Virtual time of the engine's threads: it goes on to the first alarm when all that work are asleep."""

    def __init__(self) -> None:
        self._now = 0.0
        self._busy = 0
        self._alarms: list[float] = []
        self._changed = threading.Condition()
        self._sorter = graphlib.TopologicalSorter[str]()

    def __call__(self) -> float:
        return self._now

    def follow(self, graph: dict[str, set[str]]) -> None:
        """The work to come: how many work at the same time follows from what waits for what."""
        self._sorter = graphlib.TopologicalSorter(graph)
        self._sorter.prepare()
        self._busy = len(self._sorter.get_ready())

    def heed(self, event: Event) -> None:
        """The engine's events: what is done lets others begin."""
        if event.what == "done":
            with self._changed:
                self._sorter.done(event.resource)
                self._busy += len(self._sorter.get_ready()) - 1
                self._go_on()

    def pause(self, seconds: float) -> None:
        with self._changed:
            alarm = self._now + seconds
            heapq.heappush(self._alarms, alarm)
            self._go_on()
            self._changed.wait_for(lambda: self._now >= alarm)

    def _go_on(self) -> None:
        if self._alarms and len(self._alarms) >= self._busy:
            self._now = self._alarms[0]
            while self._alarms and self._alarms[0] <= self._now:
                heapq.heappop(self._alarms)
            self._changed.notify_all()


if __name__ == "__main__":
    main()
