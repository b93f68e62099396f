"""Logs of a host are read on without losing or doubling a line, however much comes at once."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.target import Target
from provisioner.aws import Cloud
from provisioner.errors import Failed
from provisioner.logs import BOOT_FILE, BootLog, Log, SiteLog
from provisioner.model import Found

Eventually = Callable[[Callable[[], bool]], None]
USER_DATA = "#!/bin/bash\necho 'boot: packages'\n"


@pytest.fixture
def host(cloud: Cloud, var: Path, eventually: Eventually) -> Found:
    image = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1}
    (made,) = cloud.ec2.run_instances(**image, UserData=USER_DATA)["Instances"]
    found = Found(made["InstanceId"], {})
    eventually(lambda: console(var, found).exists() and bool(console(var, found).read_text()))
    return found


def directory(var: Path, host: Found) -> Path:
    return var / "local" / f"host-{host.id}"


def console(var: Path, host: Found) -> Path:
    return directory(var, host) / "boot.log"


def journal(var: Path, host: Found) -> Path:
    return directory(var, host) / "demo-site.service.log"


def write(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


def all_of(log: Log) -> list[str]:
    """Everything up to now, page by page."""
    texts: list[str] = []
    more = True
    while more:
        lines, more = log.read()
        texts += [line.text for line in lines]
    return texts


def noise(count: int) -> list[str]:
    """Lines that hardly shrink when packed."""
    chance = random.Random(count)
    return [f"{number} {chance.randbytes(60).hex()}" for number in range(count)]


def test_the_site_is_read_from_its_last_lines_on(cloud: Cloud, host: Found, var: Path) -> None:
    write(journal(var, host), "one", "two", "three")
    log = SiteLog(host, cloud, 2)
    assert all_of(log) == ["two", "three"]
    assert all_of(log) == []
    write(journal(var, host), "four")
    with journal(var, host).open("a") as file:
        file.write("half a l")
    assert all_of(log) == ["four"]
    write(journal(var, host), "ine")
    assert all_of(log) == ["half a line"]


def test_no_line_is_lost_or_doubled_when_more_comes_than_fits(cloud: Cloud, host: Found, var: Path) -> None:
    lines = noise(3000)
    write(journal(var, host), *lines[:1000])
    log = SiteLog(host, cloud, 900)
    first, more = log.read()
    assert more
    write(journal(var, host), *lines[1000:])
    assert [line.text for line in first] + all_of(log) == lines[100:]


def test_where_nothing_was_written_yet_nothing_that_comes_is_skipped(
    cloud: Cloud, host: Found, var: Path
) -> None:
    log = SiteLog(host, cloud, 2)
    assert all_of(log) == []
    write(journal(var, host), "one", "two", "three")
    assert all_of(log) == ["one", "two", "three"]


def test_a_journal_that_begins_anew_is_read_anew(cloud: Cloud, host: Found, var: Path) -> None:
    write(journal(var, host), "a long line of before")
    log = SiteLog(host, cloud, 10)
    assert all_of(log) == ["a long line of before"]
    journal(var, host).write_text("new\n")
    assert all_of(log) == ["new"]


def test_the_boot_is_read_from_the_console_as_it_grows(cloud: Cloud, host: Found, var: Path) -> None:
    write(console(var, host), "boot: account", "\x1b[31mred\x1b[0m\r")
    log = BootLog(host, cloud, 2)
    assert all_of(log) == ["boot: account", "red"]
    assert all_of(log) == []
    with console(var, host).open("a") as file:
        file.write("boot: arch")
    assert all_of(log) == []
    write(console(var, host), "ive", "boot: done")
    assert all_of(log) == ["boot: archive", "boot: done"]


def test_a_boot_that_the_console_has_forgotten_is_read_from_the_hosts_file(
    cloud: Cloud, host: Found, var: Path
) -> None:
    console(var, host).write_text("login:\n")
    assert all_of(BootLog(host, cloud, 10)) == ["login:"]
    lines = ["boot: packages", *noise(1000), "x" * 2_100_000, "boot: done"]
    file = directory(var, host) / "root" / BOOT_FILE.removeprefix("/")
    write(file, *lines)
    log = BootLog(host, cloud, 5000)
    texts = all_of(log)
    assert texts[:1001] == lines[:1001]
    assert "".join(texts[1001:-1]) == lines[-2]  # in pieces, none of it lost
    assert texts[-1] == "boot: done"
    write(file, "later")
    assert all_of(log) == ["later"]
    assert all_of(BootLog(host, cloud, 2)) == ["boot: done", "later"]


def test_a_host_without_an_agent_is_one_line(region: Target, cloud: Cloud) -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    patient = Cloud(
        cloud.session, "demo", endpoint_url=region.endpoint_url, clock=lambda: now[0], pause=pause
    )
    with pytest.raises(Failed) as caught:
        SiteLog(Found("i-0123456789abcdef0", {}), patient, 5).read()
    assert "i-0123456789abcdef0 is not reached by Systems Manager" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_journal_that_cannot_be_read_says_why(cloud: Cloud, host: Found, monkeypatch: Any) -> None:
    log = SiteLog(host, cloud, 5)
    monkeypatch.setattr(log, "_from", "--no-such-option")
    with pytest.raises(Failed, match="unrecognized arguments: --no-such-option"):
        log.read()
