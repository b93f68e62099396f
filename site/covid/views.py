"""The pages: home, the same table at three levels of caching, their comparison, and what clears the cache."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from covid import levels, pages, results
from covid.caching import cache
from covid.health import database_version
from covid.models import DataSet
from covid.queries import ROW_LIMIT, WORD


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
def at_level(request: HttpRequest, *, level: levels.Level) -> HttpResponse:
    """The table at one level of caching, with what it cost."""
    return pages.live(request, level, level.fetch(request.timings, pages.accepts_gzip(request)))


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The cached table in a page without live parts: 304 for a client that has it already."""
    compressed = pages.accepts_gzip(request)
    if "HTTP_IF_NONE_MATCH" in request.META:
        compute = partial(results.table_to_cache, request.timings)
        answer = cache.read(results.TABLE, compute, request.timings)
        tag = pages.etag(answer.entry.header, compressed)
        if pages.has(request, tag):
            return pages.not_modified(answer, tag)
    return pages.stable(levels.table_cached(request.timings, compressed))


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """What each level costs, measured now; the bars are in percent of the slowest run."""
    runs = levels.compare()
    slowest = max(run.total for run in runs)
    shown = [
        {
            "run": run,
            "bars": pages.bars(run.spent, slowest),
            "faster": runs[0].total / run.total,
        }
        for run in runs
    ]
    context = {"active": "compare", "shown": shown, "rounds": levels.ROUNDS, "word": WORD, "limit": ROW_LIMIT}
    with request.timings.measure("render"):
        response = render(request, "covid/compare.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def clear(request: HttpRequest) -> HttpResponse:
    """Ask whether to clear the cache; or expire everything that is cached, and go to the cached page."""
    if request.method != "POST":
        with request.timings.measure("render"):
            return render(request, "covid/clear.html", {"active": "clear"})
    if cache.expire():
        messages.success(request, "Cache cleared: the next request asks MySQL.")
    else:
        messages.warning(request, "The cache is out: there is nothing to clear.")
    return redirect("cached")


ANONYMOUS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    **{level.name: partial(at_level, level=level) for level in levels.LEVELS},
    "table": table,
}
"""By name, the pages that look at no user, session or form; see anonymous.py."""
