"""What comes after the first boot: the script again, lost power, a crash, a new release, a wrong archive."""

import shutil
from pathlib import Path

import pytest

from local.waiting import until
from tests.boot.conftest import ROWS
from tests.boot.host import Host
from tests.boot.image import ROOT

pytestmark = pytest.mark.usefixtures("first_boot")

TIMEOUT = 120  # seconds for what usually takes a few


def test_run_again_it_ends_the_same(host: Host, user_data: str) -> None:
    files, loads = host.files(), host.loads()
    again = host.boot(user_data)
    assert again.log.endswith("boot: done\n"), again.log[-2000:]
    assert again.status == 0
    assert again.files == files
    assert host.loads() == loads
    assert host.answers()


def test_comes_up_by_itself_when_the_machine_restarts(host: Host) -> None:
    loads = host.loads()
    host.machine.cut_off()
    assert not host.answers()
    host.machine.start()
    assert until(host.answers, TIMEOUT)
    assert host.loads() == loads


def test_comes_back_when_its_master_is_killed(host: Host) -> None:
    master, *_ = host.processes()
    host.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", host.unit)
    assert until(lambda: host.unit_says("MainPID") not in (master, "0") and host.answers(), TIMEOUT)


@pytest.fixture
def new_code(scratch: Path) -> Path:
    code = scratch / "new-code"
    shutil.copytree(ROOT / "site", code / "site", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "requirements.txt"):
        shutil.copy(ROOT / name, code)
    with (code / "site/config/urls.py").open("a") as file:
        file.write("\n# A new release.\n")
    return code


def test_a_new_release_replaces_the_one_before_unless_its_archive_is_wrong(
    host: Host, new_code: Path
) -> None:
    before = host.health()["release"]
    loads = host.loads()
    script, archive = host.around.user_data(new_code)
    assert archive.sha256 != before
    s3 = host.around.cloud.s3
    (bucket,) = (each["Name"] for each in s3.list_buckets()["Buckets"])
    key = next(
        each["Key"]
        for each in s3.all("list_objects_v2", "Contents", Bucket=bucket)
        if archive.sha256 in each["Key"]
    )
    s3.put_object(Bucket=bucket, Key=key, Body=archive.content + b"tampered with")

    refused = host.boot(script)
    assert refused.status != 0
    assert "boot: failed at archive\n" in refused.log
    assert "boot: done" not in refused.log
    assert host.health()["release"] == before

    s3.put_object(Bucket=bucket, Key=key, Body=archive.content)
    taken = host.boot(script)
    assert taken.log.endswith("boot: done\n"), taken.log[-2000:]
    health = host.health()
    assert (health["release"], health["rows"]) == (archive.sha256, ROWS)
    assert host.loads() == loads
