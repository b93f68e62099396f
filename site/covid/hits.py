"""The short way to a page that the cache holds: nothing of Django stands between it and the client.

Most of a hit is what stands around it: the middleware for sessions, users, forms and messages, the resolver
and the signals, none of which it needs. Whatever is no plain hit goes on to Django, which answers the same.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.template.loader import get_template
from django.urls import reverse

from config.listeners import on_loopback
from config.security import BrowserPolicyMiddleware
from covid import levels, pages
from covid.caching import cache
from covid.pages import Page
from covid.questions import Asked, asked_by
from covid.timing import Timings

Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]

TEMPLATES = ("base", "query", "_ask", "_fields", "_answer", "_levels", "_table", "_report", "table")
MESSAGES = "messages="  # in a cookie, brings a message to the next page: Django shows it


class Hits:
    """A WSGI application that answers hits on the cached page, and leaves everything else to another."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._pages = {reverse("cached"): _cached, reverse("table"): _table}
        for name in TEMPLATES:  # compiled once, before the workers are forked
            get_template(f"covid/{name}.html")
        self._headers = {tls: _always(tls) for tls in (False, True)}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        answer = self._pages.get(environ["PATH_INFO"])
        tls = environ["wsgi.url_scheme"] == "https"
        if (
            not answer
            or environ["REQUEST_METHOD"] != "GET"
            or MESSAGES in environ.get("HTTP_COOKIE", "")
            or not _is_ours(environ.get("HTTP_HOST", ""))
            or not (tls or not settings.SECURE_SSL_REDIRECT or on_loopback(environ))
        ):
            return self._application(environ, start_response)
        timings = Timings()
        asked = asked_by(environ.get("QUERY_STRING", ""))
        page = asked and answer(asked, environ, timings)
        if not page:
            return self._application(environ, start_response)
        headers = self._headers[tls] | page.headers
        headers["Server-Timing"] = timings.header()
        if page.status != HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(len(page.body))
        start_response(f"{page.status} {HTTPStatus(page.status).phrase}", list(headers.items()))
        return [page.body]


def _cached(asked: Asked, environ: dict[str, Any], timings: Timings) -> Page | None:
    table = levels.table_hit(asked, timings, pages.takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")))
    return pages.live(levels.LEVELS[-1], asked, table, timings) if table else None


def _table(asked: Asked, environ: dict[str, Any], timings: Timings) -> Page | None:
    compressed = pages.takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    if known := environ.get("HTTP_IF_NONE_MATCH"):
        answer = cache.hit(asked.entry("table"), timings)
        if not answer:
            return None
        tag = pages.etag(asked, answer.entry.header, compressed)
        if pages.named(known, tag):
            return pages.not_modified(answer, tag)
    table = levels.table_hit(asked, timings, compressed)
    return pages.stable(asked, table) if table else None


def _always(tls: bool) -> dict[str, str]:
    """The headers that Django's middleware adds to every response, over TLS or not."""
    request = HttpRequest()
    request.is_secure = lambda: tls
    middleware = SecurityMiddleware(XFrameOptionsMiddleware(lambda request: HttpResponse()))
    middleware.redirect = False
    headers = BrowserPolicyMiddleware(middleware)(request).headers
    return {name: value for name, value in headers.items() if name != "Content-Type"}


@lru_cache(maxsize=64)
def _is_ours(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
