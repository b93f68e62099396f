"""The admin answers on the loopback listener, and nowhere else."""

import re
from email.message import Message
from urllib.parse import urlencode

import pytest
from django.test import Client

from covid.login import ATTEMPTS
from local.servers import MariaDB, Redis, running
from tests.checkout import fetch
from tests.site.conftest import OwnRedis
from tests.site.serving import Gunicorn

LOGIN = "/admin/login/"
USER = "admin"


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Message, str]:
    return fetch(f"http://127.0.0.1:{port}", path, method, body, **headers)


def test_under_gunicorn_the_socket_decides(database: MariaDB, site: Gunicorn, redis_server: Redis) -> None:
    with running(database), running(site):
        forged = {
            "Host": f"127.0.0.1:{site.admin_port}",
            "X-Forwarded-Host": f"127.0.0.1:{site.admin_port}",
            "X-Forwarded-Port": str(site.admin_port),
            "X-Forwarded-For": "127.0.0.1",
            "Server-Name": "127.0.0.1",
            "Server-Port": str(site.admin_port),
        }
        for path in (
            "/admin/",
            LOGIN,
            "/admin/covid/article/",
            "//admin/",
            "/admin/login",
            "/%61dmin/login/",
        ):
            assert ask(site.port, "GET", path, **forged)[0] == 404, path
        assert ask(site.port, "POST", LOGIN, "username=admin&password=secret", **forged)[0] == 404
        assert "/admin/" not in ask(site.port, "GET", "/")[2]

        status, headers, page = ask(site.admin_port, "GET", LOGIN)
        assert status == 200
        assert 'href="/admin/"' in ask(site.admin_port, "GET", "/")[2]
        form = urlencode(
            {
                "csrfmiddlewaretoken": re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)[1],
                "username": USER,
                "password": site.environment["ADMIN_PASSWORD"],
            }
        )
        kind = "application/x-www-form-urlencoded"
        cookie = headers["Set-Cookie"].partition(";")[0]
        status, headers, _ = ask(
            site.admin_port, "POST", LOGIN, form, Cookie=cookie, **{"Content-Type": kind}
        )
        assert status == 302
        assert any(each.startswith("sessionid=") for each in headers.get_all("Set-Cookie"))


def test_without_a_loopback_listener_there_is_no_admin(loopback: Client, db: None, settings) -> None:
    settings.ADMIN_BIND = None
    assert loopback.get(LOGIN).status_code == 404


@pytest.fixture
def superuser(django_user_model) -> None:
    django_user_model.objects.create_superuser(USER, password="right")


def log_in(client: Client, password: str, user: str = USER):
    return client.post(LOGIN, {"username": user, "password": password})


def test_attempts_to_log_in_run_out(loopback: Client, superuser: None) -> None:
    for _ in range(ATTEMPTS.times):
        assert "Too many attempts" not in log_in(loopback, "wrong").content.decode()
    assert "Too many attempts" in log_in(loopback, "right").content.decode()
    assert "Too many attempts" not in log_in(loopback, "wrong", "other").content.decode()


def test_a_login_forgets_the_attempts_before_it(loopback: Client, superuser: None) -> None:
    for _ in range(2):
        for _ in range(ATTEMPTS.times - 1):
            log_in(loopback, "wrong")
        assert log_in(loopback, "right").status_code == 302
        loopback.logout()


def test_attempts_run_out_while_the_cache_is_out_too(
    loopback: Client, superuser: None, own_redis: OwnRedis
) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    for _ in range(ATTEMPTS.times):
        assert "Too many attempts" not in log_in(loopback, "wrong").content.decode()
    assert "Too many attempts" in log_in(loopback, "right").content.decode()


def test_a_name_of_any_kind_is_no_problem(loopback: Client, db: None) -> None:
    for name in ("", "\x00", "ü" * 150, "a b\r\nc", "{}*"):
        assert log_in(loopback, "wrong", name).status_code == 200
