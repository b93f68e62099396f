"""The whole way on this machine: create, look, create again, teardown, and nothing is left."""

import json
import re
import socket
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.checkout import ROOT, checked_out, fetch, made_up_rows

REAL_ROWS = ROOT.parent / "shared" / "data" / "articles_open.csv.zst"


@pytest.fixture
def checkout(tmp_path):
    with checked_out(tmp_path) as copy:
        yield copy


@pytest.fixture
def rows(tmp_path_factory):
    """The real rows where they are at hand, else a few of our own."""
    return REAL_ROWS if REAL_ROWS.exists() else made_up_rows(tmp_path_factory.mktemp("rows") / "articles.csv")


def test_from_nothing_to_a_cached_site_and_back_to_nothing(checkout, rows):
    checkout.deploy("create", "--yes", "--articles", str(rows))
    outputs = checkout.outputs()
    assert outputs.keys() == {"secret_name", "mysql_endpoint", "cache_endpoint", "public_ip", "url"}
    url = outputs["url"]

    for path in ("/", "/healthz"):
        assert fetch(url, path)[0] == 200, path
    assert fetch(url, "/admin/login/")[0] == 404
    admin = json.loads(checkout.deploy("admin", "--show-password", "--json"))
    assert admin["admin_user"] == "admin"
    assert admin["admin_password"]
    assert fetch(admin["admin_url"], "/admin/login/")[0] == 200
    status, _, page = fetch(url, "/uncached/")
    assert status == 200
    assert "delta" in page
    states = [fetch(url, "/cached/")[1]["X-Cache"] for _ in range(2)]
    assert states == ["miss", "hit"]

    _, headers, page = fetch(url, "/cache/clear/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    cookie = headers["Set-Cookie"].partition(";")[0]
    form = urlencode({"csrfmiddlewaretoken": token[1]})
    kind = "application/x-www-form-urlencoded"
    assert fetch(url, "/cache/clear/", "POST", form, Cookie=cookie, **{"Content-Type": kind})[0] == 302
    assert fetch(url, "/cached/")[1]["X-Cache"] == "miss"

    assert "nothing to change" in checkout.deploy("create", "--yes", "--articles", str(rows))
    assert "nothing of stack 'covid' is left" in checkout.deploy("teardown", "--yes")

    for endpoint in (outputs["mysql_endpoint"], outputs["cache_endpoint"], url.removeprefix("http://")):
        host, _, port = endpoint.partition(":")
        with socket.socket() as probe:
            assert probe.connect_ex((host, int(port))) != 0, endpoint
    left = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(checkout.path).encode() in words_of(path)
    ]
    assert left == []
    assert not (checkout.path / "var" / "local").exists()
    assert "nothing to take away" in checkout.deploy("teardown", "--yes")


def words_of(path):
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
        return b""
