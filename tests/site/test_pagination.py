"""Every row is on one page, whichever way one goes; and counts are bounded."""

from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from covid import pagination
from covid.models import Article
from covid.pagination import LAST, Order, Page

DATES = ("", "", "2019", "2020", "2020", "2020-01-01", "2020-01-01", "2020-05-31", "2020-06-01", "c. 2021:1")
ORDERS = [Order(by_date, descending) for by_date in (False, True) for descending in (False, True)]


@pytest.fixture
def ten(transactional_db: None) -> None:  # ANALYZE commits
    """Ten articles whose ids and dates are not in the same order."""
    numbers = (70, 10, 30, 90, 20, 80, 40, 60, 100, 50)
    Article.objects.bulk_create(
        [
            Article(object_id=number, published_date=date, sentence=f"sentence {number % 20}")
            for number, date in zip(numbers, DATES, strict=True)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE covid_article")


def page(order: Order, place: str = "", size: int = 3) -> Page:
    return order.page(Article.objects.all(), place, size)


def ids(page: Page) -> list[int]:
    return [article.object_id for article in page.rows]


def in_order(order: Order) -> list[int]:
    return list(Article.objects.order_by(*order.names).values_list("pk", flat=True))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
def test_forth_and_back_again(ten: None, order: Order, size: int) -> None:
    forth = [page(order, "", size)]
    while forth[-1].next:
        forth.append(page(order, forth[-1].next, size))
    assert [number for each in forth for number in ids(each)] == in_order(order)
    assert forth[0].previous == ""
    for before, after in pairwise(forth):
        assert ids(page(order, after.previous, size)) == ids(before)


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_page_is_full(ten: None, order: Order) -> None:
    last = page(order, LAST)
    assert ids(last) == in_order(order)[-3:]
    assert last.next == ""
    assert ids(page(order, last.previous)) == in_order(order)[-6:-3]
    assert ids(page(order, LAST, size=20)) == in_order(order)
    assert page(order, LAST, size=20).previous == ""


@pytest.mark.parametrize(
    ("order", "key", "found"),
    [
        (Order(), "40", [40, 50, 60]),
        (Order(), "41", [50, 60, 70]),
        (Order(descending=True), "45", [40, 30, 20]),
        (Order(by_date=True), "2020", [20, 90, 40]),
        (Order(by_date=True), "2020-01-01", [40, 80, 60]),
        (Order(by_date=True), "2020-02", [60, 100, 50]),
        (Order(by_date=True, descending=True), "2020", [100, 60, 80]),
        (Order(by_date=True, descending=True), "2020-05", [60, 80, 40]),
    ],
)
def test_a_page_begins_at_any_key(ten: None, order: Order, key: str, found: list[int]) -> None:
    assert ids(page(order, key)) == found


def test_before_the_third_row_comes_a_whole_first_page(ten: None) -> None:
    assert ids(page(Order(), "before:30")) == [10, 20, 30]
    assert page(Order(), "1").previous == ""


def test_past_the_end_there_is_a_way_back(ten: None) -> None:
    past = page(Order(), "500")
    assert (ids(past), past.next) == ([], "")
    assert ids(page(Order(), past.previous)) == [80, 90, 100]


@pytest.mark.parametrize("place", ["x", "after:", "after:x", "-1", "9" * 11, "2020", "0x10", "\u0661"])
def test_what_is_no_place_is_the_first_page(ten: None, place: str) -> None:
    assert ids(page(Order(), place)) in ([10, 20, 30], [])
    assert ids(page(Order(by_date=True), "20-20")) == [10, 70, 30]


def test_an_empty_table_has_one_page(db: None) -> None:
    for place in ("", LAST, "5", "after:5", "before:5"):
        assert page(Order(), place) == Page([], "", "")


def test_no_page_sorts(transactional_db: None) -> None:
    """Of so many rows that MySQL gains something by going along an index."""
    Article.objects.bulk_create(
        [
            Article(object_id=number, source=f"s{number % 4}", published_date=f"{1990 + number * 7 % 30}")
            for number in range(1, 3001)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE covid_article")
    with CaptureQueriesContext(connection) as queries:
        for order in ORDERS:
            key = "2000:20" if order.by_date else "20"
            rows = Article.objects.filter(source="s1") if order.by_date else Article.objects.all()
            for place in ("", LAST, key, f"after:{key}", f"before:{key}"):
                assert order.page(rows, place, 3).rows
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            assert "filesort" not in str(cursor.fetchall())


def test_small_counts_are_exact(ten: None) -> None:
    assert pagination.count(Article.objects.order_by("pk")) == (10, "")
    assert pagination.count(Article.objects.filter(sentence="sentence 10")) == (5, "")
    assert pagination.count(Article.objects.none()) == (0, "")


def test_large_counts_are_bounded_or_estimated(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 4)
    assert pagination.count(Article.objects.filter(object_id__gt=10)) == (4, "more than")
    assert pagination.count(Article.objects.filter(object_id__lt=40)) == (3, "")
    number, about = pagination.count(Article.objects.all())
    assert about == "about"
    assert 4 <= number <= 20
