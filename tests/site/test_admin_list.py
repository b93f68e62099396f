"""The admin's list of articles: its pages, orders, filters and actions."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from covid import admin as covid_admin
from covid import filters
from covid.models import Article

LIST = "/admin/covid/article/"
DATES = ("2019-07-01", "2020", "2020-05-05", "", "2021-01-01")


@pytest.fixture
def many(db: None) -> list[Article]:
    """125 articles in all sources, licences and journals."""
    made = [
        Article(
            object_id=number,
            sentence=f"Sentence {number}.",
            source="PMC" if number % 2 else "WHO",
            license="cc0" if number % 5 else "cc-by",
            journal=("Lancet", "Lancet & Sons", "Nature", "")[number % 4],
            published_date=DATES[number % len(DATES)],
        )
        for number in range(1, 126)
    ]
    return Article.objects.bulk_create(made)


def ids(response) -> list[int]:
    assert response.status_code == 200
    return [
        int(number) for number in re.findall(r"/article/(\d+)/change/[^>]*>\d", response.content.decode())
    ]


def links(response) -> dict[str, str]:
    """The page's links by their texts."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>([^<]+)</a>', response.content.decode())
    return {html.unescape(text): html.unescape(address) for address, text in found}


def walk(admin: Client, response, name: str) -> list[int]:
    """The ids of this page and of all that follow by the links of that name."""
    found = ids(response)
    while name in links(response):
        response = admin.get(LIST + links(response)[name])
        found = found + ids(response) if name == "Next" else ids(response) + found
    return found


def test_each_article_is_on_one_page(admin: Client, many: list[Article]) -> None:
    first = admin.get(LIST)
    assert ids(first) == list(range(1, 51))
    assert "125 articles" in first.content.decode()
    assert not {"First", "Previous"} & set(links(first))
    assert walk(admin, first, "Next") == list(range(1, 126))
    last = admin.get(LIST + links(first)["Last"])
    assert ids(last) == list(range(76, 126))
    assert not {"Next", "Last"} & set(links(last))
    back = walk(admin, last, "Previous")  # whose first page is whole, and holds rows of the second again
    assert back[50:] == list(range(26, 126))
    assert back[:50] == list(range(1, 51))
    assert ids(admin.get(LIST + links(last)["First"])) == list(range(1, 51))


def test_one_can_begin_anywhere(admin: Client, many: list[Article]) -> None:
    assert "Begin at OBJECTID" in admin.get(LIST).content.decode()
    assert ids(admin.get(LIST, {"p": "100"})) == list(range(100, 126))
    assert "Begin at date" in admin.get(LIST, {"o": "6"}).content.decode()
    assert ids(admin.get(LIST, {"o": "6", "p": "2021"})) == list(range(4, 126, 5))


@pytest.mark.parametrize("place", ["1", "0", "-1", "x", "after:", "99999999999", "\0", "last:1"])
def test_an_odd_place_is_a_page_too(admin: Client, many: list[Article], place: str) -> None:
    assert ids(admin.get(LIST, {"p": place})) == list(range(1, 51))


def test_by_id_or_by_date_forth_and_back(admin: Client, many: list[Article]) -> None:
    by_id, by_date = [
        list(Article.objects.order_by(*columns).values_list("pk", flat=True))
        for columns in (["pk"], ["published_date", "pk"])
    ]
    for order, wanted in (("1", by_id), ("-1", by_id[::-1]), ("6", by_date), ("-6", by_date[::-1])):
        assert walk(admin, admin.get(LIST, {"o": order}), "Next") == wanted
    assert ids(admin.get(LIST, {"o": "3.x"})) == by_id[:50]


FILTERS = [
    ({"source": "PMC"}, lambda each: each.source == "PMC"),
    ({"license": "cc-by"}, lambda each: each.license == "cc-by"),
    ({"journal": "Lancet"}, lambda each: each.journal == "Lancet"),
    ({"year": "2020"}, lambda each: each.published_date.startswith("2020")),
    ({"year": "none"}, lambda each: not each.published_date),
    ({"year": "20"}, lambda each: False),
    ({"source": "PMC", "license": "cc0"}, lambda each: each.source == "PMC" and each.license == "cc0"),
    (
        {"source": "WHO", "license": "cc0", "journal": "Nature", "year": "2020"},
        lambda each: (
            each.source == "WHO"
            and each.license == "cc0"
            and each.journal == "Nature"
            and each.published_date.startswith("2020")
        ),
    ),
]


