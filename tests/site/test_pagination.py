"""Counts are exact while they are cheap, and bounded beyond."""

import pytest
from django.db import connection

from covid import pagination
from covid.models import Article
from covid.pagination import BoundedPaginator


@pytest.fixture
def ten(transactional_db: None) -> None:  # ANALYZE commits
    Article.objects.bulk_create([Article(object_id=n, sentence=f"sentence {n % 2}") for n in range(10)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE covid_article")


def count(rows) -> int:
    return BoundedPaginator(rows.order_by("object_id"), 3).count


def test_small_counts_are_exact(ten: None) -> None:
    assert count(Article.objects.all()) == 10
    assert count(Article.objects.filter(sentence="sentence 1")) == 5
    assert count(Article.objects.none()) == 0


def test_a_large_search_is_counted_up_to_the_limit(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 4)
    paginator = BoundedPaginator(Article.objects.filter(sentence__contains="s").order_by("pk"), 3)
    assert (paginator.count, paginator.num_pages) == (4, 2)
    assert count(Article.objects.filter(object_id__lt=4)) == 4


def test_a_large_table_is_estimated(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 4)
    assert 4 <= count(Article.objects.all()) <= 20
