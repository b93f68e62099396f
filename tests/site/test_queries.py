"""The queries ask what their names say, and the SQL shown is the SQL that ran."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from covid.models import Article
from covid.queries import TABLE_COLUMNS, readable, statements


def test_mentioning_finds_any_case_in_order_of_id(articles: list[Article]) -> None:
    assert [row.object_id for row in Article.objects.mentioning("DELTA")] == [3, 7]


@pytest.mark.parametrize("word", ["%", "_", "\\", "'", "d_lta", "%delta"])
def test_a_word_is_never_a_pattern(articles: list[Article], word: str) -> None:
    assert not Article.objects.mentioning(word).exists()


def test_the_table_takes_one_query_and_no_more_than_its_columns(
    articles: list[Article], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        rows = list(Article.objects.mentioning("delta").table(limit=1))
        assert [[getattr(row, column) for column in TABLE_COLUMNS] for row in rows] == [
            [3, "In the Mekong delta.", "", "Title 3", "", ""]
        ]
    assert rows[0].get_deferred_fields() == {
        field.name for field in Article._meta.fields if field.name not in TABLE_COLUMNS
    }


def test_the_statement_is_the_literal_one(articles: list[Article]) -> None:
    with statements() as sent:
        list(Article.objects.mentioning("del'ta").table(5))
    (sql,) = sent
    assert "LIKE '%del\\'ta%' ORDER BY" in sql
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%", "%%"), [])


def test_readable_breaks_before_clauses_and_not_inside_literals() -> None:
    sql = "SELECT a FROM t WHERE b LIKE '% FROM it''s \\' WHERE %' ORDER BY a LIMIT 5"
    assert readable(sql).splitlines() == [
        "SELECT a",
        "FROM t",
        "WHERE b LIKE '% FROM it''s \\' WHERE %'",
        "ORDER BY a",
        "LIMIT 5",
    ]
