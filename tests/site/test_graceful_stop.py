"""A stop is graceful: who has begun to ask gets the whole answer, who comes later gets one or none."""

import contextlib
import http.client
import itertools
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen

import MySQLdb
import pytest

from local.servers import MariaDB, Redis, running
from local.waiting import until
from tests.site.serving import Gunicorn

TIMEOUT = 60.0  # seconds for what takes one or two
PAGES = ("/cached/", "/uncached/", "/", "/healthz", "/cached/table/")
CLIENTS = 12
GONE = ("ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected")
REQUEST = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def served(database: MariaDB, site: Gunicorn, redis_server: Redis) -> Iterator[Popen[bytes]]:
    """The master of a site whose database may take its time."""
    site.environment["DATABASE_READ_TIMEOUT"] = str(int(TIMEOUT))
    with running(database), running(site) as master:
        assert until(lambda: len(workers(master)) == 2, TIMEOUT)
        yield master
        master.kill()


@contextlib.contextmanager
def locked(database: MariaDB) -> Iterator[Callable[[], int]]:
    """No query of the articles ends during the block; gives how many of them wait."""
    with contextlib.closing(
        MySQLdb.connect(
            host="127.0.0.1",
            port=database.port,
            user=database.user,
            password=database.password,
            database=database.database,
        )
    ) as connection:
        connection.query("LOCK TABLES covid_article WRITE")

        def waiting() -> int:
            connection.query(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%'"
            )
            return int(connection.store_result().fetch_row()[0][0])

        yield waiting


def workers(master: Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()]


def told_to_stop(process: int) -> bool:
    """Does a SIGTERM wait for the process to go on?"""
    return bool(int(status(process, "ShdPnd"), 16) & 1 << signal.SIGTERM - 1)


def status(process: int, fact: str) -> str:
    """What the kernel tells of a process."""
    return Path(f"/proc/{process}/status").read_text().partition(f"{fact}:")[2].split()[0]


