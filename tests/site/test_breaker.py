"""A breaker opens at a failure, tries aside now and then, and closes at a success."""

import logging
import threading
import time

import pytest

from covid.breaker import Breaker
from tests.site.test_timing import Clock


class Service:
    """Answers a probe when it is let, well or not."""

    def __init__(self) -> None:
        self.well = False
        self.probes = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def probe(self) -> None:
        self.probes += 1
        assert self.may_answer.wait(5)
        if not self.well:
            raise ConnectionError("out")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(service: Service, clock: Clock) -> Breaker:
    return Breaker("it", service.probe, (ConnectionError,), first=5, rest=5, clock=clock)


def settled(breaker: Breaker) -> None:
    """Wait until no probe is under way."""
    for thread in threading.enumerate():
        if thread.name == f"probe of {breaker.name}":
            thread.join(10)


def test_closed_it_allows_everything(breaker: Breaker, service: Service) -> None:
    assert breaker.closed
    assert all(breaker.allows() for _ in range(3))
    assert (service.probes, breaker.refusals) == (0, 0)


def test_open_it_allows_nothing_and_tries_once_each_rest(
    breaker: Breaker, service: Service, clock: Clock
) -> None:
    breaker.failed("TimeoutError")
    assert (breaker.closed, breaker.reason) == (False, "TimeoutError")
    for rests in range(3):
        clock.now += 4.9
        assert not breaker.allows()
        settled(breaker)
        assert service.probes == rests
        clock.now += 0.2
        assert [breaker.allows() for _ in range(3)] == [False] * 3
        settled(breaker)
        assert service.probes == rests + 1
    assert breaker.reason == "ConnectionError"
    assert breaker.refusals == 12


def test_a_hiccup_is_soon_over_and_an_outage_is_tried_ever_less(service: Service, clock: Clock) -> None:
    breaker = Breaker("it", service.probe, (ConnectionError,), first=0.1, rest=1, clock=clock)
    breaker.failed("TimeoutError")
    tried_at = []
    for _ in range(500):
        clock.now += 0.01
        before = service.probes
        breaker.allows()
        settled(breaker)
        if service.probes > before:
            tried_at.append(clock.now - 100)
    pauses = [later - earlier for earlier, later in zip([0, *tried_at], tried_at, strict=False)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1, 1, 1], abs=0.03)


def test_nobody_waits_for_a_probe(breaker: Breaker, service: Service, clock: Clock) -> None:
    service.may_answer.clear()
    breaker.failed("TimeoutError")
    clock.now += 6
    began = time.monotonic()
    assert not any(breaker.allows() for _ in range(100))
    assert time.monotonic() - began < 1
    service.may_answer.set()
    settled(breaker)
    assert service.probes == 1


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, service: Service, clock: Clock) -> None:
    breaker.failed("TimeoutError")
    service.well = True
    clock.now += 6
    assert not breaker.allows()
    settled(breaker)
    assert breaker.closed
    assert breaker.allows()


def test_a_probe_that_goes_wrong_otherwise_is_not_the_last(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = []
    monkeypatch.setattr(threading, "excepthook", lambda args: died.append(args.exc_type))
    breaker = Breaker("it", service.probe, (TimeoutError,), rest=5, clock=clock)
    breaker.failed("TimeoutError")
    clock.now += 6
    breaker.allows()
    settled(breaker)
    breaker.allows()
    settled(breaker)
    assert (service.probes, died) == (2, [ConnectionError] * 2)


def test_an_outage_is_logged_once_a_reason_and_its_end_too(
    breaker: Breaker, service: Service, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for reason in ["ConnectionError"] * 3 + ["ReadOnlyError"] * 3:
        breaker.failed(reason)
    service.well = True
    clock.now += 6
    for _ in range(3):
        breaker.allows()
    settled(breaker)
    assert caplog.messages == ["it is out: ConnectionError", "it is out: ReadOnlyError", "it is back"]
    assert (breaker.failures, breaker.outages) == (6, 1)
