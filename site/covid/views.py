"""The pages: home, the same query without and with the cache, and the button that clears it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from covid import results
from covid.caching import Answer, Outcome, cache
from covid.health import database_version
from covid.models import DataSet
from covid.queries import ROW_LIMIT, WORD

# Stand-ins in the page around the table. Text of ours or of a visitor can't be taken for one: it is escaped.
TABLE, RENDER_MS, TOTAL_MS = "<!--table-->", "<!--render-->", "<!--total-->"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What runs where, and what is loaded."""
    loaded = DataSet.objects.order_by("-loaded_at").first()
    context = {
        "database": database_version(),
        "cache": cache.server(request.timings),
        "loaded": loaded,
        "generated": bool(loaded and loaded.generated),
        "word": WORD,
        "limit": ROW_LIMIT,
        "ttl": cache.ttl,
        "active": "home",
    }
    with request.timings.measure("render"):
        return render(request, "covid/home.html", context)


@require_safe
def uncached(request: HttpRequest) -> HttpResponse:
    """The query, asked of MySQL at every request."""
    table, facts = results.sentences(request.timings)
    return _page(request, table, facts, Outcome.BYPASS, active="uncached")


@require_safe
def cached(request: HttpRequest) -> HttpResponse:
    """The same table from the cache where it holds it, from MySQL where it doesn't."""
    answer = cache.read(results.NAME, partial(results.sentences, request.timings), request.timings)
    return _page(
        request, answer.entry.body, answer.entry.header.facts, answer.outcome, active="cached", answer=answer
    )


@require_POST
def clear(request: HttpRequest) -> HttpResponseRedirect:
    """Expire everything that is cached, and go back to the cached page."""
    if cache.expire():
        messages.success(request, "Cache cleared: the next request asks MySQL.")
    else:
        messages.warning(request, "The cache is out: there is nothing to clear.")
    return redirect("cached")


def _page(
    request: HttpRequest,
    table: bytes,
    facts: dict[str, Any],
    outcome: Outcome,
    *,
    active: str,
    answer: Answer | None = None,
) -> HttpResponse:
    """The live page around a rendered table, with times taken as late as a page can still tell them."""
    timings = request.timings
    with timings.measure("render"):
        context = {
            "active": active,
            "answer": answer,
            "cache_ms": timings.ms("cache"),
            "db_ms": timings.ms("db"),
            "facts": facts,
            "generated": facts["generated"],
            "outcome": outcome,
            "word": WORD,
        }
        shell = render_to_string("covid/query.html", context, request)
    total = timings.freeze()
    shell = shell.replace(RENDER_MS, f"{timings.ms('render'):.1f}").replace(TOTAL_MS, f"{total:.1f}")
    head, _, tail = shell.partition(TABLE)
    return HttpResponse(
        head.encode() + table + tail.encode(),
        headers={"X-Cache": outcome, "Cache-Control": "private, no-store"},
    )
