"""The cached page in the forms that clients take, with what is live in it live, and the table's ETag."""

import gzip
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django_redis import get_redis_connection

from covid import pages
from covid.caching import cache
from covid.entry import keys
from covid.hits import Hits
from covid.models import Article
from covid.questions import FIRST
from covid.results import HTML
from tests.site.conftest import OwnRedis

# A request by WSGI ends with the connection closed, and a test's transaction with it.
pytestmark = pytest.mark.django_db(transaction=True)

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


class Answer:
    """What a WSGI application answers."""

    def __init__(self, application: Callable, path: str, method: str = "GET", **headers: str) -> None:
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": "127.0.0.1"} | {
            f"HTTP_{name.upper()}": value for name, value in headers.items()
        }
        setup_testing_defaults(environ)
        body = application(environ, self._start)
        self.content = b"".join(body)
        if hasattr(body, "close"):
            body.close()

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status_code = int(status[:3])
        self.headers = dict(headers)


@pytest.fixture
def ask(static_files: None, articles: list[Article]) -> Callable[..., Answer]:
    """Asks the site as gunicorn does, once the cache holds the page."""
    application = Hits(get_wsgi_application())
    Answer(application, "/cached/")

    def answer(path: str, method: str = "GET", **headers: str) -> Answer:
        return Answer(application, path, method, **headers)

    return answer


@pytest.fixture
def django_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a request that Django gets to see."""

    def seen(*_: object) -> None:
        raise AssertionError("Django was asked")

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIHandler.__call__", seen)


def times(answer) -> dict[str, float]:
    return {
        kind: float(ms) for kind, ms in re.findall(r"(\w+);dur=([\d.]+)", answer.headers["Server-Timing"])
    }


def still(headers: dict[str, str]) -> dict[str, str]:
    """The headers that don't change from hit to hit; the live parts' digits change the compressed length."""
    live = ("Server-Timing", "X-Cache-TTL", "Content-Length")
    return {name: value for name, value in headers.items() if name not in live}


@pytest.mark.parametrize(
    ("path", "accepted"), [("/cached/", ""), ("/cached/", "gzip"), ("/cached/table/", "gzip")]
)
def test_the_short_way_gives_what_the_long_one_does(
    ask: Callable[..., Answer], client: Client, path: str, accepted: str, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        short = ask(path, accept_encoding=accepted)
        long = client.get(path, headers={"Accept-Encoding": accepted})
    assert still(short.headers) == still(dict(long.headers))
    assert plain(short).keys() == plain(long).keys()
    assert plain(short)["text"] == plain(long)["text"]


def plain(answer) -> dict[str, object]:
    """The page with its live numbers taken out, and those."""
    body = gzip.decompress(answer.content) if "Content-Encoding" in answer.headers else answer.content
    number = re.compile(rb"\d+\.?\d*(?=<small> ms| s ago| s more)")
    return {"text": number.sub(b"#", body), "numbers": number.findall(body)}


@pytest.mark.parametrize("accepted", ["", "gzip"])
def test_a_hit_is_answered_without_django(
    ask: Callable[..., Answer], django_never: None, accepted: str
) -> None:
    answer = ask("/cached/", accept_encoding=accepted)
    assert (answer.status_code, answer.headers["X-Cache"]) == (200, "hit")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert ("Content-Encoding" in answer.headers) == bool(accepted)
    assert times(answer)["db"] == 0


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("POST", {}), ("GET", {"cookie": "messages=x"}), ("GET", {"host": "evil.example"})],
)
def test_what_is_no_plain_hit_is_djangos(
    ask: Callable[..., Answer], django_never: None, method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match="Django was asked"):
        ask("/cached/", method, **headers)


def test_a_foreign_host_is_refused(ask: Callable[..., Answer]) -> None:
    assert ask("/cached/", host="evil.example").status_code == 400


def test_after_an_expiry_or_an_outage_django_is_asked(
    static_files: None, articles: list[Article], own_redis: OwnRedis
) -> None:
    application = Hits(get_wsgi_application())
    assert [Answer(application, "/cached/").headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    cache.expire()
    assert [Answer(application, "/cached/").headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    own_redis.process.kill()
    own_redis.process.wait()
    assert [Answer(application, "/cached/").headers["X-Cache"] for _ in range(2)] == ["bypass"] * 2
    assert cache.breaker.failures == 1


def test_what_is_live_is_in_every_hit_anew(ask: Callable[..., Answer]) -> None:
    first = ask("/cached/")
    with clock_ahead(7):
        later = ask("/cached/")
    seconds = [
        re.search(rb"made (\d+) s ago, fresh for (\d+) s more", one.content).groups()
        for one in (first, later)
    ]
    (age, ttl), (later_age, later_ttl) = [tuple(map(int, pair)) for pair in seconds]
    assert later_age - age in (7, 8)
    assert ttl - later_ttl in (7, 8)
    for one in (first, later):
        shown = [float(ms) for ms in re.findall(rb"<dd>([\d.]+)<small> ms", one.content)]
        sent = times(one)
        assert shown == pytest.approx([sent[kind] for kind in ("db", "cache", "render", "total")], abs=0.06)


@contextmanager
def clock_ahead(seconds: float) -> Iterator[None]:
    """Within the block the cache's clock is some seconds ahead."""
    now = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("covid.entry.time.time", lambda: now() + seconds)
        yield


