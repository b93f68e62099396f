"""/healthz tells the state of the parts, to whoever asks."""

import pytest
from django.conf import settings as site_settings
from django.test import Client

from covid.models import Article
from tests.site.conftest import OwnRedis


def test_all_is_well(client: Client, articles: list[Article], settings) -> None:
    settings.RELEASE = "abc123"
    response = client.get("/healthz")
    health = response.json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert (health["status"], health["rows"], health["release"]) == ("ok", 3, "abc123")
    assert health["database"]["version"].startswith(("MariaDB ", "MySQL "))
    assert health["cache"]["version"].startswith(("Redis ", "Valkey "))


@pytest.mark.parametrize("host", ["10.0.0.7", "anything.example:8008", "[::1]", "bad_host!"])
def test_any_host_may_ask(client: Client, db: None, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).json()["rows"] == 0


def test_without_the_cache_it_is_degraded(client: Client, own_redis: OwnRedis, db: None) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["cache"] == {
        "status": "out",
        "reason": "ConnectionError",
        "outages": 1,
        "failures": 1,
        "refusals": 0,
    }
    assert client.get("/healthz").json()["cache"]["refusals"] == 1


def test_nothing_secret_is_told(client: Client, db: None) -> None:
    said = client.get("/healthz").content.decode()
    for secret in (
        site_settings.SECRET_KEY,
        site_settings.ADMIN_PASSWORD,
        site_settings.DATABASES["default"]["PASSWORD"],
        site_settings.CACHES["default"]["OPTIONS"]["PASSWORD"],
    ):
        assert secret not in said
