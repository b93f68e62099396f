"""The rendered table and the facts that go with it."""

import gzip
import json

import pytest
from django.db import connection

from covid import deflate
from covid.models import Article, DataSet
from covid.questions import FIRST
from covid.results import DEFLATE, HTML, JSON, query, rows_to_cache, table_to_cache
from covid.timing import Timings


def table() -> str:
    return table_to_cache(FIRST, Timings(), True).parts[HTML].decode()


def test_rows_in_order_with_the_word_marked_and_the_rest_escaped(articles: list[Article]) -> None:
    html = table()
    assert "In the Mekong <mark>delta</mark>." in html
    assert "The <mark>Delta</mark> variant &lt;spread&gt;." in html
    assert html.index("Mekong") < html.index("variant")
    assert "Wuhan" not in html


def test_facts(articles: list[Article]) -> None:
    timings = Timings()
    facts = table_to_cache(FIRST, timings, True).facts
    assert (facts["rows"], facts["generated"]) == (2, False)
    assert "\nWHERE `covid_article`.`sentence` LIKE '%delta%'\nORDER BY" in facts["sql"]
    assert 0 < facts["database_ms"] <= timings.ms("db")
    assert 0 < facts["render_ms"] <= timings.ms("render")


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_shows_the_query_and_not_its_own_setup() -> None:
    connection.close()
    vars(connection).pop("mysql_server_data", None)
    assert "LIKE '%delta%'" in query(FIRST, Timings())[1]["sql"]


def test_at_most_500_rows(db: None) -> None:
    Article.objects.bulk_create([Article(object_id=n, sentence=f"delta {n}") for n in range(1, 512)])
    html = table()
    assert html.count("<mark>") == 500
    assert "</mark> 500<" in html
    assert "</mark> 501<" not in html


def test_the_sql_shown_is_plain(articles: list[Article]) -> None:
    sql = query(FIRST, Timings())[1]["sql"]
    assert "\nORDER BY `covid_article`.`object_id` ASC\nLIMIT 500" in sql
    assert " AS " not in sql


def test_no_match(db: None) -> None:
    DataSet.objects.create(source="articles.csv", rows=0)
    assert "No sentence contains" in table()


def test_no_data(db: None) -> None:
    html = table()
    assert "No data is loaded yet" in html
    assert "load_articles" in html


def test_generated_data_is_a_fact(articles: list[Article]) -> None:
    DataSet.objects.create(source="generated", rows=3, generated=True)
    assert query(FIRST, Timings())[1]["generated"] is True


def test_what_is_kept_of_a_table_is_plain_compressed_and_named(articles: list[Article]) -> None:
    kept = table_to_cache(FIRST, Timings(), True)
    html = kept.parts[HTML]
    seal = deflate.Seal(**json.loads(json.dumps(kept.facts))["seal"])
    assert gzip.decompress(deflate.join(b"<", kept.parts[DEFLATE], seal, b">")) == b"<" + html + b">"
    again = table_to_cache(FIRST, Timings(), True)
    assert kept.facts["digest"] == again.facts["digest"]
    Article.objects.filter(object_id=3).update(sentence="Another delta.")
    assert kept.facts["digest"] != table_to_cache(FIRST, Timings(), True).facts["digest"]


def test_what_is_not_kept_is_not_compressed(articles: list[Article]) -> None:
    assert table_to_cache(FIRST, Timings(), False).parts.keys() == {HTML}


def test_rows_are_kept_as_json(articles: list[Article]) -> None:
    rows = json.loads(rows_to_cache(FIRST, Timings(), True).parts[JSON])
    assert [row["object_id"] for row in rows] == [3, 7]
    assert rows[0]["sentence"] == "In the Mekong delta."


def test_times_are_charged_to_what_they_went_to(articles: list[Article]) -> None:
    timings = Timings()
    table_to_cache(FIRST, timings, True)
    assert min(timings.ms(kind) for kind in ("db", "render", "cache")) > 0
