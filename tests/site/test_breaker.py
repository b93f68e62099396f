"""A breaker opens at a failure, lets one caller try now and then, and closes at a success."""

import logging

import pytest

from covid.breaker import Breaker
from tests.site.test_timing import Clock


def test_closed_it_allows_everything() -> None:
    breaker = Breaker("it")
    assert breaker.closed
    assert all(breaker.allows() for _ in range(3))


def test_open_it_allows_one_try_each_rest() -> None:
    clock = Clock()
    breaker = Breaker("it", rest=5, clock=clock)
    breaker.failed("TimeoutError")
    assert (breaker.closed, breaker.reason) == (False, "TimeoutError")
    clock.now += 4.9
    assert not breaker.allows()
    clock.now += 0.2
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed("TimeoutError")
    clock.now += 4.9
    assert not breaker.allows()


def test_a_success_closes_it() -> None:
    breaker = Breaker("it")
    breaker.failed("")
    assert not breaker.closed
    breaker.succeeded()
    assert breaker.closed
    assert breaker.allows()


def test_an_outage_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    breaker = Breaker("the cache")
    for _ in range(3):
        breaker.failed("ConnectionError")
    breaker.succeeded()
    breaker.succeeded()
    assert caplog.messages == ["the cache is out: ConnectionError", "the cache is back"]
    assert breaker.failures == 3
