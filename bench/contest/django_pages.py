"""The page in Django's usual ways: rows from the cache, or from an ORM that is cached, or the whole page."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import include, path
from django.utils.safestring import mark_safe
from django.views.decorators.cache import cache_page

from covid.levels import LEVELS
from covid.questions import FIRST, AskForm


def from_cache() -> list[dict]:
    """Rows that the view itself keeps in the cache, pickled."""
    rows = cache.get("rows")
    if rows is None:
        rows = from_orm()
        cache.set("rows", rows)
    return rows


def from_orm() -> list[dict]:
    """Rows as the ORM gives them; where that is cached, from the cache."""
    return FIRST.fetch()


def page(request: HttpRequest) -> HttpResponse:
    """The site's page, from rows rendered now."""
    began = time.perf_counter()
    rows = from_cache() if settings.PEER == "naive" else from_orm()
    milliseconds = (time.perf_counter() - began) * 1000
    table = render_to_string("covid/_table.html", {"rows": rows, "word": FIRST.word, "loaded": True})
    live = dict.fromkeys(("age", "ttl", "db", "render", "wait", "total"), "0.0")
    context = {
        "active": "cached",
        "asked": FIRST,
        "form": AskForm.showing(FIRST),
        "answer": {"entry": {"header": {"cost": 0.0}}, "note": ""},
        "facts": {"rows": len(rows), "sql": "", "database_ms": 0.0, "render_ms": 0.0},
        "generated": True,
        "level": LEVELS[-1],
        "levels": LEVELS,
        "live": live | {"cache": f"{milliseconds:.1f}"},
        "outcome": "hit",
        "table": mark_safe(table),
    }
    return render(request, "covid/query.html", context)


view = cache_page(settings.TTL)(page) if settings.PEER.startswith("cache_page") else page
urlpatterns = [path("page/", view), path("", include("config.urls"))]
