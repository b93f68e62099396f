"""The queries and reports: what they answer, at every level, and what can not be asked."""

import re

import pytest
from django.test import Client
from django_redis import get_redis_connection

from covid.models import Article, DataSet
from covid.questions import LONGEST, QUESTIONS, REPORTS, SLOTS, Asked, AskForm, asked_by, read

LEVELS = ("/uncached/", "/rows/", "/cached/")


@pytest.fixture
def months(db: None) -> None:
    """Articles with dates, journals, places, sources and licences, and with none."""
    rows = [
        ("2020-03-01", "Lancet", "Wuhan", "PMC", "cc-by"),
        ("2020-03-29", "Lancet", "Paris", "PMC", "cc0"),
        ("2020-01", "<Cell>", "Wuhan", "WHO", "cc-by"),
        ("2019", "", "", "", ""),
        ("", "Nature", "Wuhan", "PMC", "cc-by"),
    ]
    Article.objects.bulk_create(
        Article(
            object_id=number,
            sentence="A delta.",
            published_date=date,
            journal=journal,
            matched_place=place,
            source=source,
            license=license,
        )
        for number, (date, journal, place, source, license) in enumerate(rows, 1)
    )
    DataSet.objects.create(source="articles.csv", rows=5)


ANSWERS = {
    "months": [("2020-01", 1), ("2020-03", 2)],
    "journals": [("Lancet", 2), ("<Cell>", 1), ("Nature", 1)],
    "places": [("Wuhan", 3), ("Paris", 1)],
    "sources": [("PMC", 3), ("WHO", 1)],
    "licenses": [("cc-by", 3), ("cc0", 1)],
}


@pytest.mark.parametrize("question", REPORTS, ids=lambda question: question.name)
def test_a_report_is_the_same_at_every_level(client: Client, months: None, question) -> None:
    expected = [(label.replace("<", "&lt;").replace(">", "&gt;"), n) for label, n in ANSWERS[question.name]]
    for address in (*LEVELS, "/cached/"):
        html = client.get(address, {"query": question.name}).content.decode()
        shown = re.findall(r'<th scope="row">(.*?)</th><td data-value="(\d+)">', html)
        assert [(label, int(count)) for label, count in shown] == expected
        assert "GROUP BY" in html
        assert 'class="plot"' in html


@pytest.mark.django_db(transaction=True)  # the FULLTEXT index knows what is committed
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("delta", [3, 7]),
        ("delt", []),
        ("mekong delta", [3]),
        ("delta mekong", []),
        ('" or "', []),
        ("+delta -mekong", []),
        ("(", []),
        ("*", []),
    ],
)
def test_the_index_finds_whole_words_in_their_order(
    articles: list[Article], words: str, found: list[int]
) -> None:
    assert [row.object_id for row in Article.objects.matching(words)] == found


@pytest.mark.django_db(transaction=True)
def test_the_index_and_the_scan_show_the_same_rows_and_their_own_sql(
    client: Client, articles: list[Article]
) -> None:
    pages = {
        name: client.get("/uncached/", {"query": name, "word": "delta"}).content.decode()
        for name in ("sentences", "fulltext")
    }
    tables = [re.search(r"<table.*</table>", html, re.DOTALL).group() for html in pages.values()]
    assert tables[0] == tables[1]
    assert "MATCH (`covid_article`.`sentence`) AGAINST (" in pages["fulltext"]
    assert "LIKE" in pages["sentences"]


def test_a_word_and_rows_from_the_form(client: Client, articles: list[Article]) -> None:
    Article.objects.bulk_create(Article(object_id=n, sentence=f"Mekong {n}.") for n in range(100, 130))
    for address in LEVELS:
        for _ in range(2):
            html = client.get(address, {"word": " MeKong ", "rows": "20"}).content.decode()
            assert html.count("<mark>Mekong</mark>") == 20
            assert "there may be others" in html
            assert 'value="mekong"' in html
            assert re.search(r'<option value="20"\s+selected', html)
    answer = client.get("/cached/?query=sentences&word=mekong&rows=20")
    assert answer.headers["X-Cache"] == "hit"
    assert 'href="/rows/?query=sentences&amp;word=mekong&amp;rows=20"' in answer.content.decode()
    html = client.get("/cached/", {"word": "nowhere"}).content.decode()
    assert "No sentence contains “<bdi>nowhere</bdi>”" in html


