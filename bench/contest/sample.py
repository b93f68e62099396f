"""The sample's way, written anew: rows as JSON in Redis, rendered by Jinja2 at each hit.

It has no framework around it and marks no words, both of which only make it faster than the original. The
frame of the page is ours (PAGE_FRAME names a file), so that the content is the same.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import MySQLdb
from jinja2 import Environment
from redis import ConnectionPool, Redis

QUERY = (
    "SELECT object_id, sentence, matched_place, title, journal, published_date FROM covid_article"
    " WHERE sentence LIKE '%delta%' ORDER BY object_id LIMIT 500"
)
COLUMNS = ("object_id", "sentence", "matched_place", "title", "journal", "published_date")
ROWS = """{% for row in rows %}<tr>\
<td>{{ row.object_id }}</td><td>{{ row.sentence }}</td><td>{{ row.matched_place }}</td>\
<td>{{ row.title }}</td><td>{{ row.journal }}</td><td>{{ row.published_date }}</td></tr>
{% endfor %}"""
TTL = 3600  # seconds

head, _, tail = Path(os.environ["PAGE_FRAME"]).read_text().partition("<!--rows-->")
template = Environment(autoescape=True).from_string(
    f"{{% raw %}}{head}{{% endraw %}}{ROWS}{{% raw %}}{tail}{{% endraw %}}"
    "<!-- {{ outcome }}, {{ ms }} ms -->"
)
redis = Redis(
    connection_pool=ConnectionPool(
        host=os.environ["CACHE_HOST"],
        port=int(os.environ["CACHE_PORT"]),
        password=os.environ["CACHE_PASSWORD"],
        protocol=2,
    )
)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    began = time.perf_counter()
    stored = redis.get("sample")
    rows = json.loads(stored) if stored else ask()
    milliseconds = (time.perf_counter() - began) * 1000
    page = template.render(rows=rows, outcome="hit" if stored else "miss", ms=f"{milliseconds:.1f}").encode()
    start_response(
        "200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
    )
    return [page]


def ask() -> list[dict[str, Any]]:
    """The rows from MySQL, kept in Redis."""
    connection = MySQLdb.connect(
        host=os.environ["DATABASE_HOST"],
        port=int(os.environ["DATABASE_PORT"]),
        user=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"],
        database=os.environ["DATABASE_NAME"],
        charset="utf8mb4",
    )
    try:
        cursor = connection.cursor()
        cursor.execute(QUERY)
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    finally:
        connection.close()
    redis.set("sample", json.dumps(rows), ex=TTL)
    return rows
