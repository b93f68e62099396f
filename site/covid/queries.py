"""What the site asks the database: QuerySet methods with names, and the SQL that they really ran."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Self

from django.db import connection, models
from django.db.models.functions import Left

WORD = "delta"
ROW_LIMIT = 500
TOP = 20
"""Rows of a report that ranks."""

TABLE_COLUMNS = ("object_id", "sentence", "matched_place", "title", "journal", "published_date")

_CLAUSE = re.compile(r"('(?:[^'\\]|\\.|'')*')|\s+(?=(?:FROM|WHERE|ORDER BY|GROUP BY|LIMIT)\b)")


@models.TextField.register_lookup
class Matches(models.Lookup):
    """`column__matches='"words"'`: by the column's FULLTEXT index, in MySQL's boolean mode."""

    lookup_name = "matches"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, column_params = self.process_lhs(compiler, connection)
        words, words_params = self.process_rhs(compiler, connection)
        return f"MATCH ({column}) AGAINST ({words} IN BOOLEAN MODE)", [*column_params, *words_params]


class ArticleQuerySet(models.QuerySet):
    """The questions that the pages ask about articles. Each row is one place, named in one sentence."""

    def mentioning(self, word: str) -> Self:
        """Articles whose sentence contains `word`, in any case, also within a word; ordered by id."""
        return self.filter(sentence__icontains=word).order_by("object_id")

    def matching(self, words: str) -> Self:
        """Articles whose sentence has these whole words, one after the other, ordered by id.

        Words of one or two letters, and InnoDB's stopwords, are not in the index:
        https://dev.mysql.com/doc/refman/8.4/en/fulltext-stopwords.html
        """
        phrase = words.replace('"', " ")
        return self.filter(sentence__matches=f'"{phrase}"').order_by("object_id")

    def table(self, limit: int = ROW_LIMIT) -> Self:
        """The first `limit` rows, with nothing but the columns that a page shows."""
        return self.only(*TABLE_COLUMNS)[:limit]

    def published_in(self, year: str) -> Self:
        """Articles of that year, by the index on the date."""
        return self.filter(published_date__gte=year, published_date__lt=f"{year}9")

    def choices(self, column: str) -> Self:
        """The values of a column that an index begins with, in order: the index is skipped through."""
        return self.order_by(column).values_list(column, flat=True).distinct()

    def years(self, most: int) -> list[str]:
        """The years with articles, from the newest, one look into the date's index for each."""
        found: list[str] = []
        dates = self.exclude(published_date="").values_list("published_date", flat=True)
        for _ in range(most):
            older = dates.filter(published_date__lt=found[-1]) if found else dates
            newest = older.order_by("-published_date")[:1]
            if not newest:
                break
            found.append(newest[0][:4])
        return found

    def by_month(self) -> Self:
        """How many rows each month has, as {label: "YYYY-MM", count}; dates without a month are left out."""
        months = self.annotate(label=Left("published_date", 7)).filter(label__contains="-")
        return months.values("label").annotate(count=models.Count("*")).order_by("label")

    def by_journal(self, limit: int = TOP) -> Self:
        """The journals with most rows, as {label, count}."""
        return self._ranked("journal", limit)

    def by_place(self, limit: int = TOP) -> Self:
        """The places that are mentioned most, as {label, count}."""
        return self._ranked("matched_place", limit)

    def by_source(self, limit: int = TOP) -> Self:
        """The sources with most rows, as {label, count}."""
        return self._ranked("source", limit)

    def by_license(self, limit: int = TOP) -> Self:
        """The licences with most rows, as {label, count}."""
        return self._ranked("license", limit)

    def _ranked(self, column: str, limit: int) -> Self:
        known = self.exclude(**{column: ""}).values(label=models.F(column))
        return known.annotate(count=models.Count("*")).order_by("-count", "label")[:limit]


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the block sends to the database, literally, in order."""
    sent: list[str] = []

    def record(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        result = execute(sql, params, many, context)
        sent.append(connection.ops.last_executed_query(context["cursor"], sql, params))
        return result

    with connection.execute_wrapper(record):
        yield sent


def readable(sql: str) -> str:
    """The same statement with each clause on a line of its own; string literals stay as they are."""
    return _CLAUSE.sub(lambda match: match.group(1) or "\n", sql)
