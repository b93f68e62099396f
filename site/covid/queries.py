"""What the site asks the database: QuerySet methods with names, and the SQL that they really ran."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Self

from django.db import connection, models

WORD = "delta"
ROW_LIMIT = 500

TABLE_COLUMNS = ("object_id", "sentence", "matched_place", "title", "journal", "published_date")

_CLAUSE = re.compile(r"('(?:[^'\\]|\\.|'')*')|\s+(?=(?:FROM|WHERE|ORDER BY|GROUP BY|LIMIT)\b)")


class ArticleQuerySet(models.QuerySet):
    """The questions that the pages ask about articles."""

    def mentioning(self, word: str) -> Self:
        """Articles whose sentence contains `word`, in any case, ordered by id."""
        return self.filter(sentence__icontains=word).order_by("object_id")

    def table(self, limit: int = ROW_LIMIT) -> Self:
        """The first `limit` rows, with nothing but the columns that a page shows."""
        return self.only(*TABLE_COLUMNS)[:limit]


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