def test_a_table_that_the_client_has_is_not_sent_again(ask: Callable[..., Answer]) -> None:
    first = ask("/cached/table/", accept_encoding="gzip")
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f-]+-gzip"', tag)  # strong
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ask("/cached/table/", accept_encoding="gzip", if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert "Content-Length" not in again.headers
        assert "Content-Type" not in again.headers
        assert times(again)["total"] > 0
        assert int(again.headers["X-Cache-TTL"]) > 0
    other = ask("/cached/table/", accept_encoding="gzip", if_none_match='"other"')
    assert (other.status_code, other.content) == (200, first.content)


def test_the_plain_table_has_an_etag_of_its_own(ask: Callable[..., Answer]) -> None:
    compressed, bare = (ask("/cached/table/", accept_encoding=accepted) for accepted in ("gzip", ""))
    assert compressed.headers["ETag"] != bare.headers["ETag"]
    assert gzip.decompress(compressed.content) == bare.content
    assert compressed.headers["Vary"] == bare.headers["Vary"] == "Accept-Encoding"
    mixed = ask("/cached/table/", accept_encoding="", if_none_match=compressed.headers["ETag"])
    assert mixed.status_code == 200


def test_the_stable_page_is_the_same_bytes_until_the_table_changes(ask: Callable[..., Answer]) -> None:
    first = ask("/cached/table/")
    cache.expire()
    with clock_ahead(3):
        assert ask("/cached/table/", if_none_match=first.headers["ETag"]).status_code == 304  # on a miss, too
        again = ask("/cached/table/")
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    Article.objects.filter(object_id=3).update(sentence="Another delta.")
    cache.expire()
    changed = ask("/cached/table/", if_none_match=first.headers["ETag"])
    assert changed.status_code == 200
    assert b"Another" in changed.content
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_without_the_cache_the_stable_page_has_no_etag(
    client: Client, own_redis: OwnRedis, articles: list
) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    answer = client.get("/cached/table/", headers=GZIP)
    assert (answer.status_code, answer.headers["X-Cache"]) == (200, "bypass")
    assert "ETag" not in answer.headers
    assert b"<mark>delta</mark>" in answer.content


def test_a_hit_compresses_and_hashes_nothing(
    ask: Callable[..., Answer], django_never: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/cached/", "/cached/table/"):
        ask(path, accept_encoding="gzip")  # what a process does once for a table is done
    monkeypatch.setattr("covid.deflate.zlib.compressobj", None)
    monkeypatch.setattr("covid.pages.blake2b", None)
    monkeypatch.setattr("covid.results.blake2b", None)
    summed = []
    crc32 = pages.deflate.zlib.crc32

    def counted(data: bytes, *start: int) -> int:
        summed.append(len(data))
        return crc32(data, *start)

    monkeypatch.setattr("covid.deflate.zlib.crc32", counted)
    answer = ask("/cached/", accept_encoding="gzip")
    frame = sum(summed)
    table = get_redis_connection().strlen(keys(FIRST.entry("table"), HTML)[1])
    assert frame == len(gzip.decompress(answer.content)) - table


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip ; q = 1.0", True),
        ("", False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=x", False),
        ("xgzip", False),
    ],
)
def test_who_takes_gzip(accepted: str, taken: bool) -> None:
    assert pages.takes_gzip(accepted) is taken


@pytest.mark.parametrize("path", ["/uncached/", "/rows/", "/cached/"])
def test_every_level_shows_the_same_table(client: Client, articles: list[Article], path: str) -> None:
    expected = table_of(client.get("/uncached/"))
    for _ in range(2):
        answer = client.get(path)
        assert table_of(answer) == expected
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert b'aria-current="page" href="%b"' % path.encode() in answer.content


def table_of(answer) -> bytes:
    return re.search(rb"<table.*</table>", answer.content, re.DOTALL).group()


def test_what_each_level_spares(client: Client, articles: list[Article]) -> None:
    for path in ("/rows/", "/cached/"):
        client.get(path)
    uncached, rows, table = (times(client.get(path)) for path in ("/uncached/", "/rows/", "/cached/"))
    assert uncached["db"] > 0 == uncached["cache"]
    assert rows["db"] == 0 < rows["cache"]
    assert table["db"] == 0 < table["cache"]
    connection.close()


@pytest.mark.parametrize("level", ["uncached", "rows", "cached"])
def test_every_level_compresses_for_who_takes_it(client: Client, articles: list[Article], level: str) -> None:
    """Or a comparison over a network would compare sizes."""
    for _ in range(2):
        packed = client.get(f"/{level}/", headers={"Accept-Encoding": "gzip"})
        bare = client.get(f"/{level}/")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in bare.headers
        assert packed.headers["Vary"] == bare.headers["Vary"] == "Accept-Encoding"
        body = gzip.decompress(packed.content).decode()
        assert body.partition("<table")[2] == bare.content.decode().partition("<table")[2] != ""
