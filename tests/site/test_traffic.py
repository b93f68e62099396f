"""The site under gunicorn, in the middle of traffic, while Redis and MySQL break and are mended."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import redis

from local.servers import MariaDB, free_port, running
from tests.site.conftest import OwnRedis
from tests.site.serving import Gunicorn

ROW = "In the Mekong <mark>delta</mark>."
PATIENCE = 30  # seconds, for what takes a few


@dataclass(frozen=True)
class Seen:
    """One answer: its status, X-Cache, whether the rows are right, and the seconds that it took."""

    status: int
    outcome: str
    right: bool
    said_out: bool
    seconds: float


class Traffic:
    """Visitors that load the cached page over and over."""

    def __init__(self, site: Gunicorn) -> None:
        self.seen: list[Seen] = []
        self._site = site
        self._over = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._visit) for _ in range(4)]

    def until(self, outcome: str) -> None:
        """Wait until an answer that is asked for from now on has this outcome."""
        with self._news:
            start = len(self.seen) + len(self._threads)
            assert self._news.wait_for(
                lambda: any(one.outcome == outcome for one in self.seen[start:]), PATIENCE
            ), f"no {outcome} in {PATIENCE} s, but {[one.outcome for one in self.seen[-5:]]}"

    @contextmanager
    def flowing(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def _visit(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            status, headers, body = self._site.get("/cached/")
            seconds = time.monotonic() - began
            seen = Seen(status, headers.get("X-Cache", ""), ROW in body, "The cache is out." in body, seconds)
            with self._news:
                self.seen.append(seen)
                self._news.notify_all()


@pytest.fixture
def own_site(site: Gunicorn, own_redis: OwnRedis) -> Gunicorn:
    """The site with a Redis that the test may break."""
    where = {"CACHE_PORT": str(own_redis.server.port), "CACHE_PASSWORD": own_redis.server.password}
    return replace(site, environment=site.environment | where)


class Breaking:
    """Ways to break a Redis, each with the way to mend it."""

    def __init__(self, own: OwnRedis) -> None:
        self._own = own

    def client(self, password: str = "own") -> redis.Redis:
        return redis.Redis(port=self._own.server.port, password=password)

    @contextmanager
    def hung(self) -> Iterator[None]:
        self._own.process.send_signal(signal.SIGSTOP)
        yield
        self._own.process.send_signal(signal.SIGCONT)

    @contextmanager
    def full(self) -> Iterator[None]:
        with self.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")
            client.delete(*client.scan_iter("covid:*"))
            yield
            client.config_set("maxmemory", "0")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        with self.client() as client:
            client.flushall()
            client.replicaof("127.0.0.1", str(free_port()))
            client.client_kill_filter(_type="normal", skipme=True)
            yield
            client.replicaof("NO", "ONE")

    @contextmanager
    def refusing_our_password(self) -> Iterator[None]:
        with self.client() as client:
            client.config_set("requirepass", "changed")
            client.client_kill_filter(_type="normal", skipme=True)
            yield
            client.config_set("requirepass", "own")


def tells(site: Gunicorn, reason: str) -> bool:
    """Does /healthz come to say that the cache is out for this reason? A cut connection may be the first."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        health = json.loads(site.get("/healthz")[2])
        if (health["status"], health["cache"].get("reason")) == ("degraded", reason):
            return True
    return False


def test_every_page_comes_with_the_right_rows_whatever_redis_does(
    database: MariaDB, own_site: Gunicorn, own_redis: OwnRedis
) -> None:
    breaking = Breaking(own_redis)
    states: list[tuple[Callable, str]] = [
        (breaking.hung, "TimeoutError"),
        (breaking.full, "OutOfMemoryError"),
        (breaking.read_only, "ReadOnlyError"),
        (breaking.refusing_our_password, "AuthenticationError"),
    ]
    with running(database), running(own_site):
        traffic = Traffic(own_site)
        with traffic.flowing():
            traffic.until("hit")
            for broken, reason in states:
                with broken():
                    traffic.until("bypass")
                    assert tells(own_site, reason)
                traffic.until("hit")
            own_redis.process.kill()
            own_redis.process.wait()
            traffic.until("bypass")
            with running(own_redis.server):  # restarted, and empty
                traffic.until("hit")
    assert {(one.status, one.right) for one in traffic.seen} == {(200, True)}
    assert {one.outcome for one in traffic.seen} <= {"hit", "miss", "stale", "bypass"}
    assert all(one.said_out for one in traffic.seen if one.outcome == "bypass")
    log = (own_site.directory / "server.log").read_text()
    for _, reason in states:
        assert 1 <= log.count(f"the cache is out: {reason}") <= 4  # a line or two for each of two workers
    assert "Traceback" not in log


def test_a_hung_database_is_given_up_on(database: MariaDB, own_site: Gunicorn) -> None:
    patient = replace(own_site, environment=own_site.environment | {"DATABASE_READ_TIMEOUT": "1"})
    with running(database) as mariadbd, running(patient):
        assert [patient.get("/cached/")[1]["X-Cache"] for _ in range(2)] == ["miss", "hit"]
        mariadbd.send_signal(signal.SIGSTOP)
        try:
            status, headers, body = patient.get("/uncached/")
            assert (status, headers["Retry-After"]) == (503, "10")
            assert "The database is out" in body
            status, headers, body = patient.get("/cached/")
            assert (status, headers["X-Cache"], ROW in body) == (200, "hit", True)
        finally:
            mariadbd.send_signal(signal.SIGCONT)
        assert patient.get("/uncached/")[0] == 200
    assert "Traceback" not in (patient.directory / "server.log").read_text()
