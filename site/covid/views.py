"""The pages: a question at three levels of caching, the reports, and what clears the cache."""

from collections.abc import Callable
from functools import partial, wraps

from django.contrib import messages
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from covid import levels, pages, results
from covid.caching import cache
from covid.queries import ROW_LIMIT, WORD
from covid.questions import QUESTIONS, REPORTS, Asked, AskForm, read
from covid.throttle import Throttle

CLEARING = Throttle("clear", times=10, window=60)


def answers_questions(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view what the address asks; a page with status 400 where that is not to be understood."""

    @wraps(view)
    def asking(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        asked = read(request.GET)
        if isinstance(asked, AskForm):
            return render(request, "covid/refused.html", {"form": asked}, status=400)
        return view(request, asked, *args, **kwargs)

    return asking


@require_safe
@answers_questions
def at_level(request: HttpRequest, asked: Asked, level: levels.Level) -> HttpResponse:
    """The answer at one level of caching, with what it cost."""
    table = level.fetch(asked, request.timings, _takes_gzip(request))
    brought = get_messages(request)
    # Counted before they are read: an empty storage that was read deletes its cookie at each response.
    return _response(pages.live(level, asked, table, request.timings, brought if len(brought) else ()))


@require_safe
@answers_questions
def table(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The cached table in a page without live parts: 304 for a client that has it already."""
    if "If-None-Match" in request.headers:
        compute = partial(results.table_to_cache, asked, request.timings)
        answer = cache.read(asked.entry("table"), compute, request.timings)
        tag = pages.etag(asked, answer.entry.header, _takes_gzip(request))
        if pages.named(request.headers["If-None-Match"], tag):
            return _response(pages.not_modified(answer, tag))
    return _response(pages.stable(asked, levels.table_cached(asked, request.timings, _takes_gzip(request))))


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The reports that a cache is for, and when it is rather an index that helps."""
    like, fulltext = (Asked(QUESTIONS[name], WORD, ROW_LIMIT) for name in ("sentences", "fulltext"))
    context = {
        "active": "reports",
        "reports": [Asked(question, "", 0) for question in REPORTS],
        "levels": levels.LEVELS,
        "like": like,
        "fulltext": fulltext,
    }
    with request.timings.measure("render"):
        return render(request, "covid/reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def clear(request: HttpRequest) -> HttpResponse:
    """Ask whether to clear the cache; or expire everything that is cached, and go to the cached page.

    An address may do so ten times a minute, because each time costs the database a query. The address is the
    socket's: behind a proxy, all have one.
    """
    if request.method != "POST":
        with request.timings.measure("render"):
            return render(request, "covid/clear.html", {"active": "clear"})
    if wait := CLEARING.wait(request.META["REMOTE_ADDR"], request.timings):
        response = render(request, "429.html", {"active": "clear", "wait": wait}, status=429)
        response.headers["Retry-After"] = str(wait)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    if cache.expire():
        messages.success(request, "Cache cleared: the next request asks MySQL.")
    else:
        messages.warning(request, "The cache is out: there is nothing to clear.")
    return redirect("cached")


def _takes_gzip(request: HttpRequest) -> bool:
    return pages.takes_gzip(request.headers.get("Accept-Encoding", ""))


def _response(page: pages.Page) -> HttpResponse:
    response = HttpResponse(page.body, status=page.status, headers=page.headers)
    if page.status == 304:
        del response.headers["Content-Type"]
    return response
