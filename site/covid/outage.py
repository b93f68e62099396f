"""The page that comes when the database is out."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)

DATABASE_OUT = (OperationalError, InterfaceError)
RETRY_AFTER = "10"  # seconds


class DatabaseOutMiddleware:
    """Answers 503, and logs one line, when a view can't reach the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The 503 page for a database that is out; None for any other error."""
        if not isinstance(exception, DATABASE_OUT):
            return None
        logger.error("the database is out: %s", exception)
        response = render(request, "503.html", status=503)
        response["Retry-After"] = RETRY_AFTER
        response["Cache-Control"] = "no-store"
        return response
