"""How a cached read was answered."""

from dataclasses import dataclass
from enum import StrEnum

from covid.entry import Entry


class Outcome(StrEnum):
    """How a cached read was answered; the value of X-Cache."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"
    BYPASS = "bypass"


@dataclass(frozen=True)
class Answer:
    """What a cached read gives: the entry, how it was come by, and a remark for the reader ('' mostly)."""

    entry: Entry
    outcome: Outcome
    note: str = ""
