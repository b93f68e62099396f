"""The rendered table and the facts that go with it."""

import pytest
from django.db import connection

from covid.models import Article, DataSet
from covid.results import sentences
from covid.timing import Timings


def table() -> str:
    return sentences(Timings())[0].decode()


def test_rows_in_order_with_the_word_marked_and_the_rest_escaped(articles: list[Article]) -> None:
    html = table()
    assert "In the Mekong <mark>delta</mark>." in html
    assert "The <mark>Delta</mark> variant &lt;spread&gt;." in html
    assert html.index("Mekong") < html.index("variant")
    assert "Wuhan" not in html


def test_facts(articles: list[Article]) -> None:
    timings = Timings()
    body, facts = sentences(timings)
    assert isinstance(body, bytes)
    assert (facts["rows"], facts["generated"]) == (2, False)
    assert "\nWHERE `covid_article`.`sentence` LIKE '%delta%'\nORDER BY" in facts["sql"]
    assert 0 < facts["database_ms"] <= timings.ms("db")
    assert 0 < facts["render_ms"] <= timings.ms("render")


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_shows_the_query_and_not_its_own_setup() -> None:
    connection.close()
    vars(connection).pop("mysql_server_data", None)
    assert "LIKE '%delta%'" in sentences(Timings())[1]["sql"]


def test_at_most_500_rows(db: None) -> None:
    Article.objects.bulk_create([Article(object_id=n, sentence=f"delta {n}") for n in range(1, 512)])
    body, facts = sentences(Timings())
    assert facts["rows"] == body.count(b"<mark>") == 500
    assert b"</mark> 500<" in body
    assert b"</mark> 501<" not in body


def test_no_match(db: None) -> None:
    DataSet.objects.create(source="articles.csv", rows=0)
    assert "No sentence contains" in table()


def test_no_data(db: None) -> None:
    html = table()
    assert "No data is loaded yet" in html
    assert "load_articles" in html


def test_generated_data_is_a_fact(articles: list[Article]) -> None:
    DataSet.objects.create(source="generated", rows=3, generated=True)
    assert sentences(Timings())[1]["generated"] is True
