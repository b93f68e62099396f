"""Hosts in sandboxes; they, and the regions that they boot against, end with the tests."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.boot.cloud import surroundings
from tests.boot.host import Boot, Host, articles
from tests.boot.image import KEPT, ROOT, image
from tests.boot.machine import Machine

ROWS = 20_000


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """These tests' own directory, gone afterwards."""
    directory = ROOT / "var/tests" / f"boot-{os.getpid()}"
    directory.mkdir(parents=True)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="package")
def new_host(scratch: Path) -> Iterator[Callable[[], Host]]:
    """Makes a clean machine, switched on, beside a region of its own."""
    data = articles(scratch, ROWS)
    numbers = itertools.count(1)
    with contextlib.ExitStack() as ends:

        def new_host() -> Host:
            name = f"boot-{os.getpid()}-{next(numbers)}"
            around = ends.enter_context(surroundings(scratch / f"{name}-region", data))
            machine = Machine(scratch / name, image(), KEPT)
            ends.callback(machine.discard)
            host = Host(machine, around)
            host.switch_on()
            return host

        yield new_host


@pytest.fixture(scope="package")
def host(new_host: Callable[[], Host]) -> Host:
    return new_host()


@pytest.fixture(scope="package")
def user_data(host: Host) -> str:
    script, _ = host.around.user_data(ROOT)
    return script


@pytest.fixture(scope="package")
def first_boot(host: Host, user_data: str) -> Boot:
    """The first run on a clean machine."""
    return host.boot(user_data)
