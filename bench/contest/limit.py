"""The limit: bare WSGI that hands on bytes from Redis, plain or compressed as the client takes it."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from redis import ConnectionPool, Redis

redis = Redis(
    connection_pool=ConnectionPool(
        host=os.environ["CACHE_HOST"],
        port=int(os.environ["CACHE_PORT"]),
        password=os.environ["CACHE_PASSWORD"],
        protocol=2,
    )
)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    compressed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    body = redis.get("limit:gzip" if compressed else "limit")
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    if compressed:
        headers.append(("Content-Encoding", "gzip"))
    start_response("200 OK", headers)
    return [body]
