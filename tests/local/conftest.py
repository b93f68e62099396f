"""A region of its own for tests, on free ports and below a temporary directory; nothing of it may stay."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import leftovers, target
from local.waiting import until
from provisioner.aws import Cloud

TIMEOUT = 30  # seconds for what usually takes one or two


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    var = tmp_path_factory.mktemp("var")
    yield var
    target.stop(var)
    assert leftovers.processes(var / "local") == []
    assert list(var.iterdir()) == []


@pytest.fixture(scope="module")
def region(var: Path) -> target.Target:
    return target.start(var, lambda line: None)


@pytest.fixture(scope="module")
def client(region: target.Target) -> Callable[[str], Any]:
    """A boto3 client of the region for a service."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=region.endpoint_url,
            region_name=region.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return client


@pytest.fixture(scope="module")
def cloud(region: target.Target) -> Cloud:
    """The region as the stack `demo` sees it."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region.region)
    return Cloud(session, "demo", endpoint_url=region.endpoint_url)


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Fails unless the condition comes true soon."""

    def eventually(condition: Callable[[], bool]) -> None:
        assert until(condition, TIMEOUT)

    return eventually
