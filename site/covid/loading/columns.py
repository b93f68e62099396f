"""The 13 columns: where a file keeps them, and what a row must be like to be stored."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter

from covid.loading.errors import LoadError
from covid.models import Article

NAMES = (
    "OBJECTID",
    "SHA",
    "PossiblePlace",
    "Sentence",
    "MatchedPlace",
    "DOI",
    "Title",
    "Abstract",
    "PublishedDate",
    "Authors",
    "Journal",
    "Source",
    "License",
)
FIELDS = tuple(field for field in Article._meta.concrete_fields)
MAX_ID = 2**32 - 1  # INT UNSIGNED

_SENTENCE = NAMES.index("Sentence")
_DATE = NAMES.index("PublishedDate")
_LIMITS = tuple(
    (index, limit) for index, field in enumerate(FIELDS) if index != _DATE and (limit := field.max_length)
)

Row = Sequence[str]


def picker(header: Row) -> Callable[[list[str]], Row]:
    """A function that takes a row in the header's order and gives it in the table's, without other columns.

    Names match whatever their case, spaces and underscores. LoadError if a column is missing or there twice.
    """
    places = [_bare(name) for name in header]
    wanted = [_bare(name) for name in NAMES]
    if missing := [name for name, bare in zip(NAMES, wanted, strict=True) if bare not in places]:
        raise LoadError(f"its first line must name all 13 columns; it lacks {', '.join(missing)}")
    if twice := [name for name, bare in zip(NAMES, wanted, strict=True) if places.count(bare) > 1]:
        raise LoadError(f"its first line names a column twice: {', '.join(twice)}")
    return list if places == wanted else itemgetter(*map(places.index, wanted))


def fault(row: Row) -> str:
    """Why a row, in the table's order, can't be stored; '' if it can."""
    number = row[0]
    if not (number.isdigit() and number.isascii() and len(number) <= 10 and int(number) <= MAX_ID):
        return f"OBJECTID must be a whole number from 0 to {MAX_ID}, not {number[:30]!r}"
    if not row[_SENTENCE] or row[_SENTENCE].isspace():
        return "Sentence is empty"
    if not _is_date(row[_DATE]):
        return f"PublishedDate must be YYYY-MM-DD, YYYY or empty, not {row[_DATE][:30]!r}"
    for index, limit in _LIMITS:
        if len(row[index]) > limit:
            return f"{NAMES[index]} has {len(row[index])} characters, and at most {limit} fit"
    return ""


def _bare(name: str) -> str:
    return re.sub(r"[\s_]", "", name).lower()


@lru_cache(maxsize=8192)
def _is_date(text: str) -> bool:
    if not re.fullmatch(r"([0-9]{4}(-[0-9]{2}-[0-9]{2})?)?", text):
        return False
    try:
        return len(text) != 10 or bool(date.fromisoformat(text))
    except ValueError:
        return False
