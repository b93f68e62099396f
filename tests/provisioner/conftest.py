"""The library against an emulated AWS in this process, with a clock that does not wait."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import boto3
import pytest
from moto import mock_aws

from local.gaps import fill_gaps
from provisioner.archive import Archive
from provisioner.aws import Cloud
from provisioner.blueprint import django_site
from provisioner.config import Config
from provisioner.model import Stack
from provisioner.preflight import choose_zones

REGION = "us-east-1"
READS = ("Describe", "Get", "List", "Head")


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
    """An account of its own, and the calls that were made to it."""

    session: boto3.Session
    calls: list[str] = field(default_factory=list)

    def cloud(self, stack: str = "covid") -> Cloud:
        clock = Clock()
        return Cloud(self.session, stack, clock=clock, pause=clock.pause)

    def mutating(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(READS)]


@pytest.fixture
def aws() -> Iterator[Aws]:
    fill_gaps()
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        account = Aws(session)
        session.events.register("before-call.*.*", lambda model, **_: account.calls.append(model.name))
        yield account


@pytest.fixture
def site(aws: Aws) -> Callable[..., tuple[Stack, Cloud]]:
    """The one-host stack of a configuration, and its cloud."""

    def make(archive: bytes = b"archive", **choices: object) -> tuple[Stack, Cloud]:
        config = Config(**choices)  # type: ignore[arg-type]  # options by name, as a user gives them
        cloud = aws.cloud(config.name)
        return django_site(config, cloud, choose_zones(config, cloud), Archive(archive)), cloud

    return make