@pytest.mark.parametrize("word", ["दिल्ली", "دلتا", "三角洲", "δέλτα", "ДЕЛЬТА"])
def test_words_in_other_scripts(client: Client, articles: list[Article], word: str) -> None:
    Article.objects.filter(object_id=5).update(sentence=f"… {word} …")
    html = client.get("/cached/", {"word": word}).content.decode()
    assert re.search(f"<mark>{word}</mark>", html)


@pytest.mark.parametrize(
    "parameters",
    [
        {"word": "x"},
        {"word": "x" * 41},
        {"word": "a\x07b"},
        {"word": "a\x00b"},
        {"rows": "21"},
        {"rows": "-1"},
        {"rows": "500 OR 1"},
        {"query": "passwords"},
    ],
)
@pytest.mark.parametrize("address", [*LEVELS, "/cached/table/", "/compare/"])
def test_what_cant_be_asked_is_said_and_kept_nowhere(
    client: Client, articles: list[Article], address: str, parameters: dict[str, str]
) -> None:
    before = get_redis_connection().dbsize()
    answer = client.get(address, parameters)
    assert answer.status_code == 400
    assert "be asked</h1>" in answer.content.decode()
    assert 'class="text-danger' in answer.content.decode()
    assert get_redis_connection().dbsize() == before


def test_any_number_of_words_takes_no_more_than_its_places(client: Client, articles: list[Article]) -> None:
    client.get("/cached/")
    for number in range(SLOTS * 2):
        assert client.get("/cached/", {"word": f"word{number}"}).headers["X-Cache"] == "miss"
    connection = get_redis_connection()
    lasting = [key for key in connection.scan_iter("covid:*") if b"done" not in key]
    assert len(lasting) <= 3 * (SLOTS + 1) + 1  # a header and two parts for each place; and the generation
    assert client.get("/cached/").headers["X-Cache"] == "hit"


def test_words_that_share_a_place_are_not_mixed_up(client: Client, articles: list[Article]) -> None:
    first = Asked(QUESTIONS["sentences"], "mekong", 500)
    number = next(
        n
        for n in range(100_000)
        if Asked(first.question, f"w{n}", 500).entry("table").split()[0] == first.entry("table").split()[0]
    )
    for _ in range(2):
        assert "1 row<" in client.get("/cached/", {"word": "mekong"}).content.decode()
        assert "0 rows<" in client.get("/cached/", {"word": f"w{number}"}).content.decode()


def test_the_same_question_is_one_however_it_is_written() -> None:
    asked = [asked_by(text) for text in ("word=Mekong", "word=mekong+&x=1", "rows=500&word=MEKONG&query=")]
    assert len(set(asked)) == 1
    assert asked_by("") == asked_by("x=y") == read({})
    assert asked_by("x" * (LONGEST + 1)) is None
    assert isinstance(read({"rows": "x"}), AskForm)


def test_the_reports_page_leads_to_each_at_every_level(client: Client, db: None) -> None:
    html = client.get("/reports/").content.decode()
    for question in REPORTS:
        for address in LEVELS:
            assert f'href="{address}?query={question.name}"' in html
    assert 'href="/uncached/?query=fulltext&amp;word=delta&amp;rows=500"' in html


@pytest.mark.parametrize("question", QUESTIONS)
def test_before_any_load_each_says_so(client: Client, db: None, question: str) -> None:
    assert "No data is loaded yet" in client.get("/cached/", {"query": question}).content.decode()
