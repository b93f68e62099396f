"""Home: what runs where, what is loaded, and the way to the comparison. It comes whatever is out."""

import logging
import platform
from dataclasses import dataclass

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from covid import inspection, servers
from covid.caching import cache
from covid.health import database_version
from covid.models import DataSet
from covid.outage import DATABASE_OUT
from covid.queries import ROW_LIMIT, WORD
from covid.tally import hit_rate, tally
from covid.timing import Timings

logger = logging.getLogger(__name__)

PATIENCE = 2  # seconds for MySQL to take a connection, and again to answer


@dataclass(frozen=True)
class Database:
    """The database's version and the data set that it holds; without a version it is out."""

    version: str = ""
    loaded: DataSet | None = None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What runs where, and what is loaded; what is out is said to be."""
    database = look_at_database(request.timings)
    context = {
        "active": "home",
        "database": database,
        "database_at": servers.database(),
        "loaded": database.loaded,
        "generated": bool(database.loaded and database.loaded.generated),
        "server": cache.ask(inspection.server, request.timings),
        "cache_out": not cache.breaker.closed,
        "cache_at": servers.cache(),
        "hit_rate": hit_rate(tally.counts()),
        "software": [
            request.META.get("SERVER_SOFTWARE", "WSGI").replace("/", " "),
            f"Django {django.get_version()}",
            f"Python {platform.python_version()}",
        ],
        "release": settings.RELEASE[:12],
        "word": WORD,
        "limit": ROW_LIMIT,
        "ttl": cache.ttl,
    }
    with request.timings.measure("render"):
        response = render(request, "covid/home.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def look_at_database(timings: Timings) -> Database:
    """What MySQL says of itself and the data, on a connection of its own: to one that hangs it is brief."""
    brief = connection.copy()
    brief.settings_dict["OPTIONS"] |= {"connect_timeout": PATIENCE, "read_timeout": PATIENCE}
    try:
        with timings.measure("db"):
            version = database_version(brief)
        return Database(version, DataSet.objects.order_by("-loaded_at").first())
    except DATABASE_OUT as error:
        logger.error("home: the database is out: %s", error)
        return Database()
    finally:
        brief.close()
