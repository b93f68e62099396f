"""TLS mode, behind a proxy that ends TLS: what it says is believed, what others say is not."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local.servers import Redis, running
from tests.site.conftest import own_database, site_on
from tests.site.raw import Answer, request, say
from tests.site.serving import Gunicorn
from tests.site.test_environment import run

FORM = b"Content-Type: application/x-www-form-urlencoded"
OVER_TLS = b"X-Forwarded-Proto: https"
STRANGER = "127.0.0.2"
PAGES = ("/", "/cached/", "/cached/", "/cache/clear/", "/static/covid/icon.svg", "/nowhere/")


def test_check_deploy_has_nothing_to_say() -> None:
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = run(check, TLS_PROXIES="10.0.0.0/24, 10.0.1.0/24")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"
    assert "security.W008" in run(check, TLS_PROXIES="").stderr


@pytest.fixture(scope="module")
def site_up(scratch: Path, redis_server: Redis) -> Iterator[Gunicorn]:
    database = own_database()
    site = site_on(database)
    with running(database), running(site_with_tls := behind_proxy(site)):
        yield site_with_tls


def behind_proxy(site: Gunicorn) -> Gunicorn:
    return replace(site, environment=site.environment | {"TLS_PROXIES": "127.0.0.1,192.0.2.0/24"})


def get(port: int, path: str, *headers: bytes, source: str = "") -> Answer:
    return say(port, request(path.encode(), b"GET", *headers), source)


def test_through_the_proxy(site_up: Gunicorn) -> None:
    for path in PAGES:
        answer = get(site_up.port, path, OVER_TLS)
        assert answer.status == (404 if path == "/nowhere/" else 200)
        hsts = answer.headers["Strict-Transport-Security"]
        assert hsts == "max-age=86400; includeSubDomains; preload"
    answer = get(site_up.port, "/cache/clear/", OVER_TLS)
    assert "; Secure" in answer.headers["Set-Cookie"]
    form = urlencode({"csrfmiddlewaretoken": token(answer)}).encode()
    cookie = b"Cookie: " + answer.headers["Set-Cookie"].partition(";")[0].encode()
    for origin, status in ((b"https://127.0.0.1", 302), (b"https://evil.example", 403), (b"null", 403)):
        post = request(b"/cache/clear/", b"POST", OVER_TLS, FORM, cookie, b"Origin: " + origin, body=form)
        assert say(site_up.port, post).status == status


@pytest.mark.parametrize(
    ("headers", "source"),
    [
        ((), ""),
        ((b"X-Forwarded-Proto: http",), ""),
        ((OVER_TLS,), STRANGER),
        ((b"X-Forwarded-SSL: on", b"X-Forwarded-Protocol: ssl", b"Forwarded: proto=https"), ""),
    ],
    ids=["no-proxy", "plain", "a-stranger", "other-headers"],
)
def test_anything_else_is_redirected(site_up: Gunicorn, headers: tuple[bytes, ...], source: str) -> None:
    for path in PAGES:
        answer = get(site_up.port, path, *headers, source=source)
        assert (answer.status, answer.headers["Location"]) == (301, f"https://127.0.0.1{path}")
        assert "Strict-Transport-Security" not in answer.headers
        assert "Content-Security-Policy" in answer.headers
    foreign = request(b"/", b"GET", *headers, host=b"evil.example")
    assert say(site_up.port, foreign, source).status == 400


def test_health_is_told_without_tls(site_up: Gunicorn) -> None:
    assert get(site_up.port, "/healthz").status == 200


def test_the_admin_on_loopback_stays_plain(site_up: Gunicorn) -> None:
    page = get(site_up.admin_port, "/admin/login/")
    assert (page.status, "Strict-Transport-Security" in page.headers) == (200, False)
    assert "secure" not in page.headers["Set-Cookie"].lower()
    cookie = b"Cookie: " + page.headers["Set-Cookie"].partition(";")[0].encode()
    fields = {
        "csrfmiddlewaretoken": token(page),
        "username": "admin",
        "password": site_up.environment["ADMIN_PASSWORD"],
    }
    origin = b"Origin: http://127.0.0.1"
    post = request(b"/admin/login/", b"POST", FORM, cookie, origin, body=urlencode(fields).encode())
    answer = say(site_up.admin_port, post)
    assert answer.status == 302
    assert any(each.startswith("sessionid=") for each in answer.headers.get_all("Set-Cookie"))
    assert not any("secure" in each.lower() for each in answer.headers.get_all("Set-Cookie"))
    for path in ("/cached/", "/cached/", "/nowhere/"):
        answer = get(site_up.admin_port, path)
        assert answer.status in (200, 404)
        assert "Strict-Transport-Security" not in answer.headers


def token(page: Answer) -> str:
    return re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.body.decode())[1]
