"""Looking after a stack that stands on this machine: status, logs, connect, and what a failed boot shows."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local.leftovers import processes
from tests.checkout import Checkout, checked_out, made_up_rows

REGION = "us-east-1"
CREATE = ("create", "--yes", "--articles", "articles.csv")
BROKEN = "there-is-no-such-package==1.0"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Iterator[Checkout]:
    with checked_out(tmp_path_factory.mktemp("checkout")) as copy:
        made_up_rows(copy.path / "articles.csv")
        yield copy


@pytest.fixture(scope="module")
def failed(checkout):
    """How the first `create` ended, with a requirement that nobody has."""
    file = checkout.path / "requirements.txt"
    whole = file.read_text()
    file.write_text(f"{whole}{BROKEN}\n")
    done = checkout.run(*CREATE)
    file.write_text(whole)
    return done


@pytest.fixture(scope="module")
def stands(checkout, failed):
    """The same stack, mended by the next `create`."""
    checkout.deploy(*CREATE)
    return checkout


@pytest.fixture(scope="module")
def endpoint(stands):
    port = json.loads((stands.path / "var/local/ports.json").read_text())["api"]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def on_aws(stands, endpoint):
    """Run a command that takes the emulated region for AWS itself, on a machine without any tool."""
    environment = {
        "PATH": "/nowhere",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }

    def run(*words):
        return subprocess.run(
            [sys.executable, "deploy.py", *words],
            cwd=stands.path,
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
        )

    return run


def running(checkout, program):
    """The numbers of the stack's processes whose command line names the program."""
    return [
        number
        for number in processes(checkout.path / "var/local")
        if program in Path(f"/proc/{number}/cmdline").read_bytes()
    ]


def health(checkout):
    done = checkout.run("status", "--json")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {each["part"]: each for each in objects if each["event"] == "health"}


def test_a_failed_boot_shows_its_step_its_end_and_where_to_look_further(failed):
    assert failed.returncode == 1
    first, *log, further = failed.stderr.splitlines()
    assert "is not serving, its boot failed at environment" in first
    assert any(BROKEN in line for line in log)
    assert log[-1] == "boot: failed at environment"
    assert "`python deploy.py logs boot --local`" in further
    assert "`python deploy.py connect --local`" in further
    assert "boot: failed at environment" in failed.stdout


def test_status_is_well_with_the_release_of_this_checkout(stands):
    status, parts = health(stands)
    assert status == 0
    assert {name: part["state"] for name, part in parts.items()} == dict.fromkeys(parts, "ok")
    assert parts.keys() == {"site", "database", "cache"}
    assert parts["site"]["current"] is True
    assert "50 rows" in parts["database"]["detail"]


def test_status_tells_a_release_that_is_not_this_checkouts_and_is_well_all_the_same(stands):
    file = stands.path / "site/covid/health.py"
    whole = file.read_text()
    file.write_text(f"{whole}# changed\n")
    status, parts = health(stands)
    file.write_text(whole)
    assert (status, parts["site"]["current"]) == (0, False)
    assert "`create` brings it" in parts["site"]["detail"]


def test_status_of_a_stack_without_its_cache_is_1_and_says_why(stands):
    (cache,) = running(stands, b"redis-server")
    os.kill(cache, signal.SIGSTOP)
    try:
        status, parts = health(stands)
    finally:
        os.kill(cache, signal.SIGCONT)
    assert (status, parts["site"]["state"]) == (1, "degraded")
    assert (parts["cache"]["state"], parts["cache"]["detail"]) == ("out", "TimeoutError")


def test_logs_are_the_sites_or_the_boots_as_many_lines_as_asked_for(stands):
    site = stands.run("logs")
    assert site.returncode == 0
    assert "Booting worker" in site.stdout
    boot = stands.run("logs", "boot", "--lines", "1", "--json")
    assert json.loads(boot.stdout) == {
        "event": "log",
        "log": "boot",
        "time": None,
        "text": "boot: failed at environment",
    }


def test_logs_end_silently_with_who_reads_them(stands):
    command = f"{sys.executable} deploy.py logs boot --local | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=stands.path, capture_output=True, text=True, check=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("boot: packages\n", "")


def test_following_goes_on_until_ctrl_c(stands):
    with subprocess.Popen(
        [sys.executable, "deploy.py", "logs", "--local", "--follow", "--lines", "1"],
        cwd=stands.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as follower:
        try:
            assert follower.stdout.readline()
            (log,) = (stands.path / "var/local").glob("host-*/covid-site.service.log")
            with log.open("a") as file:
                file.write("said later\n")
            assert follower.stdout.readline() == "said later\n"
            follower.send_signal(signal.SIGINT)
            assert follower.communicate(timeout=60) == ("", "")
            assert follower.returncode == 0
        finally:
            follower.kill()


def test_connect_on_this_machine_is_a_shell_among_the_hosts_files_or_in_a_pipe_their_place(stands):
    done = stands.run("connect")
    (root,) = (stands.path / "var/local").glob("host-*/root")
    assert (done.returncode, done.stdout) == (0, f"{root}\n")

    main, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "deploy.py", "connect", "--local"],
        cwd=stands.path,
        stdin=end,
        stdout=end,
        stderr=end,
        env=os.environ | {"SHELL": "/bin/sh", "AWS_PROFILE": "mine"},
        start_new_session=True,
    ) as shell:
        os.close(end)
        os.write(
            main, b'echo "at $PWD, profile ${AWS_PROFILE-none}"; systemctl is-active covid-site; exit 5\n'
        )
        said = b""
        while piece := _read(main):
            said += piece
        assert shell.wait(60) == 5
    os.close(main)
    assert f"at {root}, profile none\r\nactive\r\n".encode() in said


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_on_aws_connect_and_admin_say_which_tools_are_missing(on_aws):
    for command, word in (("connect", "--region"), ("admin", "AWS-StartPortForwardingSession")):
        done = on_aws(command)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "install the AWS CLI (https://" in line
        assert "its Session Manager plug-in (https://" in line
        assert "aws ssm start-session --target i-" in line
        assert word in line


def test_without_a_stack_each_says_so(on_aws):
    for command in ("connect", "logs", "admin"):
        done = on_aws(command, "--name", "another")
        assert done.returncode == 1
        assert done.stderr == "deploy.py: stack 'another' has no host: `create` makes it\n"
    done = on_aws("status", "--name", "another")
    assert done.returncode == 1
    assert done.stdout.endswith("stack 'another' is not there: `create` makes it\n")


def test_a_site_that_does_not_answer_is_asked_on_its_host(stands):
    group = running(stands, b"config.wsgi")
    for number in group:
        os.kill(number, signal.SIGSTOP)
    try:
        status, parts = health(stands)
    finally:
        for number in group:
            os.kill(number, signal.SIGCONT)
    assert group
    assert (status, parts["site"]["state"]) == (1, "no answer")
    assert "does not answer here: timed out; nor on the host" in parts["site"]["detail"]


def test_a_host_that_is_stopped_is_told_with_how_to_start_it(on_aws, endpoint):
    status = on_aws("status", "--json")
    objects = [json.loads(line) for line in status.stdout.splitlines()]
    ids = {each["resource"]: each["id"] for each in objects if each["event"] == "status"}
    ec2 = boto3.client(
        "ec2",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    ec2.stop_instances(InstanceIds=[ids["host"]])
    done = on_aws("connect")
    assert done.returncode == 1
    assert f"host: {ids['host']} is stopped: start it: aws ec2 start-instances" in done.stderr
    assert len(done.stderr.splitlines()) == 1
