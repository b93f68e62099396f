"""Where a request's time goes, by a monotonic clock, as numbers on the page and as a Server-Timing header."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

KINDS = ("db", "cache", "render")


class Timings:
    """Milliseconds by kind of work; nested measures are exclusive, so the kinds never exceed the total."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = self._mark = clock()
        self._ended: float | None = None
        self._spent = dict.fromkeys(KINDS, 0.0)
        self._running: list[str] = []

    def start(self, kind: str) -> None:
        """Charge what follows to `kind`, until the matching stop()."""
        self._charge()
        self._running.append(kind)

    def stop(self) -> None:
        """End the latest start(); what it interrupted goes on."""
        self._charge()
        self._running.pop()

    @contextlib.contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Charge the block to `kind`."""
        self.start(kind)
        try:
            yield
        finally:
            self.stop()

    def ms(self, kind: str) -> float:
        """Milliseconds charged to `kind` so far; 0.0 for a kind never measured."""
        return self._spent.get(kind, 0.0) * 1000

    def freeze(self) -> float:
        """Fix the total, so that page and header show the same; returns it in milliseconds."""
        if self._ended is None:
            self._ended = self._clock()
        return (self._ended - self._began) * 1000

    def header(self) -> str:
        """The value of a Server-Timing header, durations in milliseconds."""
        total = self.freeze()
        parts = [f"{kind};dur={seconds * 1000:.2f}" for kind, seconds in self._spent.items()]
        return ", ".join([*parts, f"total;dur={total:.2f}"])

    def _charge(self) -> None:
        now = self._clock()
        if self._running:
            kind = self._running[-1]
            self._spent[kind] = self._spent.get(kind, 0.0) + now - self._mark
        self._mark = now


class TimingMiddleware:
    """Gives each request its `timings`, charges every query to 'db', and sends Server-Timing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        timings = Timings()
        request.timings = timings

        def timed(execute: Callable[..., Any], *args: Any) -> Any:
            with timings.measure("db"):
                return execute(*args)

        with connection.execute_wrapper(timed):
            response = self.get_response(request)
        response["Server-Timing"] = timings.header()
        return response

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        """Charge a response that renders itself later (the admin's do) to 'render'."""
        request.timings.start("render")
        response.add_post_render_callback(lambda _: request.timings.stop())
        return response
