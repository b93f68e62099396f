"""The library against an emulated AWS in this process, as strict as the real one, on a clock of its own."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import moto.core.responses
import pytest
from moto import mock_aws
from moto.core.utils import method_names_from_class

from local.gaps import fill_gaps
from provisioner.archive import Archive
from provisioner.aws import Cloud
from provisioner.blueprint import django_site
from provisioner.config import Config
from provisioner.model import Stack
from provisioner.preflight import prepare
from tests.provisioner.recording import WHOLE, record
from tests.strict_aws import StrictAws
from tests.strict_aws.layer import READS, REGION, Wiring

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What looks back at all other tests comes after them."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    files = {item.path for item in items}
    selected = config.option.keyword or any("::" in each for each in config.args)
    config.stash[WHOLE] = not selected and files >= set(HERE.glob("test_*.py"))


@dataclass
class Clock:
    """Seconds that pass only when somebody waits."""

    now: float = 0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Aws:
    """An account of its own, its clock, its rules, and the calls that were made to it."""

    session: boto3.Session
    clock: Clock
    strict: StrictAws
    calls: list[str] = field(default_factory=list)

    def cloud(self, stack: str = "covid") -> Cloud:
        return Cloud(self.session, stack, clock=self.clock, pause=self.clock.pause)

    def mutating(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(READS)]


@pytest.fixture(scope="session")
def wiring() -> Wiring:
    """One session for all tests: reading boto3's descriptions of its services takes seconds."""
    # moto lists a class's methods at each call.
    moto.core.responses.method_names_from_class = functools.cache(method_names_from_class)
    return Wiring(boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION))


@pytest.fixture
def aws(wiring: Wiring) -> Iterator[Aws]:
    fill_gaps()
    clock = Clock()
    strict = StrictAws(clock)
    account = Aws(wiring.session, clock, strict)
    strict.faults.append(lambda call: account.calls.append(call.operation))
    strict.faults.append(record)
    with mock_aws():
        wiring.aws = strict
        yield account
        wiring.aws = None


@pytest.fixture
def site(aws: Aws) -> Callable[..., tuple[Stack, Cloud]]:
    """The one-host stack of a configuration, and its cloud."""

    def make(archive: bytes = b"archive", force: bool = False, **choices: object) -> tuple[Stack, Cloud]:
        config = Config(**choices)  # type: ignore[arg-type]  # options by name, as a user gives them
        cloud = aws.cloud(config.name)
        zones = prepare(config, cloud).zones
        return django_site(config, cloud, zones, Archive(archive), force=force), cloud

    return make


@pytest.fixture
def covid(aws: Aws) -> tuple[Stack, Cloud]:
    """A stack with all that it can have, of which nothing is there, and its cloud."""
    cloud = aws.cloud("covid")
    return django_site(Config(nat=True), cloud, ("us-east-1a", "us-east-1b"), Archive(b"")), cloud
