"""Whatever anybody sends to any address of either listener, the site neither breaks nor grows."""

import functools
import gc
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import MySQLdb
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver
from django_redis import get_redis_connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.admin_urls import urlpatterns
from config.urls import urlpatterns as public
from covid.questions import SLOTS
from local.servers import MariaDB, Redis, running
from tests.site.conftest import own_database, site_on
from tests.site.hostile import FORM, SUFFIXES, shapes
from tests.site.raw import request, say
from tests.site.serving import Gunicorn

WORDS = 1000
KEYS = SLOTS * 2 * 4 + 100  # two forms of an answer, each with a line and at most three parts; and a few
GROWTH = 24_000_000  # bytes that a worker's memory may vary by, once it has seen everything

Served = tuple[Gunicorn, MariaDB]


def addresses(patterns: list, start: str = "/") -> Iterator[str]:
    """Every path that leads somewhere, with 1 for each of its parameters."""
    for pattern in patterns:
        path = start + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and "^" not in path and "(" not in path:
            yield path


PUBLIC = [*addresses(public), "/healthz", "/static/covid/icon.svg", "/nowhere/"]
ADMIN = [path for path in addresses(urlpatterns) if path.startswith("/admin/")]


@pytest.fixture(scope="module")
def served(scratch: Path, redis_server: Redis) -> Iterator[Served]:
    database = own_database()
    site = site_on(database)
    with running(database), running(site):
        yield site, database


def test_the_lists_hold_every_address() -> None:
    assert {"/", "/cached/table/", "/cache/clear/"} <= set(PUBLIC)
    assert {"/admin/", "/admin/login/", "/admin/covid/article/1/change/"} <= set(ADMIN)


def attack(port: int, data: list[bytes]) -> None:
    """Send each; every one gets an answer that is no error of ours, or a closed connection."""

    def one(each: bytes) -> None:
        answer = say(port, each)
        assert answer.status < 500, each[:300]
        assert b"Traceback" not in answer.body, each[:300]
        assert re.match(r"/(?!/)|$", answer.headers.get("Location") or ""), each[:300]  # leads nowhere else
        assert not (answer.headers.get("Set-Cookie") or "").startswith("a=b"), each[:300]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, data))


def quiet(site: Gunicorn) -> None:
    """The site is well, and its log tells nothing that can be provoked without end."""
    assert '"status": "ok"' in site.get("/healthz")[2]
    log = (site.directory / "server.log").read_text(errors="replace")
    assert "Traceback" not in log
    assert "ERROR django.request" not in log
    assert len(log.splitlines()) < 100
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", log)  # what a terminal would obey


@pytest.mark.parametrize("path", PUBLIC)
def test_the_public_listener(served: Served, path: str) -> None:
    attack(served[0].port, shapes(path.encode()))
    quiet(served[0])


def test_the_loopback_listener(served: Served) -> None:
    for path in ADMIN:
        attack(served[0].admin_port, shapes(path.encode()))
    quiet(served[0])
    with MySQLdb.connect(**where(served[1])) as connection, connection.cursor() as cursor:
        for table in ("django_session", "django_admin_log"):
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
            assert cursor.fetchone() == (0,)


def test_an_administrators_addresses(served: Served) -> None:
    site, _ = served
    page = say(site.admin_port, request(b"/admin/login/"))
    token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)', page.body)[1]
    form = b"csrfmiddlewaretoken=%b&username=admin&password=%b" % (
        token,
        site.environment["ADMIN_PASSWORD"].encode(),
    )
    csrf = page.headers["Set-Cookie"].partition(";")[0].encode()
    entered = say(site.admin_port, request(b"/admin/login/", b"POST", FORM, b"Cookie: " + csrf, body=form))
    cookie = b"Cookie: " + entered.headers.get_all("Set-Cookie")[-1].partition(";")[0].encode()
    assert say(site.admin_port, request(b"/admin/", b"GET", cookie)).status == 200
    for path in ADMIN:
        if path != "/admin/logout/":
            attack(site.admin_port, [request(path.encode() + one, b"GET", cookie) for one in SUFFIXES])
    quiet(site)


def test_what_a_process_remembers_is_bounded(client: Client) -> None:
    client.get("/nowhere/")  # everything is imported by then
    ours = [
        one
        for one in gc.get_objects()
        if type(one) is functools._lru_cache_wrapper and one.__module__.startswith(("covid.", "config."))
    ]
    assert len(ours) > 5
    assert [one for one in ours if one.cache_parameters()["maxsize"] is None] == []


HEADER = st.binary(max_size=200).filter(lambda data: b"\r\n\r\n" not in data)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.binary(max_size=300),
    method=st.sampled_from([b"GET", b"POST", b"HEAD", b"TRACE", b"X"]),
    headers=st.lists(HEADER, max_size=5),
    body=st.binary(max_size=500),
    raw=st.booleans(),
)
def test_bytes_at_random(
    served: Served, path: bytes, method: bytes, headers: list[bytes], body: bytes, raw: bool
) -> None:
    attack(served[0].port, [path + body if raw else request(b"/" + path, method, *headers, body=body)])


def test_nothing_grows(served: Served) -> None:
    site, _ = served
    redis = get_redis_connection()

    def wave(number: int) -> None:
        words = [f"{path}?word=w{number}x{n}" for n in range(WORDS) for path in ("/cached/", "/rows/")]
        others = [f"/cached/?p{number}x{n}={n}" for n in range(WORDS)]
        attack(site.port, [request(each.encode()) for each in [*words, *others]])
        attack(site.port, [each for path in PUBLIC for each in shapes(path.encode())])

    wave(0)
    before = memory(site)
    for number in (1, 2):
        wave(number)
    after = memory(site)
    assert before.keys() == after.keys()  # no worker died
    assert all(after[worker] - before[worker] < GROWTH for worker in before), (before, after)
    assert redis.dbsize() < KEYS
    quiet(site)
    eventually(lambda: all(files(worker) < 100 for worker in before))


def memory(site: Gunicorn) -> dict[int, int]:
    """The bytes in memory of each worker."""
    return {worker: resident(worker) for worker in workers(site)}


def workers(site: Gunicorn) -> list[int]:
    """The processes that serve the site: those whose parent is the one that was started with its address."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            mine = f"BIND=127.0.0.1:{site.port}\0".encode() in environment
            if (
                mine
                and f"BIND=127.0.0.1:{site.port}\0".encode() in Path(f"/proc/{parent}/environ").read_bytes()
            ):
                found.append(int(process.name))
        except OSError:  # it has gone, or is not ours to look at
            continue
    return found


def resident(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096


def files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def where(database: MariaDB) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": database.port,
        "user": database.user,
        "password": database.password,
        "database": database.database,
    }
