"""What the admin's search finds: the same by reading the rows as by the FULLTEXT index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from covid import search
from covid.models import Article

pytestmark = pytest.mark.django_db(transaction=True)  # the index knows what is committed

SENTENCES = {
    1: "The Delta variant spreads in Munich.",
    2: "A river delta in China's south, with a variant.",
    3: "Patients in Málaga with B.1.617.2 (delta variant).",
    4: "Inpatients and COVID-19 in 武汉大学.",
    5: "यह हिन्दी शब्द है",
    6: "100% of patients_x were well.",
}


@pytest.fixture(autouse=True)
def articles() -> None:
    """Six rows, and others around them that fill the sample."""
    Article.objects.bulk_create(
        [
            Article(object_id=number, sentence=text, doi=f"10.1000/x{number}")
            for number, text in SENTENCES.items()
        ]
        + [Article(object_id=number, sentence=f"common filler {number}") for number in range(1000, 1060)]
    )


@pytest.fixture(params=["index", "rows"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The table counts as large, so that rare words are asked of the index; or as small."""
    monkeypatch.setattr(search, "SAMPLE", 30 if request.param == "index" else 1000)
    return request.param


def found(text: str) -> list[int]:
    rows = search.search(Article.objects.order_by("pk"), text)
    return [article.pk for article in rows if article.pk < 1000]


def asked(text: str) -> str:
    with CaptureQueriesContext(connection) as queries:
        found(text)
    return queries.captured_queries[-1]["sql"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("delta", [1, 2, 3]),
        ("DELTA variant", [1, 2, 3]),
        ('"delta variant"', [1, 3]),
        ('"delta variant" munich', [1]),
        ("malaga", [3]),
        ("b.1.617.2", [3]),
        ("covid-19", [4]),
        ("china's", [2]),
        ("vari", [1, 2, 3]),
        ("हिन्दी", [5]),
        ("武汉大学", [4]),
        ("absentword", []),
        ("delta absentword", []),
        ('"', [1, 2, 3, 4, 5, 6]),
        ("  ", [1, 2, 3, 4, 5, 6]),
        ("common delta", []),
        ("100%", [6]),
        ("patients_x", [6]),
        ("+delta* -variant ~(x)", []),
        ("delta' OR 1=1 --", []),
        ("\\", []),
        ("\0", []),
        ("delta " * 1000, [1, 2, 3]),
        ("3", [3]),
        ("0000000003", [3]),
        ("99999", []),
        ("9999999999", []),
        ("10.1000/x2", [2]),
        ("https://doi.org/10.1000/X4", [4]),
        ("doi: 10.1000/x4", [4]),
    ],
)
def test_found(way: str, text: str, numbers: list[int]) -> None:
    assert found(text) == numbers


def test_rare_words_are_asked_of_the_index(way: str) -> None:
    assert ("MATCH" in asked("munich")) == (way == "index")
    assert "MATCH" not in asked("common")
    assert "MATCH" not in asked("  ")


def test_of_common_and_rare_words_the_index_knows_the_rare_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SAMPLE", 30)
    assert "AGAINST ('+munich*' IN" in asked("common munich")
    monkeypatch.setattr(search, "COMMON", 2)
    assert "AGAINST ('+munich* +river*' IN" in asked("munich river")


def test_a_rare_word_inside_another_is_only_found_by_reading(way: str) -> None:
    assert found("patients") == ([3, 6] if way == "index" else [3, 4, 6])


def test_words_too_short_for_the_index_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SAMPLE", 30)
    assert found("zq") == []
    assert found("mu ni") == []
