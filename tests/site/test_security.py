"""What every response tells the browser to refuse, and what the pages ask of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from local.servers import Redis, running
from tests.site.conftest import own_database, site_on
from tests.site.raw import Answer, request, say
from tests.site.serving import Gunicorn

PAGES = ("/", "/uncached/", "/cached/", "/nowhere/", "/admin/login/", "/healthz")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@pytest.mark.parametrize("address", PAGES)
def test_security_headers(loopback: Client, db: None, address: str) -> None:
    headers = loopback.get(address).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not re.search(r"unsafe|https?:|\*", headers["Content-Security-Policy"])
    assert {name: headers[name] for name in ALWAYS} == ALWAYS


@pytest.fixture(scope="module")
def served(scratch: Path, redis_server: Redis) -> Iterator[Gunicorn]:
    database = own_database()
    site = site_on(database)
    with running(database), running(site):
        yield site


def ask(site: Gunicorn, path: str, *headers: bytes, **more: bytes) -> Answer:
    return say(site.port, request(path.encode(), b"GET", *headers, **more))


def test_every_kind_of_answer_has_them(served: Gunicorn) -> None:
    sheet = re.search(rb'rel="stylesheet" href="([^"]+)', ask(served, "/").body)[1].decode()
    ask(served, "/cached/")
    tag = ask(served, "/cached/table/").headers["ETag"].encode()
    kept = ask(served, sheet).headers["ETag"].encode()
    answers = {
        "hit": (200, ask(served, "/cached/")),
        "not modified": (304, ask(served, "/cached/table/", b"If-None-Match: " + tag)),
        "static": (200, ask(served, sheet)),
        "static, not modified": (304, ask(served, sheet, b"If-None-Match: " + kept)),
        "bad word": (400, ask(served, "/cached/?word=%00")),
        "bad host": (400, ask(served, "/", host=b"evil.example")),
        "too many fields": (400, ask(served, "/cached/?" + "a&" * 1500)),
        "forged": (403, say(served.port, request(b"/cache/clear/", b"POST", body=b"a=b"))),
        "unknown": (404, ask(served, "/nowhere/")),
        "method": (405, say(served.port, request(b"/cached/", b"OPTIONS"))),
        "health": (200, ask(served, "/healthz", host=b"10.0.0.1")),
    }
    assert answers["hit"][1].headers["X-Cache"] == "hit"
    policy = answers["hit"][1].headers["Content-Security-Policy"]
    for name, (status, answer) in answers.items():
        assert answer.status == status, name
        assert {header: answer.headers[header] for header in ALWAYS} == ALWAYS, name
        assert answer.headers["Content-Security-Policy"] == policy, name
        assert "Access-Control-Allow-Origin" not in answer.headers, name
        assert "Strict-Transport-Security" not in answer.headers, name
        assert b"Traceback" not in answer.body, name
        if status in (400, 403, 404):
            assert b"<h1>" in answer.body, name


def test_a_hit_has_the_headers_that_django_gives(served: Gunicorn) -> None:
    ask(served, "/cached/")
    fast, whole = ask(served, "/cached/"), ask(served, "/cached/", b"Cookie: messages=none")
    assert fast.headers["X-Cache"] == whole.headers["X-Cache"] == "hit"
    ours = {"Set-Cookie"}  # the message that could not be read is taken back
    assert {name for name in whole.headers if name not in ours} == set(fast.headers)


def test_a_proxy_that_nobody_named_is_not_believed(served: Gunicorn) -> None:
    answer = ask(served, "/cache/clear/", b"X-Forwarded-Proto: https")
    assert answer.status == 200
    assert "secure" not in answer.headers["Set-Cookie"].lower()
    assert "Strict-Transport-Security" not in answer.headers


def test_foreign_hosts_are_refused_without_filling_the_log(served: Gunicorn) -> None:
    for number in range(300):
        answer = ask(served, "/cached/", host=b"%d.evil.example" % number)
        assert answer.status == 400
        assert b"its host is" in answer.body
        assert b"evil" not in answer.body
    log = (served.directory / "server.log").read_text()
    assert 1 <= log.count("evil.example") <= 2 * 5  # a line a minute of each worker


@pytest.mark.parametrize("address", ["/", "/uncached/", "/cached/", "/nowhere/"])
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(
    client: Client, articles: list, address: str
) -> None:
    html = client.get(address).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", html)
    assert client.get(address).headers["X-Frame-Options"] == "DENY"


def test_static_files_are_hashed_compressed_and_kept(client: Client, db: None) -> None:
    html = client.get("/").content.decode()
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert len(sheets) == 3
    for sheet in sheets:
        assert re.search(r"\.[0-9a-f]{12}\.css$", sheet)
        response = client.get(sheet, headers={"Accept-Encoding": "gzip"})
        response.close()
        assert response.headers["Content-Encoding"] == "gzip"
        assert "immutable" in response.headers["Cache-Control"]