@pytest.mark.parametrize(("chosen", "fits"), FILTERS)
def test_filters(admin: Client, many: list[Article], chosen: dict[str, str], fits) -> None:
    wanted = sorted(filter(fits, many), key=lambda each: (each.published_date, each.object_id))
    response = admin.get(LIST, chosen)
    assert walk(admin, response, "Next") == [each.object_id for each in wanted]
    assert re.search(rf"\b{len(wanted)} articles?\b", response.content.decode())


def test_what_can_be_chosen(admin: Client, many: list[Article], monkeypatch: pytest.MonkeyPatch) -> None:
    found = links(admin.get(LIST, {"o": "-6"}))
    for name, address in {
        "PMC": "?o=-6&source=PMC",
        "cc-by": "?license=cc-by&o=-6",
        "2021": "?o=-6&year=2021",
        "No date": "?o=-6&year=none",
        "Lancet & Sons": "?journal=Lancet+%26+Sons&o=-6",
    }.items():
        assert found[name] == address
    assert [name for name in found if re.fullmatch("[0-9]{4}", name)] == ["2021", "2020", "2019"]
    monkeypatch.setattr(filters, "MOST_CHOICES", 1)
    assert "2020" not in links(admin.get(LIST))


def test_journals_are_offered_by_their_beginning(admin: Client, many: list[Article]) -> None:
    response = admin.get(LIST, {"journal": "lan", "source": "PMC"})
    assert ids(response) == []
    assert {"Lancet", "Lancet & Sons"} <= set(links(response))
    assert "Nature" not in links(response)
    assert ids(admin.get(LIST + links(response)["Lancet & Sons"])) == [
        each.object_id
        for each in sorted(many, key=lambda each: (each.published_date, each.object_id))
        if each.journal == "Lancet & Sons" and each.source == "PMC"
    ]
    assert '<input type="hidden" name="source" value="PMC">' in response.content.decode()


def test_nothing_else_filters(admin: Client, many: list[Article]) -> None:
    for name in ("title__icontains", "abstract__regex", "sentence", "object_id__gt", "_facets"):
        response = admin.get(LIST, {name: "1"})
        assert response.status_code in (302, 400) or ids(response) == list(range(1, 51))


def test_no_request_reads_without_a_bound(admin: Client, many: list[Article]) -> None:
    with CaptureQueriesContext(connection) as queries:
        for parameters in ({}, {"p": "last"}, {"o": "-6"}, {"source": "PMC"}, {"q": " "}, {"q": "sentence"}):
            admin.get(LIST, parameters)
    about = [query["sql"] for query in queries if "`covid_article`" in query["sql"]]
    assert about
    for sql in about:
        assert "`abstract`" not in sql
        assert "OFFSET" not in sql
        assert "LIMIT" in sql or sql.startswith("EXPLAIN")


def post(admin: Client, action: str, chosen: list[int], query: str = "", **more: str):
    data = {"action": action, "_selected_action": [str(number) for number in chosen], "index": "0"}
    return admin.post(LIST + query, data | more)


def test_the_chosen_articles_are_exported(admin: Client, many: list[Article]) -> None:
    response = post(admin, "export", [7, 100, 3])
    assert response.headers["Content-Disposition"] == 'attachment; filename="articles.csv"'
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["OBJECTID", "3", "7", "100"]


def test_all_that_the_list_finds_are_exported(admin: Client, many: list[Article]) -> None:
    response = post(admin, "export", [1], "?source=PMC&q=sentence&p=last", select_across="1")
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {str(number) for number in range(1, 126, 2)}


def test_a_few_are_deleted_and_too_many_are_not(
    admin: Client, many: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covid_admin, "DELETED_AT_ONCE", 124)
    refused = post(admin, "delete_selected", [1], select_across="1")
    assert refused.status_code == 302
    assert "At most 124 articles can be deleted at once." in admin.get(LIST).content.decode()
    asked = post(admin, "delete_selected", [1], "?source=WHO", select_across="1")
    assert asked.content.decode().count('name="_selected_action"') == 62
    assert Article.objects.count() == 125
    post(admin, "delete_selected", [2, 4], post="yes")
    assert Article.objects.count() == 123
