"""What every response tells the browser to refuse, and what the pages ask of it."""

import re

import pytest
from django.test import Client

PAGES = ("/", "/uncached/", "/cached/", "/nowhere/", "/admin/login/", "/healthz")


@pytest.mark.parametrize("address", PAGES)
def test_security_headers(loopback: Client, db: None, address: str) -> None:
    headers = loopback.get(address).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not re.search(r"unsafe|https?:|\*", headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


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


def test_a_foreign_host_is_refused(client: Client, db: None) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
