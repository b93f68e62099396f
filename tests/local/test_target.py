"""Starting, finding and ending a region, whatever a predecessor has left in the way."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import leftovers, target
from local.servers import CannotStart
from local.supervision import Supervisor
from tests.local.processes import programs

Eventually = Callable[[Callable[[], bool]], None]
PROJECT = Path(__file__).resolve().parents[2]
SUPERVISOR, API = "supervisor.supervisord", "local.region"


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    var = tmp_path / "a var"  # with a space in it, as directories of people have
    yield var
    target.stop(var)
    assert leftovers.processes(var / "local") == []


def rds(region: target.Target) -> Any:
    return boto3.client(
        "rds",
        endpoint_url=region.endpoint_url,
        region_name=region.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def create_database(region: target.Target) -> None:
    rds(region).create_db_instance(
        DBInstanceIdentifier="demo",
        DBInstanceClass="db.t3.medium",
        Engine="mysql",
        DBName="covid",
        MasterUsername="admin",
        MasterUserPassword="secret-secret",
        AllocatedStorage=20,
    )


def test_a_region_outlives_the_command_that_starts_it(var: Path) -> None:
    script = f"from pathlib import Path; from local import target; target.start(Path({str(var)!r}), print)"
    # Its output is a pipe that must come to its end, as in `make demo | cat`.
    started = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (started.returncode, started.stderr) == (0, "")
    found = target.find(var)
    assert found is not None
    assert found.settings["ca_url"] == (var / "local/ca.pem").as_uri()
    assert target.start(var, pytest.fail) == found
    assert rds(found).describe_db_instances()["DBInstances"] == []
    assert os.getsid(programs(var)[SUPERVISOR]) != os.getsid(0)

    target.stop(var)

    assert target.find(var) is None
    assert leftovers.processes(var / "local") == []
    assert list(var.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(found.endpoint_url.rpartition(":")[2])))


def test_stopping_what_is_not_there_is_harmless(var: Path) -> None:
    target.stop(var)
    var.mkdir()
    target.stop(var)
    assert list(var.iterdir()) == []


def test_a_killed_supervisor_leaves_orphans_that_the_next_start_ends(
    var: Path, eventually: Eventually
) -> None:
    first = target.start(var, lambda line: None)
    create_database(first)
    eventually(lambda: "mariadbd" in programs(var))
    before = programs(var)
    os.kill(before[SUPERVISOR], signal.SIGKILL)
    eventually(lambda: SUPERVISOR not in programs(var))
    assert target.find(var) is None

    said: list[str] = []
    second = target.start(var, said.append)

    assert [line for line in said if "dead" in line and "starting anew" in line]
    assert not set(before.values()) & set(programs(var).values())
    assert set(programs(var)) == {SUPERVISOR, API}
    assert rds(second).describe_db_instances()["DBInstances"] == []


def test_a_stale_directory_is_no_obstacle(var: Path) -> None:
    target.start(var, lambda line: None)
    # As after a crash of the machine: every file is there, no process is.
    shutil.copytree(var / "local", var / "copy")
    target.stop(var)
    (var / "copy").rename(var / "local")

    said: list[str] = []
    assert target.start(var, said.append)
    assert "ending 0 processes" in said[0]


def test_an_api_that_crashed_comes_back_empty_and_ends_what_it_had_started(
    var: Path, eventually: Eventually
) -> None:
    region = target.start(var, lambda line: None)
    create_database(region)
    eventually(lambda: "mariadbd" in programs(var))
    crashed = programs(var)[API]
    os.kill(crashed, signal.SIGKILL)
    eventually(lambda: programs(var).get(API) not in (None, crashed))
    assert target.find(var) == region
    assert rds(region).describe_db_instances()["DBInstances"] == []
    assert "mariadbd" not in programs(var)
    assert Supervisor(var / "local").names() == ["aws"]
    assert list((var / "local").glob("database-*")) == []


def test_a_taken_port_is_told_and_another_one_remembered(var: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        said: list[str] = []
        started = target.start(var, said.append, site_port=taken)
        assert said == [f"port {taken} is taken: the site will be on 127.0.0.1:{started.settings['port']}"]
        assert started.settings["port"] != taken
    assert target.find(var) == started


def test_others_processes_are_not_touched(var: Path) -> None:
    target.start(var, lambda line: None)
    # It names the directory and sits in it, but the region has not started it.
    with subprocess.Popen(["tail", "-f", str(var / "local/aws.log")], cwd=var / "local") as bystander:
        target.stop(var)
        assert bystander.poll() is None
        bystander.terminate()


def test_a_server_that_is_not_installed_is_named(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "NEEDED", (("no-such-server",),))
    with pytest.raises(CannotStart, match="no-such-server is not installed: `make packages` installs it"):
        target.start(var, lambda line: None)
    assert not var.exists()


def test_a_database_that_cannot_start_is_failed_and_deletable(var: Path, eventually: Eventually) -> None:
    region = target.start(var, lambda line: None)
    # A file where its directory must be.
    (var / "local/database-demo").write_text("")
    create_database(region)
    eventually(lambda: rds(region).describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "failed")
    rds(region).delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)
    eventually(lambda: rds(region).describe_db_instances()["DBInstances"] == [])
