"""Waiting for a condition on this machine."""

import time
from collections.abc import Callable

INTERVAL = 0.05  # seconds between two looks


def until(condition: Callable[[], bool], timeout: float) -> bool:
    """Look until the condition holds; False when it still does not after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(INTERVAL)
    return True
