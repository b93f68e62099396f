"""Each page says something sensible when nothing is loaded or found, too much is, or a part is out."""

import re
import signal
import time
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client

from covid.models import Article, DataSet
from covid.queries import ROW_LIMIT
from local.servers import MariaDB, free_port, running
from tests.site.conftest import OwnRedis
from tests.site.serving import Gunicorn
from tests.site.test_views import text

QUERIES = ("/uncached/", "/rows/", "/cached/", "/cached/table/")
PAGES = ("/", "/cache/", "/compare/", *QUERIES)

SCRIPTS = {
    "arabic": "انتشر الفيروس في دلتا النيل",
    "hebrew": "הנגיף התפשט בדלתא",
    "chinese": "病毒在三角洲传播",
    "devanagari": "डेल्टा में फैलाव",
    "emoji": "delta 🦠 variant",
}


@pytest.mark.parametrize("address", PAGES)
def test_no_data_set_yet(client: Client, db: None, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    if address != "/cache/":
        assert "No data is loaded yet" in text(response)


@pytest.mark.parametrize("address", PAGES)
def test_an_empty_table(client: Client, db: None, address: str) -> None:
    DataSet.objects.create(source="empty.csv", rows=0, rejected=4)
    response = client.get(address)
    assert response.status_code == 200
    html = text(response)
    assert "No data is loaded yet" not in html
    if address in QUERIES:
        assert "No sentence contains “<bdi>delta</bdi>”" in html
        assert "0 rows" in html
    if address == "/":
        assert "(4 rejected)" in html


@pytest.mark.parametrize("address", QUERIES)
def test_no_match(client: Client, articles: list[Article], address: str) -> None:
    html = text(client.get(address, {"word": "zebra"}))
    assert "No sentence contains “<bdi>zebra</bdi>”" in html
    assert "<table" not in html


@pytest.mark.parametrize("address", QUERIES)
def test_ten_thousand_matches_give_the_first_and_say_so(client: Client, db: None, address: str) -> None:
    Article.objects.bulk_create(
        [Article(object_id=number, sentence=f"delta {number}") for number in range(1, 10_001)],
        batch_size=1000,
    )
    DataSet.objects.create(source="many.csv", rows=10_000)
    html = text(client.get(address))
    assert html.count("<tr><td") == ROW_LIMIT
    assert f"<td>{ROW_LIMIT}</td>" in html
    assert f"{ROW_LIMIT} rows<" in html
    assert "no more were asked for, so there may be others" in html


@pytest.mark.parametrize("sentence", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("address", QUERIES)
def test_other_scripts_and_directions(client: Client, db: None, sentence: str, address: str) -> None:
    word = sentence.split()[-1][:20]
    Article.objects.create(object_id=1, sentence=sentence, title=sentence, journal=sentence)
    DataSet.objects.create(source="scripts.csv", rows=1)
    html = text(client.get(address, {"word": word}))
    assert f"<mark>{word}</mark>" in html
    assert f"<td>{sentence}</td>" in html  # the title
    assert "1 row<" in html


def test_each_text_has_the_direction_of_its_own_script() -> None:
    styles = Path(finders.find("covid/queries.css")).read_text()
    (rule,) = re.findall(r"\.articles td,\s*\.report th \{([^}]*)\}", styles)
    assert "unicode-bidi: plaintext" in rule
    assert "text-align: start" in rule


@pytest.mark.parametrize("address", PAGES)
def test_the_cache_out(client: Client, own_redis: OwnRedis, articles: list[Article], address: str) -> None:
    client.get(address)
    own_redis.process.kill()
    own_redis.process.wait()
    for _ in range(2):
        response = client.get(address)
        assert response.status_code == 200
        if address in ("/", "/cache/"):
            assert "from the database" in text(response)


@pytest.mark.parametrize("address", ["/", "/cache/"])
def test_a_hung_cache_costs_a_moment_once(
    client: Client, own_redis: OwnRedis, articles: list[Article], address: str
) -> None:
    client.get(address)
    own_redis.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    response = client.get(address)
    assert time.monotonic() - began < 0.6  # 0.3 of them for the cache
    assert "unknown" in text(response)


def test_home_with_the_database_gone(
    client: Client, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", free_port())
    response = client.get("/")
    assert response.status_code == 200
    assert "MySQL does not answer" in text(response)
    assert "unknown while the database is out" in text(response)
    assert "No data is loaded yet" not in text(response)


def test_every_page_with_a_hung_database(database: MariaDB, site: Gunicorn) -> None:
    site.environment["DATABASE_READ_TIMEOUT"] = "1"
    with running(database) as mariadbd, running(site):
        assert [site.get("/cached/")[0] for _ in range(2)] == [200, 200]
        assert "does not answer" not in site.get("/")[2]
        mariadbd.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            status, _, body = site.get("/")
            assert status == 200
            assert "MySQL does not answer" in body
            assert time.monotonic() - began < 6
            assert site.get("/cache/")[0] == 200
            for address in ("/uncached/", "/compare/?repetitions=5"):
                status, _, body = site.get(address)
                assert (status, "The database is out" in body) == (503, True)
            status, headers, body = site.get("/cached/")
            assert (status, headers["X-Cache"]) == (200, "hit")
        finally:
            mariadbd.send_signal(signal.SIGCONT)
        assert "does not answer" not in site.get("/")[2]
    assert "Traceback" not in (site.directory / "server.log").read_text()
