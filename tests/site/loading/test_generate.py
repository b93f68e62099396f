"""Made-up rows look like real ones."""

from collections import Counter
from statistics import mean

import pytest

from covid.loading.columns import NAMES, Row, fault
from tests.site.loading.conftest import made_up

COUNT = 20_000


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return made_up(COUNT)


def column(rows: list[Row], name: str) -> list[str]:
    return [row[NAMES.index(name)] for row in rows]


def test_a_seed_makes_the_same_rows_every_time() -> None:
    assert made_up(300, seed=5) == made_up(300, seed=5)
    assert made_up(300, seed=5) != made_up(300, seed=6)
    assert made_up(300, seed=5) == made_up(900, seed=5)[:300]


def test_all_of_them_can_be_stored(rows: list[Row]) -> None:
    assert len(rows) == COUNT
    assert not any(map(fault, rows))
    assert [int(number) for number in column(rows, "OBJECTID")] == list(range(1, COUNT + 1))


@pytest.mark.parametrize(
    ("name", "average", "longest"),
    [("Sentence", 196, 800), ("Abstract", 1842, 13_600), ("Title", 112, 1240), ("Authors", 98, 12_919)],
)
def test_texts_are_as_long_as_real_ones(rows: list[Row], name: str, average: int, longest: int) -> None:
    lengths = [len(text) for text in column(rows, name) if text]
    assert mean(lengths) == pytest.approx(average, rel=0.15)
    assert max(lengths) <= longest


@pytest.mark.parametrize(
    ("name", "share"), [("Journal", 0.37), ("DOI", 0.13), ("PublishedDate", 0.04), ("Sentence", 0)]
)
def test_as_many_values_are_missing(rows: list[Row], name: str, share: float) -> None:
    assert column(rows, name).count("") / COUNT == pytest.approx(share, abs=0.03)


def test_places_are_as_skewed(rows: list[Row]) -> None:
    counts = [count for _, count in Counter(column(rows, "MatchedPlace")).most_common()]
    assert sum(counts[:10]) / COUNT == pytest.approx(0.43, abs=0.02)
    assert sum(counts[:100]) / COUNT == pytest.approx(0.80, abs=0.02)


def test_articles_sentences_and_deltas_are_as_frequent(rows: list[Row]) -> None:
    sentences = set(column(rows, "Sentence"))
    assert COUNT / len(sentences) == pytest.approx(1.4, rel=0.1)
    assert COUNT / len(set(column(rows, "Title"))) == pytest.approx(2.5, rel=0.15)
    assert 6 <= sum("delta" in sentence.lower() for sentence in sentences) <= 32
    assert sum(not "".join(row).isascii() for row in rows) / COUNT == pytest.approx(0.35, abs=0.04)


def test_dates_are_whole_or_years(rows: list[Row]) -> None:
    lengths = Counter(map(len, column(rows, "PublishedDate")))
    assert lengths[10] / COUNT == pytest.approx(0.71, abs=0.03)
    assert lengths[4] / COUNT == pytest.approx(0.25, abs=0.03)


def test_a_sentence_names_its_place(rows: list[Row]) -> None:
    places, sentences = column(rows, "PossiblePlace"), column(rows, "Sentence")
    assert all(place in sentence for place, sentence in zip(places, sentences, strict=True))
