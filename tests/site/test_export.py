"""Articles as CSV: what comes out can be loaded again, is no formula, and takes little memory."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from covid import export
from covid.export import csv_response
from covid.loading.columns import NAMES
from covid.models import Article
from tests.site.loading.conftest import folder, stored  # noqa: F401

ODD = 'Commas, "quotes",\nlines and 武汉, \\ too'


def text(rows) -> str:
    return b"".join(csv_response(rows).streaming_content).decode("utf-8-sig")


def lines(rows) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(rows), newline="")))


@pytest.mark.parametrize("order", [["pk"], ["-published_date", "-pk"]])
def test_every_column_of_every_article_in_the_lists_order(
    db: None, monkeypatch: pytest.MonkeyPatch, order: list[str]
) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    names = [field.attname for field in Article._meta.concrete_fields]
    for number in range(5):
        values = {name: f"{name} {number} {ODD}" for name in names}
        Article.objects.create(**values | {"object_id": number, "published_date": str(2000 + number % 2)})
    header, *rows = lines(Article.objects.order_by(*order))
    assert header == list(NAMES)
    assert rows == [[str(value) for value in row] for row in Article.objects.order_by(*order).values_list()]


def test_nothing_is_a_header_alone(db: None) -> None:
    assert lines(Article.objects.order_by("pk")) == [list(NAMES)]


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_a_text_is_no_formula(db: None, value: str) -> None:
    Article.objects.create(object_id=1, sentence=value, title="a = b", journal=value)
    row = dict(zip(NAMES, lines(Article.objects.order_by("pk"))[1], strict=True))
    assert (row["Sentence"], row["Journal"], row["Title"]) == (f"'{value}", f"'{value}", "a = b")


@pytest.mark.django_db(transaction=True)
def test_what_was_exported_can_be_loaded(folder: Path) -> None:  # noqa: F811
    call_command("load_articles", "--generate=300", stdout=io.StringIO())
    before = stored()
    path = folder / "exported.csv"
    path.write_bytes(b"".join(csv_response(Article.objects.order_by("pk")).streaming_content))
    call_command("load_articles", str(path), stdout=io.StringIO())
    assert stored() == before


def test_memory_does_not_grow_with_the_rows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 20)
    Article.objects.bulk_create(
        [Article(object_id=number, sentence="x", abstract="word " * 2000) for number in range(1000)]
    )
    rows = Article.objects.order_by("pk")
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection):
            size = sum(map(len, csv_response(rows).streaming_content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 10_000_000
    assert peak < 3_000_000
