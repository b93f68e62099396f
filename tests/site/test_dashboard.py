"""The cache page: this site's numbers and the whole server's, in every state of the cache."""

import json

import pytest
import redis
from django.conf import settings as site_settings
from django.test import Client
from django_redis import get_redis_connection

from covid import inspection
from covid.caching import cache
from covid.models import Article
from covid.tally import Tally, tally
from local.servers import MariaDB, running
from tests.site.conftest import OwnRedis, point_cache_at
from tests.site.serving import Gunicorn
from tests.site.test_views import text


@pytest.fixture(autouse=True)
def own_tally(monkeypatch: pytest.MonkeyPatch) -> Tally:
    """Counts that start at nothing."""
    fresh = Tally()
    for name, value in vars(fresh).items():
        monkeypatch.setattr(tally, name, value)
    return fresh


def facts(client: Client) -> dict:
    return client.get("/cache/?format=json").json()


def test_before_the_first_read(client: Client, db: None) -> None:
    html = text(client.get("/cache/"))
    assert "nothing read yet" in html
    assert "the first cached read" in html
    assert "None since" in html


def test_reads_are_counted_by_how_they_were_answered(client: Client, articles: list[Article]) -> None:
    for _ in range(4):
        client.get("/cached/")
    told = facts(client)
    assert told["counts"] == {"hit": 3, "miss": 1, "stale": 0, "bypass": 0}
    assert (told["reads"], told["hit_rate"]) == (4, 75)
    assert "<strong>75.0 %</strong> of 4 reads" in text(client.get("/cache/"))
    assert "75.0 %" in text(client.get("/"))


def test_the_keys_of_this_site_are_told_from_others(client: Client, articles: list[Article]) -> None:
    client.get("/cached/")
    client.get("/rows/?word=wuhan")
    others = {f"other:{number}": "x" for number in range(50)}
    get_redis_connection().mset(others)
    told = facts(client)
    assert told["server"]["keys"] == told["holdings"]["keys"] + len(others)
    assert 1000 < told["holdings"]["memory"] < told["server"]["memory"]
    assert told["holdings"]["complete"]
    kinds = {kind["name"]: kind for kind in told["holdings"]["kinds"]}
    assert list(kinds) == ["rows of sentences", "table of sentences"]
    assert kinds["table of sentences"]["fresh"] == 1
    assert 50 < kinds["table of sentences"]["soonest"] <= 66
    html = text(client.get("/cache/"))
    assert "wuhan" not in html  # what visitors looked for is their own


def test_a_clear_begins_a_generation_and_what_was_held_is_outdated(
    client: Client, articles: list[Article]
) -> None:
    client.get("/cached/")
    before = facts(client)["holdings"]
    assert client.post("/cache/clear/").status_code == 302
    after = facts(client)["holdings"]
    assert before["generation"] != after["generation"]
    assert (after["kinds"][0]["fresh"], after["kinds"][0]["outdated"]) == (0, 1)


def test_the_page_asks_no_database(client: Client, db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert client.get("/cache/").headers["Cache-Control"] == "private, no-store"


def test_with_the_cache_out_it_says_why(client: Client, own_redis: OwnRedis, articles: list[Article]) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    client.get("/cached/")
    html = text(client.get("/cache/"))
    assert "The cache is out." in html
    assert "<strong>Open</strong>, because of ConnectionError" in html
    told = facts(client)
    assert (told["server"], told["holdings"], told["out"]) == (None, None, True)
    assert told["breaker"]["reason"] == "ConnectionError"
    assert told["breaker"]["retry_in"] <= 5
    (error,) = told["errors"]
    assert (error["kind"], "connection was cut" in error["what"]) == ("ConnectionError", True)


@pytest.mark.parametrize(
    ("refused", "said"),
    [("info", "it refuses INFO"), ("scan", "refuses SCAN"), ("memory|usage", "refuses MEMORY USAGE")],
)
def test_what_the_server_refuses_is_said_and_no_outage(
    client: Client, own_redis: OwnRedis, settings, articles: list[Article], refused: str, said: str
) -> None:
    with redis.Redis(port=own_redis.server.port, password="own") as admin:
        admin.execute_command("ACL", "SETUSER", "default", f"-{refused}")
        client.get("/cached/")
        html = text(client.get("/cache/"))
        assert said in html
        assert client.get("/").status_code == 200
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.get("/cached/").headers["X-Cache"] == "hit"
    assert cache.breaker.closed


def test_a_look_is_bounded_whatever_the_server_holds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SCAN", 10)
    monkeypatch.setattr(inspection, "SCANS", 3)
    monkeypatch.setattr(inspection, "SAMPLE", 4)
    connection = get_redis_connection()
    connection.mset({f"covid:other:{number}": "x" * 100 for number in range(500)})
    told = inspection.holdings(connection)
    assert not told.complete
    assert 1 <= told.keys < 500
    assert told.sampled
    assert told.keys * 100 < told.memory < told.keys * 400


def test_no_secret_is_told(client: Client, own_redis: OwnRedis, settings, articles: list[Article]) -> None:
    point_cache_at(settings, own_redis.server.port, "wrong-password")
    client.get("/cached/")
    said = client.get("/cache/").content.decode() + json.dumps(facts(client)) + text(client.get("/"))
    assert "refused our password" in said
    for secret in (
        site_settings.SECRET_KEY,
        site_settings.ADMIN_PASSWORD,
        site_settings.DATABASES["default"]["PASSWORD"],
        "wrong-password",
    ):
        assert secret not in said


def test_all_workers_count_together(database: MariaDB, site: Gunicorn) -> None:
    with running(database), running(site):
        outcomes = [site.get("/cached/")[1]["X-Cache"] for _ in range(60)]
        told = [json.loads(site.get("/cache/?format=json")[2])["counts"] for _ in range(6)]
    assert told == [{name: outcomes.count(name) for name in ("hit", "miss", "stale", "bypass")}] * 6
