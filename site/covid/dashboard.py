"""The cache page: how the cache does for this site, and how its server does for everybody."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe
from redis import Redis

from covid import inspection, servers
from covid.caching import JITTER, cache
from covid.store import GRACE
from covid.tally import hit_rate, tally


@require_safe
def cache_page(request: HttpRequest) -> HttpResponse:
    """The cache's numbers, as a page or with ?format=json; those of a server that is out are missing."""
    facts = _facts(request)
    if request.GET.get("format") == "json":
        response: HttpResponse = JsonResponse(_plain(facts))
    else:
        with request.timings.measure("render"):
            response = render(request, "covid/cache.html", facts | {"active": "cache"})
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _facts(request: HttpRequest) -> dict[str, Any]:
    """All that the page tells; times are in seconds, memory is in bytes."""
    looked = cache.ask(_look, request.timings)
    server, holdings = looked or (None, None)
    counts = tally.counts()
    return {
        "out": not cache.breaker.closed,
        "endpoint": str(servers.cache()),
        "encrypted": servers.cache().encrypted,
        "reads": sum(counts.values()),
        "counts": counts,
        "hit_rate": hit_rate(counts),
        "since": datetime.fromtimestamp(tally.since, UTC),
        "ttl": cache.ttl,
        "jitter": JITTER,
        "grace": GRACE,
        "server": server,
        "up": _duration(server.uptime) if server else "",
        "holdings": holdings,
        "breaker": {
            "reason": cache.breaker.reason,
            "retry_in": cache.breaker.retry_in,
            "outages": cache.breaker.outages,
            "failures": cache.breaker.failures,
            "refusals": cache.breaker.refusals,
        },
        "errors": [
            {
                "at": datetime.fromtimestamp(one.at, UTC),
                "kind": one.kind,
                "what": one.what,
                "worker": one.worker,
            }
            for one in tally.errors()
        ],
    }


def _duration(seconds: int) -> str:
    """So long, in words."""
    if seconds < 60:
        return "less than a minute"
    return timesince(datetime.now(UTC) - timedelta(seconds=seconds))


def _look(redis: Redis) -> tuple[inspection.Server | None, inspection.Holdings]:
    return inspection.server(redis), inspection.holdings(redis)


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts in forms that JSON has."""
    objects = {name: asdict(facts[name]) if facts[name] else None for name in ("server", "holdings")}
    return facts | objects
