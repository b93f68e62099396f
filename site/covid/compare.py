"""The page of the race: in a browser with scripts it runs there, over the network, else here, as a form."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from covid import race
from covid.home import look_at_database
from covid.race import LANES, RaceForm

TITLES = {"uncached": "Uncached", "cached": "Cached"}
PERCENTILES = (("p50", "Median (p50)"), ("p95", "95 of 100 within (p95)"))
KINDS = (
    ("db", "Database"),
    ("cache", "Cache"),
    ("render", "Render"),
    ("other", "Rest of the server"),
    ("network", "Network and browser"),
)
RETRY_AFTER = "5"  # seconds


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The form; with `repetitions` in the address, also the result of a race that was run here just now.

    `format=json` gives the result as JSON, in milliseconds.
    """
    form = RaceForm(request.GET)
    if not form.is_valid():
        return render(request, "covid/refused.html", {"form": form}, status=400)
    asked, chosen = form.asked(), form.cleaned_data
    as_json = request.GET.get("format") == "json"
    result, busy = None, False
    if as_json or "repetitions" in request.GET:
        try:
            result = race.run(asked, chosen["repetitions"], chosen["concurrency"])
        except race.Busy:
            busy = True
    if as_json:
        return _json(request, form, result)
    initial = chosen | {"query": asked.question.name, "word": asked.word or chosen["word"] or "delta"}
    context = {
        "active": "compare",
        "asked": asked,
        "form": RaceForm(initial=initial),
        "busy": busy,
        "database": look_at_database(request.timings),
        "result": result,
        "lanes": [_lane(name, result) for name in LANES],
        "rows": _rows(result),
    }
    with request.timings.measure("render"):
        response = render(request, "covid/compare.html", context, status=429 if busy else 200)
    return _fresh(response, busy)


def _json(request: HttpRequest, form: RaceForm, result: race.Result | None) -> HttpResponse:
    if result is None:
        return _fresh(JsonResponse({"error": "another race is running"}, status=429), busy=True)
    asked, chosen = form.asked(), form.cleaned_data
    told = {"query": asked.question.name, "word": asked.word, "rows": asked.rows}
    told |= {name: chosen[name] for name in ("repetitions", "concurrency")}
    return _fresh(JsonResponse(told | result.as_json()), busy=False)


def _fresh(response: HttpResponse, busy: bool) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    if busy:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def _lane(name: str, result: race.Result | None) -> dict[str, Any]:
    """A lane as the page shows it; bars are in percent of the slowest page, parts of the slower median."""
    level = LANES[name]
    shown: dict[str, Any] = {"name": name, "title": TITLES[name], "about": level.about}
    shown["url"] = reverse(level.name)
    if not result:
        return shown | {"milliseconds": []}
    lane, lanes = result.lanes[name], result.lanes.values()
    slowest = max(max(one.milliseconds) for one in lanes)
    return shown | {
        "milliseconds": json.dumps([round(one, 3) for one in lane.milliseconds]),
        "bars": [(x, 100 * one / slowest) for x, one in enumerate(lane.milliseconds)],
        "parts": _parts(lane, max(one.p50 for one in lanes)),
        "p50": lane.p50,
    }


def _parts(lane: race.Lane, whole: float) -> list[tuple[str, float, float]]:
    """What the median page's time went to, as kind, beginning and width, in percent of `whole`."""
    parts, x = [], 0.0
    for kind, _ in KINDS:
        width = 100 * lane.spent.get(kind, 0.0) / whole
        parts.append((kind, x, width))
        x += width
    return parts


def _rows(result: race.Result | None) -> list[dict[str, Any]]:
    """The table's rows: what each is called, and its milliseconds in each lane; None where not known."""
    rows = [{"name": name, "title": title, "values": _values(result, name)} for name, title in PERCENTILES]
    return rows + [
        {"name": kind, "title": title, "values": [(lane, _spent(result, lane, kind)) for lane in LANES]}
        for kind, title in KINDS
    ]


def _values(result: race.Result | None, name: str) -> list[tuple[str, float | None]]:
    return [(lane, getattr(result.lanes[lane], name) if result else None) for lane in LANES]


def _spent(result: race.Result | None, lane: str, kind: str) -> float | None:
    return result.lanes[lane].spent.get(kind) if result else None
