"""The whole way on this machine: create, look, create again, teardown, and nothing is left."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
REAL_ROWS = ROOT.parent / "shared" / "data" / "articles_open.csv.zst"
SENTENCE = "The delta variant was sequenced in {place}."


@pytest.fixture
def checkout(tmp_path):
    """A copy of what git knows, so that its var/ is its own and no other run is in the way."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, files.stdout.split("\0")):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    yield tmp_path
    deploy(tmp_path, "teardown", "--yes", check=False)


@pytest.fixture
def rows(tmp_path_factory):
    """The real rows where they are at hand, else a few of our own."""
    if REAL_ROWS.exists():
        return REAL_ROWS
    columns = (
        "OBJECTID,SHA,PossiblePlace,Sentence,MatchedPlace,DOI,Title,Abstract,PublishedDate,Authors,Journal"
    )
    lines = [f"{columns},Source,License"]
    lines += [f"{n},,Place {n},{SENTENCE.format(place=n)},,,Title,,2021,,,test,cc0" for n in range(1, 50)]
    file = tmp_path_factory.mktemp("rows") / "articles.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def deploy(checkout, *words, check=True):
    done = subprocess.run(
        [sys.executable, "deploy.py", words[0], "--local", *words[1:]],
        cwd=checkout,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fetch(url, path, method="GET", body=None, **headers):
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_from_nothing_to_a_cached_site_and_back_to_nothing(checkout, rows):
    deploy(checkout, "create", "--yes", "--articles", str(rows))
    outputs = json.loads(deploy(checkout, "outputs", "--json"))
    assert outputs.keys() == {"secret_name", "mysql_endpoint", "cache_endpoint", "public_ip", "url"}
    url = outputs["url"]

    for path in ("/", "/healthz"):
        assert fetch(url, path)[0].status == 200, path
    assert fetch(url, "/admin/login/")[0].status == 404
    admin = json.loads(deploy(checkout, "admin", "--show-password", "--json"))
    assert admin["admin_user"] == "admin"
    assert admin["admin_password"]
    assert fetch(admin["admin_url"], "/admin/login/")[0].status == 200
    answer, page = fetch(url, "/uncached/")
    assert answer.status == 200
    assert "delta" in page
    states = [fetch(url, "/cached/")[0].headers["X-Cache"] for _ in range(2)]
    assert states == ["miss", "hit"]

    answer, page = fetch(url, "/cache/clear/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    form = urlencode({"csrfmiddlewaretoken": token[1]})
    kind = "application/x-www-form-urlencoded"
    answer, _ = fetch(url, "/cache/clear/", "POST", form, Cookie=cookie, **{"Content-Type": kind})
    assert answer.status == 302
    assert fetch(url, "/cached/")[0].headers["X-Cache"] == "miss"

    assert "nothing to change" in deploy(checkout, "create", "--yes", "--articles", str(rows))
    assert "nothing of stack 'covid' is left" in deploy(checkout, "teardown", "--yes")

    for endpoint in (outputs["mysql_endpoint"], outputs["cache_endpoint"], url.removeprefix("http://")):
        host, _, port = endpoint.partition(":")
        with socket.socket() as probe:
            assert probe.connect_ex((host, int(port))) != 0, endpoint
    left = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(checkout).encode() in words_of(path)
    ]
    assert left == []
    assert not (checkout / "var" / "local").exists()
    assert "nothing to take away" in deploy(checkout, "teardown", "--yes")


def words_of(path):
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
        return b""
