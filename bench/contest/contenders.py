"""Who takes part: the site at its levels, the sample's way, Django's usual ways, and the limit."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from subprocess import Popen

from bench.contest.stage import Gunicorn, Stage
from local.servers import running

GZIP = {"Accept-Encoding": "gzip, deflate"}

SAMPLE = "the sample's way: rows as JSON, Jinja2"
LIMIT = "limit: bare WSGI, bytes from Redis"
LIMIT_GZIP = "the same, compressed bytes"
OURS = "ours: cached page"
OURS_GZIP = "ours: cached page, gzip client"
OURS_304 = "ours: cached table, 304"
OURS_ROWS = "ours: rows cached"


@dataclass(frozen=True)
class Contender:
    """A server, and what is asked of it. `sized` is the size in bytes of an answer."""

    name: str
    server: Gunicorn
    process: Popen[bytes]
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}{self.path}"


@contextmanager
def entered(stage: Stage) -> Iterator[list[Contender]]:
    """All of them, started, and each checked to send the same rows."""
    with ExitStack() as stack:

        def started(server: Gunicorn) -> tuple[Gunicorn, Popen[bytes]]:
            return server, stack.enter_context(running(server))

        ours = started(stage.gunicorn("ours", "config.wsgi"))
        ours[0].get("/cached/")
        _, _, page = ours[0].get("/cached/")
        cache = stage.cache()
        cache.set("limit", page)
        cache.set("limit:gzip", gzip.compress(page, 6))
        frame = stage.directory / "frame.html"
        head, _, rest = page.partition(b"<tbody>\n")
        frame.write_bytes(head + b"<tbody>\n<!--rows--></tbody>" + rest.partition(b"</tbody>")[2])

        sample = started(stage.gunicorn("sample", "bench.contest.sample", PAGE_FRAME=str(frame)))
        limit = started(stage.gunicorn("limit", "bench.contest.limit"))
        peers = {
            peer: started(
                stage.gunicorn(
                    peer, "config.wsgi", DJANGO_SETTINGS_MODULE="bench.contest.django_peers", PEER=peer
                )
            )
            for peer in ("naive", "cachalot", "cacheops", "cache_page", "cache_page_gzip")
        }
        _, told, _ = ours[0].get("/cached/table/", GZIP)
        contenders = [
            Contender("Django, rows in the cache", *peers["naive"], "/page/"),
            Contender("django-cachalot", *peers["cachalot"], "/page/"),
            Contender("django-cacheops", *peers["cacheops"], "/page/"),
            Contender("Django cache_page", *peers["cache_page"], "/page/"),
            Contender("cache_page under GZipMiddleware", *peers["cache_page_gzip"], "/page/", GZIP),
            Contender(OURS_ROWS, *ours, "/rows/"),
            Contender(
                SAMPLE, *sample, "/"
            ),  # beside what it is compared with: others may use the machine too
            Contender(OURS, *ours, "/cached/"),
            Contender(OURS_GZIP, *ours, "/cached/", GZIP),
            Contender(LIMIT, *limit, "/"),
            Contender(OURS_304, *ours, "/cached/table/", GZIP | {"If-None-Match": told["ETag"]}),
            Contender(LIMIT_GZIP, *limit, "/", GZIP),
        ]
        yield [_checked(contender, page.count(b"<tr>")) for contender in contenders]


def _checked(contender: Contender, rows: int) -> Contender:
    """The contender with its size, after a first answer that warms it up, and a second that is right."""
    for _ in range(2):
        status, headers, body = contender.server.get(contender.path, contender.headers)
    plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
    if status != 304 and (status, plain.count(b"<tr>")) != (200, rows):
        raise AssertionError(
            f"{contender.name} answers {status} with {plain.count(b'<tr>')} rows, not {rows}"
        )
    return Contender(
        contender.name, contender.server, contender.process, contender.path, contender.headers, len(body)
    )
