"""What a run says while it works: one Event for each thing that happens, to one callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """What a run does, or did, about a resource."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    REPLACE = "replace"
    WAIT = "wait"
    DELETE = "delete"
    NONE = "none"


@dataclass(frozen=True)
class Event:
    """Something happened to a resource: `begun`, `state` (with AWS's word for it), `done` or `failed`."""

    resource: str
    kind: str
    what: str
    seconds: float
    """Since the run began."""
    action: Action | None = None
    detail: str = ""


OnEvent = Callable[[Event], None]
"""Always called from the thread that called the engine."""


def ignore(event: Event) -> None:
    """Nobody listens."""