def refused(site: Gunicorn) -> bool:
    try:
        socket.create_connection(("127.0.0.1", site.port), timeout=TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # reset while it connected
        return False
    return False


def ask(site: Gunicorn, path: str) -> socket.socket:
    """Connect and send the whole request."""
    client = socket.create_connection(("127.0.0.1", site.port), timeout=TIMEOUT)
    client.sendall(REQUEST % path.encode())
    return client


def outcome(client: socket.socket) -> str:
    """The status of the answer, if it is whole, or what went wrong."""
    try:
        with client:
            answer = http.client.HTTPResponse(client)
            answer.begin()
            answer.read()
            return str(answer.status)
    except (OSError, http.client.HTTPException) as problem:
        return type(problem).__name__


def test_requests_in_flight_are_answered(served: Popen[bytes], site: Gunicorn, database: MariaDB) -> None:
    """More than there are threads, so that some wait for one; and some whose sending is not over."""
    request = REQUEST % b"/cached/"
    with locked(database) as waiting:
        whole = [ask(site, "/uncached/") for _ in range(24)]
        assert until(lambda: waiting() >= 8, TIMEOUT)
        half = [socket.create_connection(("127.0.0.1", site.port), timeout=TIMEOUT) for _ in range(6)]
        for client in half:
            client.sendall(request[:9])
        served.terminate()
        assert until(lambda: refused(site), TIMEOUT)
        for client in half:
            client.sendall(request[9:])
    assert Counter(map(outcome, whole + half)) == {"200": 30}
    assert served.wait(TIMEOUT) == 0


def test_connections_that_nobody_has_accepted_are_answered(served: Popen[bytes], site: Gunicorn) -> None:
    stopped = workers(served)
    for worker in stopped:
        os.kill(worker, signal.SIGSTOP)
    assert until(lambda: all(status(worker, "State")[0] == "T" for worker in stopped), TIMEOUT)
    waiting = [ask(site, "/healthz") for _ in range(60)]
    served.terminate()
    assert until(lambda: all(map(told_to_stop, stopped)), TIMEOUT)
    for worker in stopped:
        os.kill(worker, signal.SIGCONT)
    assert Counter(map(outcome, waiting)) == {"200": 60}
    assert served.wait(TIMEOUT) == 0


@pytest.mark.parametrize("everybody", [False, True], ids=["the master", "all processes"])
def test_no_request_is_lost_under_load(served: Popen[bytes], site: Gunicorn, everybody: bool) -> None:
    """Over new connections and over kept ones; the master alone is asked to end, or all processes at once."""
    load = Load(site)
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = [pool.submit(load.keep if number % 2 else load.renew, number) for number in range(CLIENTS)]
        assert until(lambda: load.before.total() > 20 * CLIENTS, TIMEOUT)
        load.stopping.set()
        for process in [*(workers(served) if everybody else ()), served.pid]:
            os.kill(process, signal.SIGTERM)
        for each in done:
            each.result(TIMEOUT)
    log = (site.directory / "server.log").read_text()
    assert load.before.keys() == {"200"}, f"{load.before}\n{log}"
    assert load.after.keys() <= {"200", "refused"}, f"{load.after}\n{log}"
    assert served.wait(TIMEOUT) == 0


def test_a_worker_that_is_told_to_stop_is_replaced(served: Popen[bytes], site: Gunicorn) -> None:
    """It closes its own way in alone, and not that of the site."""
    before = workers(served)
    os.kill(before[0], signal.SIGTERM)
    assert until(lambda: before[0] not in workers(served) and len(workers(served)) == 2, TIMEOUT)
    assert site.get("/healthz")[0] == 200
    os.kill(before[1], signal.SIGKILL)
    assert until(lambda: before[1] not in workers(served) and len(workers(served)) == 2, TIMEOUT)
    assert {site.get("/healthz")[0] for _ in range(20)} == {200}


def test_a_worker_that_hangs_is_replaced_while_the_other_one_answers(
    database: MariaDB, site: Gunicorn, redis_server: Redis
) -> None:
    site.environment["GUNICORN_CMD_ARGS"] = "--timeout 5"
    with running(database), running(site) as master:
        assert until(lambda: len(workers(master)) == 2, TIMEOUT)
        before = workers(master)
        os.kill(before[0], signal.SIGSTOP)
        assert until(lambda: status(before[0], "State") == "T", TIMEOUT)
        assert {site.get("/healthz")[0] for _ in range(20)} == {200}
        assert until(lambda: before[0] not in workers(master) and len(workers(master)) == 2, TIMEOUT)
        assert {site.get("/healthz")[0] for _ in range(20)} == {200}


class Load:
    """Clients that ask until there is nobody to ask, and how their requests ended.

    `before` counts those that had begun when the stop did, `after` those that came later: these may be
    refused, or reset before a byte of an answer, if they come in the moment in which the listener closes.
    """

    def __init__(self, site: Gunicorn) -> None:
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._counting = threading.Lock()
        self._site = site

    def renew(self, number: int) -> None:
        """A connection for each request."""
        for path in self._paths(number):
            late = self.stopping.is_set()
            try:
                result = outcome(ask(self._site, path))
            except OSError as problem:
                result = type(problem).__name__
            if self._count(result, late):
                return

    def keep(self, number: int) -> None:
        """Requests over one connection as long as the server keeps it, then over the next one."""
        browser = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=TIMEOUT)
        with contextlib.closing(browser):
            for path in self._paths(number):
                late = self.stopping.is_set()
                try:
                    browser.request("GET", path)
                    answer = browser.getresponse()
                    answer.read()
                    result = str(answer.status)
                except (OSError, http.client.HTTPException) as problem:
                    browser.close()
                    result = type(problem).__name__
                if self._count(result, late):
                    return

    def _paths(self, number: int) -> Iterator[str]:
        return itertools.islice(itertools.cycle(PAGES), number % len(PAGES), 100_000)

    def _count(self, result: str, late: bool) -> bool:
        """Count it; is there nobody to ask any more?"""
        gone = late and result in GONE
        with self._counting:
            (self.after if late else self.before)["refused" if gone else result] += 1
        return gone
