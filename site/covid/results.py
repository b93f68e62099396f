"""A query's result as a rendered table, with the facts that a page tells about it."""

import time
from typing import Any

from django.template.loader import render_to_string

from covid.models import Article, DataSet
from covid.queries import ROW_LIMIT, WORD, readable, statements
from covid.timing import Timings

NAME = f"sentences:{WORD}:{ROW_LIMIT}"


def sentences(timings: Timings) -> tuple[bytes, dict[str, Any]]:
    """The table of sentences that contain WORD, as HTML, and its facts; times are in milliseconds."""
    with timings.measure("db"):
        began = time.perf_counter()
        with statements() as sent:
            rows = list(Article.objects.mentioning(WORD).table())
        database_ms = (time.perf_counter() - began) * 1000
        loaded = DataSet.objects.order_by("-loaded_at").first()
    with timings.measure("render"):
        began = time.perf_counter()
        table = render_to_string("covid/_table.html", {"rows": rows, "word": WORD, "loaded": loaded})
        render_ms = (time.perf_counter() - began) * 1000
    facts = {
        "rows": len(rows),
        "sql": readable(sent[-1]),  # a new connection says more before it
        "database_ms": database_ms,
        "render_ms": render_ms,
        "generated": bool(loaded and loaded.generated),
    }
    return table.encode(), facts
