"""Whatever is killed of a local stack, the site comes back by itself, or says what is out until it does."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local import leftovers
from local.waiting import until
from tests.checkout import Checkout, checked_out, fetch, made_up_rows
from tests.local.processes import programs

TIMEOUT = 90.0  # seconds for what takes one to ten
ROWS = 60
PAGES = ("/", "/cached/", "/uncached/", "/cache/", "/healthz")
SUPERVISOR, API = "supervisor.supervisord", "local.region"


@dataclass
class Stack:
    """A stack that somebody has made with `create --local`."""

    checkout: Checkout
    articles: Path
    url: str = ""

    @property
    def var(self) -> Path:
        return self.checkout.path / "var"

    def create(self) -> str:
        said = self.checkout.deploy("create", "--yes", "--articles", str(self.articles))
        self.url = self.checkout.outputs()["url"]
        return said

    def gunicorn(self) -> tuple[int, set[int]]:
        """The master, and its workers; 0 where there is no master."""
        found = {}
        for process in leftovers.processes(self.var / "local"):
            with contextlib.suppress(OSError):  # it ended while we looked
                if b"config.wsgi" in Path(f"/proc/{process}/cmdline").read_bytes():
                    found[process] = parent(process)
        supervisor = programs(self.var)[SUPERVISOR]
        master = next((process for process in found if found[process] == supervisor), 0)
        return master, {process for process in found if found[process] == master}

    def kill(self, name: str) -> int:
        process = programs(self.var)[name]
        os.kill(process, signal.SIGKILL)
        return process

    def health(self) -> dict:
        """What /healthz tells; {} when nobody answers."""
        try:
            return json.loads(fetch(self.url, "/healthz")[2])
        except (OSError, http.client.HTTPException):
            return {}

    def well(self) -> bool:
        """Is everything there, all rows too, and is a page that was asked for before a hit?"""
        health = self.health()
        if not health or (health["status"], health["rows"]) != ("ok", ROWS):
            return False
        fetch(self.url, "/cached/")
        return fetch(self.url, "/cached/")[1]["X-Cache"] == "hit"


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/status").read_text().partition("PPid:")[2].split()[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Stack]:
    articles = made_up_rows(tmp_path_factory.mktemp("rows") / "articles.csv", ROWS)
    with checked_out(tmp_path_factory.mktemp("checkout")) as checkout:
        stack = Stack(checkout, articles)
        stack.create()
        yield stack
    assert leftovers.processes(stack.var / "local") == []


@pytest.fixture
def stack(made: Stack) -> Iterator[Stack]:
    """The stack, well before and after the test, whose pages show nobody a traceback meanwhile."""
    assert until(made.well, TIMEOUT)
    shown: list[tuple[int, str]] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in PAGES:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    status, _, text = fetch(made.url, path)
                    shown.append((status, text))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield made
            assert until(made.well, TIMEOUT)
        finally:
            over.set()
        looking.result(TIMEOUT)
    assert {status for status, _ in shown} <= {200, 503}
    assert not [text for _, text in shown if "Traceback" in text or "Server Error" in text]


@contextlib.contextmanager
def unsupervised(stack: Stack) -> Iterator[None]:
    """Nothing is started again during the block."""
    supervisor = programs(stack.var)[SUPERVISOR]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


@contextlib.contextmanager
def without(stack: Stack, program: str, status: str) -> Iterator[None]:
    """The program is killed and stays out during the block, and the health check says so."""
    with unsupervised(stack):
        stack.kill(program)
        assert until(lambda: stack.health().get("status") == status, TIMEOUT)
        yield


def test_one_worker(stack: Stack) -> None:
    master, workers = stack.gunicorn()
    victim = min(workers)
    os.kill(victim, signal.SIGKILL)
    assert until(lambda: victim not in stack.gunicorn()[1] and len(stack.gunicorn()[1]) == 2, TIMEOUT)
    assert stack.gunicorn()[0] == master


def test_all_workers(stack: Stack) -> None:
    master, workers = stack.gunicorn()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert until(lambda: not workers & stack.gunicorn()[1] and len(stack.gunicorn()[1]) == 2, TIMEOUT)
    assert stack.gunicorn()[0] == master


def test_the_master_whose_workers_go_with_it(stack: Stack) -> None:
    master, workers = stack.gunicorn()
    with unsupervised(stack):
        os.kill(master, signal.SIGKILL)
        assert until(lambda: not any(alive(worker) for worker in workers), TIMEOUT)
    assert until(lambda: stack.gunicorn()[0] not in (0, master), TIMEOUT)


def test_the_master_whose_workers_are_busy(stack: Stack) -> None:
    """They are killed before it starts again, as systemd does, and do not go on beside it."""
    master, workers = stack.gunicorn()
    where = urlsplit(stack.url)
    with contextlib.ExitStack() as clients:
        for _ in range(6):
            client = clients.enter_context(socket.create_connection((where.hostname, where.port)))
            client.sendall(b"GET / HT")
        os.kill(master, signal.SIGKILL)
        assert until(lambda: stack.gunicorn()[0] not in (0, master), TIMEOUT)
        assert not any(map(alive, workers))


def test_the_master_again_and_again(stack: Stack) -> None:
    """More often than supervisord starts a program that ends at once."""
    killed = {0}
    for _ in range(7):
        assert until(lambda: stack.gunicorn()[0] not in killed, TIMEOUT)
        master, _ = stack.gunicorn()
        assert master
        os.kill(master, signal.SIGKILL)
        killed.add(master)


def test_the_database(stack: Stack) -> None:
    with without(stack, "mariadbd", "down"):
        status, headers, page = fetch(stack.url, "/uncached/")
        assert (status, headers["Retry-After"]) == (503, "10")
        assert "The database is out" in page
        # Not at once where a busy machine has just let Redis look hung.
        assert until(lambda: fetch(stack.url, "/cached/")[1]["X-Cache"] in ("hit", "stale"), TIMEOUT)


def test_the_cache(stack: Stack) -> None:
    with without(stack, "redis-server", "degraded"):
        status, headers, page = fetch(stack.url, "/cached/")
        assert (status, headers["X-Cache"]) == (200, "bypass")
        assert "The cache is out" in page


def test_a_restart_drops_no_request(stack: Stack) -> None:
    master, _ = stack.gunicorn()
    environment = dict(
        line.split("=", 1) for line in Path(f"/proc/{master}/environ").read_text().split("\0") if line
    )
    # Without it, the command would count as one of the unit's own processes, and end with them.
    unit = environment.pop("SUPERVISOR_PROCESS_NAME").removeprefix(environment["LOCAL_REGION_MACHINE"] + "-")
    restarting, over = threading.Event(), threading.Event()
    outcomes: Counter[str] = Counter()
    counting = threading.Lock()

    def client() -> None:
        while not over.is_set():
            late = restarting.is_set()
            try:
                outcome = str(fetch(stack.url, "/uncached/")[0])
            except (OSError, http.client.HTTPException) as problem:
                outcome = (
                    "refused" if late and isinstance(problem, ConnectionError) else type(problem).__name__
                )
            with counting:
                outcomes[outcome] += 1

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client) for _ in range(8)]
        try:
            assert until(lambda: outcomes["200"] >= 50, TIMEOUT)
            restarting.set()
            subprocess.run(
                ["systemctl", "restart", unit],
                env=environment | {"VENV": str(Path(sys.executable).parent.parent)},
                check=True,
                timeout=TIMEOUT,
            )
            assert until(lambda: stack.gunicorn()[0] not in (0, master) and bool(stack.health()), TIMEOUT)
        finally:
            over.set()
        for each in clients:
            each.result(TIMEOUT)
    assert outcomes.keys() <= {"200", "refused"}, outcomes


def test_the_emulated_aws(made: Stack) -> None:
    """It comes back and knows of nothing, so that nothing runs any more; `create` makes it all anew."""
    before = {made.kill(API), made.gunicorn()[0], programs(made.var)["mariadbd"]}
    made.create()
    assert until(made.well, TIMEOUT)
    assert not any(map(alive, before))


def test_what_supervises(made: Stack) -> None:
    """The site goes on meanwhile; `create` ends what nobody supervises and makes it all anew."""
    before = {made.gunicorn()[0], programs(made.var)["mariadbd"]}
    made.kill(SUPERVISOR)
    assert until(lambda: SUPERVISOR not in programs(made.var), TIMEOUT)
    assert made.well()
    said = made.create()
    assert "holds a region that is dead" in said
    assert until(made.well, TIMEOUT)
    assert not any(map(alive, before))


def alive(process: int) -> bool:
    """Does it run? A zombie does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
