"""The instance's own address, from a metadata service like EC2's."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.metadata import public_addresses
from local.metadata import MetadataService
from local.servers import free_port

NAME = "INSTANCE_METADATA"


@pytest.fixture
def facts() -> dict[str, str]:
    return {"public-ipv4": "203.0.113.7"}


@pytest.fixture(autouse=True)
def service(facts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[MetadataService]:
    running = MetadataService(lambda: facts)
    monkeypatch.setenv(NAME, running.url)
    yield running
    running.close()


def test_the_address_is_that_of_now(facts: dict[str, str]) -> None:
    assert public_addresses(NAME) == ["203.0.113.7"]
    facts["public-ipv4"] = "203.0.113.8"
    assert public_addresses(NAME) == ["203.0.113.8"]


def test_an_instance_without_one(facts: dict[str, str]) -> None:
    facts.clear()
    assert public_addresses(NAME) == []


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME)
    assert public_addresses(NAME) == []


@pytest.mark.parametrize("service", ["http://127.0.0.1:%d", "not an address"])
def test_a_service_that_does_not_answer(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, service.replace("%d", str(free_port())))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}: .* does not answer"):
        public_addresses(NAME)
