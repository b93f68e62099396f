"""The library against an emulated AWS in this process, as strict as the real one, on a clock of its own."""

import functools
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
from tests.provisioner.recording import (
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    record,
)
from tests.strict_aws import StrictAws
from tests.strict_aws.layer import READS, REGION, Wiring

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]


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
    """One session for all tests, and one client of each service: making them takes longer than most tests."""
    # moto lists a class's methods at each call.
    moto.core.responses.method_names_from_class = functools.cache(method_names_from_class)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    wiring = Wiring(session)
    make, clients = session.client, {}

    def client(name: str, **options: object) -> object:
        if name not in clients:
            clients[name] = make(name, **options)
        return clients[name]

    session.client = client
    # All work is computation in a few threads: let them change places, and the collector come by, less often.
    sys.setswitchinterval(0.1)
    gc.set_threshold(200_000, 50, 100)
    return wiring


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
