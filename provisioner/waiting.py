"""Waiting with wanted states, failure states, a deadline and a reason.

boto3's own waiters give up early (10 minutes for a cache), fail on harmless states, ignore fatal ones, and
say nothing on the way; these ask the resource itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from provisioner.errors import Failed, TimedOut
from provisioner.model import Condition, Found, Resource

if TYPE_CHECKING:
    from provisioner.aws import Cloud

Tell = Callable[[str], None]
"""Called with the state's name whenever it changes."""

POLL = (0.2, 0.5, 1, 2, 5, 10)
"""Seconds between looks: most things are there at once, the slow ones take minutes; the last one repeats."""


VISIBLE_SECONDS = 15
"""How long something new may stay out of sight. EC2's API is eventually consistent."""


def until_visible(resource: Resource, cloud: Cloud) -> None:
    """Give what may have been made time to show: creating it anew at once could make a second one."""
    deadline = cloud.clock() + VISIBLE_SECONDS
    while resource.find(cloud) is None and cloud.clock() < deadline:
        cloud.sleep(1)


def until_ready(resource: Resource, cloud: Cloud, tell: Tell) -> Found:
    """Wait until the resource is ready. Raises Failed with AWS's reason, or TimedOut."""
    last: Found | None = None
    seen = 0.0

    def ready(found: Found | None) -> bool:
        nonlocal last, seen
        if found is not None:
            last, seen = found, cloud.clock()
        elif last is not None and cloud.clock() - seen > VISIBLE_SECONDS:
            raise Failed(resource.name, last.id, "gone", resource.reason(cloud, last))
        if found is not None and found.condition not in (Condition.PENDING, Condition.READY):
            raise Failed(resource.name, found.id, found.state, resource.reason(cloud, found))
        return found is not None and found.condition is Condition.READY

    found = _until(ready, resource, cloud, tell, resource.create_seconds)
    assert found is not None  # `ready` says so
    return found


def until_gone(resource: Resource, cloud: Cloud, tell: Tell) -> None:
    """Wait until AWS no longer knows it. Raises TimedOut."""
    _until(lambda found: found is None, resource, cloud, tell, resource.delete_seconds)


def until_settled(resource: Resource, cloud: Cloud, tell: Tell) -> Found | None:
    """Wait until it is neither on its way up nor down: most kinds can't be deleted in between."""

    def settled(found: Found | None) -> bool:
        return found is None or found.condition not in (Condition.PENDING, Condition.GOING)

    return _until(settled, resource, cloud, tell, max(resource.create_seconds, resource.delete_seconds))


def _until(
    enough: Callable[[Found | None], bool], resource: Resource, cloud: Cloud, tell: Tell, seconds: float
) -> Found | None:
    deadline = cloud.clock() + seconds
    told = ""
    looks = 0
    while True:
        found = resource.find(cloud)
        if enough(found):
            return found
        state = found.state if found else "not visible yet"
        if state != told:
            tell(state)
            told = state
        if cloud.clock() >= deadline:
            raise TimedOut(resource.name, state, seconds)
        cloud.sleep(POLL[min(looks, len(POLL) - 1)])
        looks += 1
