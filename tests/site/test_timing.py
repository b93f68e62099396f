"""Timings add up, and every page sends them."""

import re

import pytest
from django.test import Client

from covid.timing import Timings


class Clock:
    """A clock that stands still until it is told otherwise; in seconds."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nested_work_is_charged_once() -> None:
    clock = Clock()
    timings = Timings(clock)
    with timings.measure("render"):
        clock.now += 0.010
        with timings.measure("db"):
            clock.now += 0.030
        clock.now += 0.005
    clock.now += 0.001
    assert timings.ms("render") == pytest.approx(15)
    assert timings.ms("db") == pytest.approx(30)
    assert timings.freeze() == pytest.approx(46)


def test_a_frozen_total_stays() -> None:
    clock = Clock()
    timings = Timings(clock)
    clock.now += 0.002
    timings.freeze()
    clock.now += 5
    assert timings.header() == "db;dur=0.00, cache;dur=0.00, render;dur=0.00, total;dur=2.00"


def test_a_kind_of_its_own_is_in_the_header() -> None:
    clock = Clock()
    timings = Timings(clock)
    with timings.measure("wait"):
        clock.now += 0.004
    assert "wait;dur=4.00" in timings.header()


@pytest.mark.parametrize("address", ["/", "/uncached/", "/cached/", "/nowhere/", "/admin/login/"])
def test_every_page_sends_server_timing(loopback: Client, articles: list, address: str) -> None:
    header = loopback.get(address).headers["Server-Timing"]
    durations = {kind: float(ms) for kind, ms in re.findall(r"(\w+);dur=([\d.]+)", header)}
    assert {"db", "cache", "render", "total"} <= durations.keys()
    parts = sum(ms for kind, ms in durations.items() if kind != "total")
    assert parts <= durations["total"] + 0.05  # each is rounded


def test_pages_that_render_themselves_are_charged_to_render(loopback: Client, db: None) -> None:
    header = loopback.get("/admin/login/").headers["Server-Timing"]
    assert float(re.search(r"render;dur=([\d.]+)", header).group(1)) > 0


def test_the_page_shows_what_the_header_says(client: Client, articles: list) -> None:
    response = client.get("/uncached/")
    header = dict(re.findall(r"(\w+);dur=([\d.]+)", response.headers["Server-Timing"]))
    shown = re.findall(r"<dd>([\d.]+)<small> ms", response.content.decode())
    sent = [float(header[kind]) for kind in ("db", "cache", "render", "total")]
    assert [float(ms) for ms in shown] == pytest.approx(sent, abs=0.06)  # one digit after the point
