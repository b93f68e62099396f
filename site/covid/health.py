"""/healthz: what a load balancer, a boot script and a person ask first."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse, JsonResponse

from covid import inspection
from covid.caching import cache
from covid.models import DataSet
from covid.timing import Timings

logger = logging.getLogger(__name__)

PATH = "/healthz"


class HealthMiddleware:
    """Answers /healthz for any Host header: a load balancer asks by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return report() if request.path_info == PATH else self.get_response(request)


def report() -> JsonResponse:
    """200 with status ok, or degraded while the cache is out; 503 with status down while the database is."""
    database, rows = _database()
    answering = cache.ask(inspection.version, Timings())
    if answering:
        memory = {"status": "ok", "version": answering}
    else:
        memory = {"status": "out", "reason": cache.breaker.reason}
    memory |= {name: getattr(cache.breaker, name) for name in ("outages", "failures", "refusals")}
    down = database["status"] != "ok"
    status = "down" if down else "ok" if answering else "degraded"
    return JsonResponse(
        {"status": status, "database": database, "cache": memory, "rows": rows, "release": settings.RELEASE},
        status=503 if down else 200,
        headers={"Cache-Control": "no-store"},
    )


def database_version(database: BaseDatabaseWrapper) -> str:
    """The database server's name and version; raises OperationalError when it is out."""
    with database.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        (version,) = cursor.fetchone()
    name = "MariaDB" if "MariaDB" in version else "MySQL"
    return f"{name} {version.split('-')[0]}"


def _database() -> tuple[dict[str, Any], int]:
    """The database's state, and how many rows the last load gave."""
    try:
        version = database_version(connection)
        rows = DataSet.objects.order_by("-loaded_at").values_list("rows", flat=True).first()
    except (DatabaseError, InterfaceError) as error:
        # The server's own words name the user and addresses: they belong in the log alone.
        logger.error("health check: the database is out: %s", error)
        code = error.args[0] if error.args and isinstance(error.args[0], int) else type(error).__name__
        return {"status": "out", "reason": f"MySQL error {code}"}, 0
    return {"status": "ok", "version": version}, rows or 0
