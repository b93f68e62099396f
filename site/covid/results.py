"""A question's result in the forms that the pages need, with the facts that they tell about it."""

import json
import time
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

from django.template.loader import render_to_string

from covid import deflate
from covid.entry import Computed
from covid.models import DataSet
from covid.queries import readable, statements
from covid.questions import Asked
from covid.timing import Timings

JSON, HTML, DEFLATE = "json", "html", "deflate"  # the forms, as parts of a cached entry

Row = dict[str, Any]


def query(asked: Asked, timings: Timings) -> tuple[list[Row], dict[str, Any]]:
    """The rows that answer the question, asked of the database, and facts; times are in milliseconds."""
    with timings.measure("db"):
        began = time.perf_counter()
        with statements() as sent:
            rows = asked.fetch()
        database_ms = (time.perf_counter() - began) * 1000
        loaded = DataSet.objects.order_by("-loaded_at").first()
    facts = {
        "rows": len(rows),
        "sql": readable(sent[-1]),  # a new connection says more before it
        "database_ms": database_ms,
        "loaded": bool(loaded),
        "generated": bool(loaded and loaded.generated),
    }
    return rows, facts


def render(asked: Asked, rows: list[Row], facts: dict[str, Any], timings: Timings) -> bytes:
    """The rows as an HTML table."""
    with timings.measure("render"):
        context = {"rows": rows, "word": asked.word, "question": asked.question, "loaded": facts["loaded"]}
        return render_to_string(asked.question.template, context).encode()


def rows_to_cache(asked: Asked, timings: Timings, kept: bool) -> Computed:
    """The rows as JSON; each reader renders them."""
    rows, facts = query(asked, timings)
    with timings.measure("cache"):
        return Computed({JSON: json.dumps(rows).encode()}, facts)


def table_to_cache(asked: Asked, timings: Timings, kept: bool) -> Computed:
    """The rendered table; if it is to be kept, also compressed, and with a digest for its ETag."""
    rows, facts = query(asked, timings)
    html = render(asked, rows, facts, timings)
    facts["render_ms"] = timings.ms("render")
    if not kept:
        return Computed({HTML: html}, facts)
    with timings.measure("cache"):
        deflated, seal = deflate.compress(html)
        facts |= {"seal": asdict(seal), "digest": blake2b(html, digest_size=12).hexdigest()}
    return Computed({HTML: html, DEFLATE: deflated}, facts)
