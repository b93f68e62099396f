"""What can be left of a stack: one thing of some kind, what it costs, and how a person removes it."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner import cost

DAY = 24
MONTH = cost.HOURS / DAY
"""Days."""


@dataclass(frozen=True)
class Leftover:
    """Something of the stack that is still there."""

    kind: str
    id: str
    found_by: str
    """tag or name."""
    dollars_a_day: float | None
    """None: not known here."""
    remove: str
    """The command that removes it, empty if there is no single one."""
    leaving: bool = False


def daily(an_hour: float | None) -> float | None:
    """Dollars a day of what is priced by the hour."""
    return None if an_hour is None else an_hour * DAY


def stored(gigabytes: float, a_month: float) -> float:
    """Dollars a day of what is priced by GB and month."""
    return gigabytes * a_month / MONTH
