"""Clients that dribble, stall or don't read cost nobody else an answer."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.worker import BODY, HEAD, judge
from local.servers import MariaDB, Redis, running
from tests.site.conftest import own_database, site_on
from tests.site.raw import PATIENCE, connect, hear, request, say
from tests.site.serving import Gunicorn

MANY = 200  # of each kind: twelve times as many as there are threads


@pytest.fixture(scope="module")
def site_up(scratch: Path, redis_server: Redis) -> Iterator[Gunicorn]:
    database: MariaDB = own_database()
    site = site_on(database)
    with running(database), running(site):
        yield site


@contextlib.contextmanager
def crowd(port: int, beginning: bytes) -> Iterator[list[socket.socket]]:
    """Connections that have sent this, and stay open."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(port)) for _ in range(MANY)]
        for client in clients:
            client.sendall(beginning)
        yield clients


def serves(site: Gunicorn) -> None:
    for path in ("/", "/cached/", "/uncached/", "/healthz") * 3:
        assert site.get(path)[0] == 200


POST = b"POST /cache/clear/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        POST + b"Content-Length: 1000\r\n\r\ncsrf",
        POST + b"Content-Length: 99999999999\r\n\r\ncsrf",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n",
        b"GET / HTTP/9\r\n\r\n",
        request(b"/healthz"),  # and then doesn't close its end
    ],
    ids=["silent", "a-letter", "half-a-head", "half-a-body", "huge-body", "chunks", "refused", "answered"],
)
def test_those_who_stall(site_up: Gunicorn, beginning: bytes) -> None:
    with crowd(site_up.port, beginning), crowd(site_up.admin_port, beginning):
        serves(site_up)


def test_those_who_dribble_until_their_time_is_over(site_up: Gunicorn) -> None:
    over = threading.Event()

    def dribble(clients: list[socket.socket]) -> None:
        while not over.wait(0.2):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sendall(b"X")

    with crowd(site_up.port, b"GET / HTTP/1.1\r\nX: ") as clients:
        drip = threading.Thread(target=dribble, args=(clients,))
        drip.start()
        try:
            serves(site_up)
            assert {hear(client).status for client in clients} <= {
                408,
                0,
            }  # 0: its next drop met a closed end
        finally:
            over.set()
            drip.join()


def sheet(site: Gunicorn) -> str:
    """The address of a large file."""
    path = site.get("/")[2].partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert len(site.get(path)[2]) > 200_000
    return path


@contextlib.contextmanager
def through_a_straw(port: int) -> Iterator[socket.socket]:
    """A connection that the kernel holds little of, as over a network; over loopback, it holds much."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", port))
        yield client


def test_those_who_do_not_read_what_they_asked_for(site_up: Gunicorn) -> None:
    path = sheet(site_up)
    with contextlib.ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(through_a_straw(site_up.port)).sendall(request(path.encode()))
        serves(site_up)


def test_those_who_read_slowly_get_all(site_up: Gunicorn) -> None:
    path = sheet(site_up)
    whole = site_up.get(path)[2].encode()
    get = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path.encode()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(through_a_straw(site_up.port)) for _ in range(20)]
        for _ in range(2):  # the connection can be used again
            for client in clients:
                client.sendall(get)
            serves(site_up)
            for client in clients:
                answer = hear(client)
                assert (answer.status, answer.body) == (200, whole)


def test_the_log_has_no_word_of_them(site_up: Gunicorn) -> None:
    log = (site_up.directory / "server.log").read_text()
    assert "Traceback" not in log
    assert "timed out" not in log


def test_several_requests_on_one_connection(site_up: Gunicorn) -> None:
    get = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connect(site_up.port) as client:
        for _ in range(3):
            client.sendall(get)
            assert hear(client).status == 200
        client.sendall(get[:20])
        client.sendall(get[20:])
        assert hear(client).status == 200
    answers = b""
    with connect(site_up.port) as client:
        client.sendall(get * 2 + request(b"/healthz"))  # without awaiting the answers
        while piece := client.recv(65536):
            answers += piece
    assert answers.count(b"HTTP/1.1 200 OK") == 3


def test_a_body_in_pieces_arrives_whole(site_up: Gunicorn) -> None:
    form = b"a=" + b"x" * (BODY - 2)
    with connect(site_up.admin_port) as client:
        data = request(
            b"/admin/login/", b"POST", b"Content-Type: application/x-www-form-urlencoded", body=form
        )
        for start in range(0, len(data), 10_000):
            client.sendall(data[start : start + 10_000])
        assert hear(client).status == 403  # it has no token, so it was read
    assert say(site_up.admin_port, request(b"/admin/login/", b"POST", body=form + b"x")).status == 413


def test_what_is_whole() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 5\r\n\r\n"
    assert judge(head + b"hello") is True
    assert judge(head + b"hell") is False
    assert [judge(head[:end]) for end in range(len(head))] == [False] * len(head)
    assert judge(b"GET / HTTP/1.1\r\n\r\n") is True
    assert judge(b"\r\nGET / HTTP/1.1\r\n\r\n") is True


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\n", 400),
        (b"X" * (HEAD + 1), 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD, 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
    ],
)
def test_what_is_refused(data: bytes, status: int) -> None:
    verdict = judge(data)
    assert isinstance(verdict, tuple)
    assert verdict[0] == status
