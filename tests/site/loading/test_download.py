"""Downloads from a server of our own that misbehaves in every way that servers do."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from covid.loading.download import Limits, Unreachable, download, public_address
from covid.loading.errors import LoadError
from local.servers import free_port

DATA = bytes(range(256)) * 4000
QUICK = Limits(silence=0.5, window=0.3, attempts=4, pause=0.01)


@dataclass
class Server:
    """What each request in turn is answered by, and the Range headers that came."""

    url: str
    answers: list[Callable[[BaseHTTPRequestHandler], None]]
    ranges: list[str | None] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.ranges.append(self.headers.get("Range"))
            answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that gave up is what these tests are about."""

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        state = Server(f"http://127.0.0.1:{httpd.server_port}/data.csv", [])
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        state.over.set()
        httpd.shutdown()
        thread.join()


def respond(
    request: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None, **headers: str
) -> None:
    request.send_response(status)
    if length is not None:
        request.send_header("Content-Length", str(length))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def whole(request: BaseHTTPRequestHandler) -> None:
    respond(request, DATA, length=len(DATA))


def cut(etag: str = '"1"') -> Callable[[BaseHTTPRequestHandler], None]:
    """Break off after 100,000 bytes of the file, or of what was asked for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        respond(request, DATA[:100_000], length=len(DATA), ETag=etag)

    return answer


def rest(request: BaseHTTPRequestHandler) -> None:
    """Send what the client lacks, if it still is of the version "1"."""
    wanted = request.headers.get("Range")
    if wanted is None or request.headers.get("If-Range") != '"1"':
        return respond(request, DATA, length=len(DATA), ETag='"1"')
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    span = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
    body = DATA[start:]
    return respond(request, body, 206, len(body), Content_Range=span, ETag='"1"')


def fetch(server: Server, limits: Limits = QUICK) -> bytes:
    with download(server.url, lambda done, total: None, limits) as file:
        return file.read()


def test_a_file_arrives_whole_and_progress_is_told(server: Server) -> None:
    server.answers = [whole]
    told: list[tuple[int, int]] = []
    with download(server.url, lambda *progress: told.append(progress), QUICK) as file:
        assert file.read() == DATA
    assert told[-1] == (len(DATA), len(DATA))


def test_an_answer_without_a_length_is_taken_as_it_ends(server: Server) -> None:
    server.answers = [lambda request: respond(request, DATA)]
    assert fetch(server) == DATA


def test_what_broke_off_is_resumed_where_it_stopped(server: Server) -> None:
    server.answers = [cut(), rest]
    assert fetch(server) == DATA
    assert server.ranges == [None, "bytes=100000-"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server) -> None:
    server.answers = [cut('"0"'), rest]
    assert fetch(server) == DATA


def test_a_server_without_ranges_is_asked_anew(server: Server) -> None:
    server.answers = [cut(etag='W/"weak"'), whole]
    assert fetch(server) == DATA
    assert server.ranges == [None, None]


def test_a_server_that_resumes_elsewhere_is_asked_anew(server: Server) -> None:
    wrong = lambda request: respond(request, b"x", 206, 1, Content_Range="bytes 5-5/6")  # noqa: E731  (an answer)
    server.answers = [cut(), wrong, whole]
    assert fetch(server) == DATA
    assert server.ranges == [None, "bytes=100000-", None]


def test_a_server_that_is_busy_is_asked_again(server: Server) -> None:
    server.answers = [lambda request: respond(request, b"", 503, 0), whole]
    assert fetch(server) == DATA


def test_connections_that_keep_breaking_are_given_up(server: Server) -> None:
    server.answers = [lambda request: respond(request, DATA[:9], length=len(DATA))]
    with pytest.raises(Unreachable, match=r"after 9 of 1,024,000 bytes \(4 attempts\)"):
        fetch(server)


def test_silence_is_not_waited_for_forever(server: Server) -> None:
    def silent(request: BaseHTTPRequestHandler) -> None:
        respond(request, DATA[:10], length=len(DATA))
        server.over.wait()

    server.answers = [silent]
    with pytest.raises(Unreachable, match="timed out"):
        fetch(server, Limits(silence=0.1, attempts=2, pause=0.01))


def test_a_trickle_is_not_waited_for_forever(server: Server) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        respond(request, b"", length=len(DATA))
        while not server.over.wait(0.01):
            request.wfile.write(b"x")

    server.answers = [trickle]
    with pytest.raises(Unreachable, match=r"under 65,536 bytes in 0\.1 seconds"):
        fetch(server, Limits(silence=1, window=0.1, attempts=2, pause=0.01))


def test_a_file_that_never_ends_is_an_error(server: Server) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        respond(request, b"")
        while not server.over.is_set():
            request.wfile.write(DATA)

    server.answers = [endless]
    with pytest.raises(LoadError, match="it sends more than 5,000,000 bytes"):
        fetch(server, Limits(size=5_000_000))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda request: respond(request, b"<html>", Content_Type="text/html"), "a web page"),
        (lambda request: respond(request, b"", length=2**40), "at most 4,294,967,296 are downloaded"),
        (lambda request: respond(request, b"", 404, 0), "HTTP 404 Not Found"),
        (lambda request: respond(request, b"", 302, 0, Location="file:///etc/passwd"), "HTTP 302"),
    ],
)
def test_what_is_no_file_is_an_error_at_once(
    server: Server, answer: Callable[[BaseHTTPRequestHandler], None], says: str
) -> None:
    server.answers = [answer]
    with pytest.raises(LoadError, match=says):
        fetch(server)
    assert len(server.ranges) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://nowhere.invalid/", "http://a b/"])
def test_an_address_out_of_reach_is_an_error(url: str) -> None:
    with pytest.raises(Unreachable, match=r"^cannot reach http:[^\n]*: .+$"):
        download(url.format(port=free_port()), lambda done, total: None, QUICK)


def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(LoadError, match="not an address"):
        download("http://[/", lambda done, total: None)


def test_a_download_leaves_no_file(server: Server, folder: Path) -> None:
    server.answers = [whole]
    with download(server.url, lambda done, total: None, QUICK):
        assert list(folder.iterdir()) == []


def test_secrets_in_an_address_are_not_shown() -> None:
    assert public_address("https://me:word@host:1/a.zip?sign=x#y") == "https://host:1/a.zip"
