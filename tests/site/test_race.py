"""The race: its arithmetic, the page without JavaScript, JSON, the command, and its bounds."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from covid import race
from covid.answers import Outcome
from covid.models import Article
from covid.questions import FIRST
from covid.race import Sample, in_words, percentile, result
from local.waiting import until

# The racers have connections of their own, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3], 0.5, 3), ([1, 2], 0.5, 1), ([3, 1, 2], 0.5, 2), (range(1, 101), 0.95, 95), ([5, 1], 0.95, 5)],
)
def test_percentiles_are_values_that_were_measured(values, share: float, expected: float) -> None:
    assert percentile(list(values), share) == expected


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (37.4, "37 times faster"),
        (1.25, "1.2 times faster"),
        (1.04, "equally fast"),
        (0.97, "equally fast"),
        (0.5, "2.0 times slower"),
    ],
)
def test_the_ratio_in_words(ratio: float, words: str) -> None:
    assert in_words(ratio) == words


def test_the_breakdown_is_the_median_pages_own() -> None:
    samples = [
        Sample(lane, total, {"db": total - 1}, Outcome.HIT, 0.0)
        for lane, totals in {"uncached": (30, 10, 20), "cached": (2, 4, 3)}.items()
        for total in totals
    ]
    outcome = result(samples, cold=50.0)
    assert (outcome.lanes["uncached"].p50, outcome.lanes["uncached"].spent) == (20, {"db": 19})
    assert outcome.lanes["cached"].milliseconds == [2, 4, 3]
    assert outcome.ratio == pytest.approx(20 / 3)


def test_a_race_tells_that_the_cache_was_out() -> None:
    def raced(outcome: Outcome) -> race.Result:
        samples = [Sample("uncached", 1, {}, Outcome.BYPASS, 0.0), Sample("cached", 1, {}, outcome, 0.0)]
        return result(samples, cold=1.0)

    assert raced(Outcome.BYPASS).bypassed
    assert not raced(Outcome.HIT).bypassed


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_race_as_json(client: Client, articles: list[Article], concurrency: int) -> None:
    address = f"/compare/?format=json&repetitions=5&concurrency={concurrency}&word=mekong&rows=20"
    answer = client.get(address)
    told = answer.json()
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (told["query"], told["word"], told["rows"], told["repetitions"]) == ("sentences", "mekong", 20, 5)
    for name, lane in told["lanes"].items():
        assert len(lane["ms"]) == 5 * concurrency
        assert min(lane["ms"]) <= lane["p50"] <= lane["p95"] <= max(lane["ms"])
        assert sum(lane["spent"].values()) == pytest.approx(lane["p50"], abs=0.01)
        assert (lane["spent"]["db"] > 0) == (name == "uncached")
    assert told["cold_ms"] > 0
    uncached, cached = (told["lanes"][name]["p50"] for name in ("uncached", "cached"))
    assert told["ratio"] == pytest.approx(uncached / cached, rel=0.02)


def test_the_racers_leave_no_connection(articles: list[Article]) -> None:
    def count() -> int:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'admin'")
            return cursor.fetchone()[0]

    before = count()
    race.run(FIRST, 5, 4)
    assert until(lambda: count() <= before, 10)  # the server notices in its own time


def test_without_javascript_the_form_leads_to_a_result(client: Client, articles: list[Article]) -> None:
    html = client.get("/compare/").content.decode()
    assert 'id="result" hidden' in html
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', html)
    assert names == ["query", "word", "rows", "repetitions", "concurrency"]
    chosen = {"query": "journals", "repetitions": "5", "concurrency": "1"}
    html = client.get("/compare/", chosen).content.decode()
    assert 'id="result" hidden' not in html
    assert re.search(r"The cached page came ([\d.]+ times (faster|slower)|equally fast)\.", html)
    bars, parts = html.count("<rect x="), html.count("<rect class=")
    assert (bars, parts) == (10, 10)  # five pages, and five kinds of work, in two lanes
    for cell in ("uncached.p50", "cached.p95", "uncached.db", "cached.cache", "cached.render"):
        assert re.search(rf'data-cell="{cell}">[\d.]+<', html)
    assert re.search(r'data-cell="cached.network">\u2013<', html)
    assert re.search(r'<option value="journals"\s+selected', html)


@pytest.mark.parametrize("wrong", [{"repetitions": "1000"}, {"concurrency": "64"}, {"repetitions": "x"}])
def test_a_race_has_bounds(client: Client, articles: list[Article], wrong: dict[str, str]) -> None:
    assert client.get("/compare/", {"format": "json"} | wrong).status_code == 400


def test_one_race_at_a_time(client: Client, articles: list[Article]) -> None:
    with race._track:
        for address in ("/compare/?repetitions=5", "/compare/?format=json"):
            answer = client.get(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert "Another race is running" in client.get("/compare/?repetitions=5").content.decode()
        assert client.get("/compare/").status_code == 200
    assert client.get("/compare/?repetitions=5").status_code == 200


def test_the_command_prints_a_table_json_and_a_picture(articles: list[Article], tmp_path: Path) -> None:
    out = StringIO()
    call_command("bench_cache", "--repetitions=5", "--word=mekong", stdout=out)
    assert re.search(r"^uncached +[\d.]+ +[\d.]+", out.getvalue(), re.MULTILINE)
    assert "The cached page came" in out.getvalue()
    out, picture = StringIO(), tmp_path / "bench.svg"
    call_command("bench_cache", "--repetitions=5", "--json", "--svg", str(picture), stdout=out)
    assert len(json.loads(out.getvalue())["lanes"]["cached"]["ms"]) == 5
    assert "<svg" in picture.read_text()
    assert "p95" in picture.read_text()


@pytest.mark.parametrize("wrong", [["--word=x"], ["--repetitions=6"], ["--svg=/nowhere/x.svg"]])
def test_the_command_refuses_in_one_line(articles: list[Article], wrong: list[str]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("bench_cache", "--concurrency=1", *wrong, stdout=StringIO())
    assert "\n" not in str(refusal.value)
    assert wrong[0].partition("=")[0] in str(refusal.value)
