"""Ctrl-C: the first one drains, unlocks and says how to go on; the second one waits for nobody."""

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import pytest
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local.gaps import fill_gaps
from provisioner.aws import Cloud
from provisioner.lock import NAME

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
HELD = b"Action=CreateDBInstance&"
"""The call that is in flight when the signal comes."""


class Gate:
    """A WSGI application that holds one kind of call until it is opened."""

    def __init__(self, application):
        self.application = application
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if HELD in body:
            self.reached.set()
            self.opened.wait(60)
        return self.application(environ, start_response)


@pytest.fixture
def gate():
    fill_gaps()
    BackendDict.reset()
    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True)
    gate.endpoint = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield gate
    gate.opened.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(gate):
    """Start a command against the emulated AWS; it is ended with the test."""
    processes = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "deploy.py", *words, "--region", REGION],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": gate.endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            },
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture
def cloud(gate):
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return Cloud(session, "covid", endpoint_url=gate.endpoint)


CREATE = ("create", "--yes", "--no-wait")


def held(cloud):
    """Does anybody hold the stack's lock?"""
    return bool(cloud.ssm.get_parameters(Names=[f"/covid/{NAME}"])["Parameters"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_one_lets_the_running_call_end_and_begins_nothing_new(gate, run, cloud, number):
    process = run(*CREATE)
    assert gate.reached.wait(60)
    process.send_signal(number)
    assert process.stderr.readline() == "\n"
    assert "running calls end first" in process.stderr.readline()
    gate.opened.set()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    resume = f"python deploy.py {' '.join(CREATE)} --region {REGION}"
    assert told.splitlines() == [f"deploy.py: stopped; nothing is lost: `{resume}` goes on"]
    assert len(cloud.rds.describe_db_instances()["DBInstances"]) == 1
    assert cloud.ec2.describe_instances()["Reservations"] == []
    assert not held(cloud)
    again = run(*CREATE)
    out, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert "taken over" not in out
    assert len(cloud.ec2.describe_instances()["Reservations"]) == 1


def test_the_second_one_stops_at_once_and_the_next_run_takes_over(gate, run, cloud):
    process = run(*CREATE)
    assert gate.reached.wait(60)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    assert "Ctrl-C again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)  # the call is still held
    assert process.returncode == 130
    assert "stopped at once; `python deploy.py create" in told
    assert held(cloud)
    gate.opened.set()
    again = run(*CREATE)
    out, _ = again.communicate(timeout=90)
    assert again.returncode == 0
    assert "taken over from" in out
    assert len(cloud.rds.describe_db_instances()["DBInstances"]) == 1
    assert len(cloud.ec2.describe_instances()["Reservations"]) == 1
    assert not held(cloud)


def test_a_second_runner_is_told_who_holds_the_stack_since_when(gate, run):
    first = run(*CREATE)
    assert gate.reached.wait(60)
    second = run(*CREATE)
    _, told = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"process {first.pid}) since 2" in told
    assert len(told.splitlines()) == 1
    gate.opened.set()
    first.communicate(timeout=60)
    assert first.returncode == 0
