"""Pages that begin at a key: the last one of a million rows costs what the first one does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model, Q, QuerySet

LAST = "last"
COUNT_LIMIT = 1_000
MAX_ID = 2**32 - 1

_PLACE = re.compile(r"(?:(after|before):)?(.*)", re.DOTALL)
_KEY = {
    "object_id": re.compile("([0-9]{1,10})"),
    "published_date": re.compile("([0-9]{4}(?:-[0-9]{2}){0,2})|(.{0,10}):([0-9]{1,10})", re.DOTALL),
}

Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Page:
    """Some rows, and the places of the pages before and after them; '' where there is none."""

    rows: Sequence[Model]
    previous: str
    next: str


@dataclass(frozen=True)
class Order:
    """By OBJECTID, or by date and then by OBJECTID, all in the same direction. An index has both."""

    by_date: bool = False
    descending: bool = False

    @classmethod
    def of(cls, queryset: QuerySet) -> "Order":
        """The order that a queryset has."""
        first = queryset.query.order_by[0]
        return cls("published_date" in first, first.startswith("-"))

    @property
    def columns(self) -> tuple[str, ...]:
        return ("published_date", "object_id") if self.by_date else ("object_id",)

    @property
    def names(self) -> list[str]:
        """What order_by() takes."""
        return [f"-{column}" if self.descending else column for column in self.columns]

    def page(self, queryset: QuerySet, place: str, size: int) -> Page:
        """The `size` rows at a place: '', LAST, what another Page names, or a key to begin at.

        For a key by date, the beginning of a date will do. What can't be read is the first page.
        """
        if place == LAST:
            return self._before(queryset, (), size)
        side, text = _PLACE.fullmatch(place).groups()
        key = self._read(text)
        if not key:
            return self._after(queryset, (), size)
        if side == "before":
            return self._before(queryset, key, size)
        return self._after(queryset, key, size, begin=side is None)

    def _after(self, queryset: QuerySet, key: Key, size: int, begin: bool = False) -> Page:
        """The rows after the key, or, to `begin` with, at it."""
        found = queryset.filter(self._beyond(key, begin)) if key else queryset
        rows = list(found.order_by(*self.names)[: size + 1])
        return self._made(rows[:size], bool(key) and self._any_before(queryset, key, begin), len(rows) > size)

    def _before(self, queryset: QuerySet, key: Key, size: int) -> Page:
        """The rows before the key; without a key, the last ones."""
        turned = self._turned
        found = queryset.filter(turned._beyond(key)) if key else queryset
        rows = list(found.order_by(*turned.names)[: size + 1])
        if key and len(rows) <= size:
            return self._after(queryset, (), size)
        return self._made(rows[size - 1 :: -1], len(rows) > size, bool(key))

    def _any_before(self, queryset: QuerySet, key: Key, begin: bool) -> bool:
        # Not exists(), which has no order: MySQL might then read along an index that does not help.
        turned = self._turned
        found = queryset.filter(turned._beyond(key, not begin)).order_by(*turned.names)
        return bool(found.values_list("pk")[:1])

    @property
    def _turned(self) -> "Order":
        return Order(self.by_date, not self.descending)

    def _beyond(self, key: Key, begin: bool = False) -> Q:
        """The rows after the key in this order, or, to `begin` with, also the one at it."""
        sign = "lt" if self.descending else "gt"
        number = Q((f"object_id__{sign}{'e' * begin}", key[-1]))
        if not self.by_date:
            return number
        return Q((f"published_date__{sign}", key[0])) | Q(("published_date", key[0])) & number

    def _read(self, text: str) -> Key:
        """The key that a text names; () for none."""
        match = _KEY[self.columns[0]].fullmatch(text)
        if not match:
            return ()
        if not self.by_date:
            return (int(text),)
        beginning, date, number = match.groups()
        if number:
            return (date, int(number))
        # The beginning of a date stands before all of its days; with a 9, after them.
        return (f"{beginning}9", MAX_ID) if self.descending else (beginning, 0)

    def _made(self, rows: Sequence[Model], before: bool, after: bool) -> Page:
        def key(row: Model) -> str:
            return ":".join(str(getattr(row, column)) for column in self.columns)

        previous = f"before:{key(rows[0])}" if rows and before else ""
        following = f"after:{key(rows[-1])}" if rows and after else ""
        return Page(rows, LAST if before and not rows else previous, following)


def count(queryset: QuerySet) -> tuple[int, str]:
    """How many rows there are, and how sure that is: "" or, past COUNT_LIMIT, "more than" or "about"."""
    counted = queryset.order_by()[: COUNT_LIMIT + 1].count()
    if counted <= COUNT_LIMIT:
        return counted, ""
    if queryset.query.where:
        return COUNT_LIMIT, "more than"
    return max(COUNT_LIMIT, _estimate(queryset)), "about"


def _estimate(queryset: QuerySet) -> int:
    """MySQL's own guess at a table's rows: free, and right to within some tens of percent."""
    sql, parameters = queryset.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        [row] = cursor.fetchall()
        columns = [column[0] for column in cursor.description]
    return int(row[columns.index("rows")] or 0)  # a number to MySQL, text to MariaDB
