"""What a user gets wrong is one clear line and exit status 2, before anything is made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
NO_CREDENTIALS = {
    "PATH": os.environ["PATH"],
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def deploy(*words, **environment):
    return subprocess.run(
        [sys.executable, "deploy.py", *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=NO_CREDENTIALS | environment,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("words", "environment", "says"),
    [
        (("--region", "us-east-1"), {}, "no AWS credentials"),
        (("--region", "nowhere-1"), CREDENTIALS, "not one that boto3 knows"),
        ((), CREDENTIALS, "no region"),
        (("--cidr", "10.0.0.1/16"), CREDENTIALS, "write 10.0.0.0/16"),
        (("--name", "Not_A_Name"), CREDENTIALS, "lower-case"),
        (("--profile", "nobody"), {}, "nobody"),
        (("--config", "nowhere.toml"), {}, "can't read nowhere.toml"),
        (("--local", "--region", "us-east-1"), {}, "exclude each other"),
    ],
)
def test_one_line_and_status_2(words, environment, says):
    done = deploy("create", "--yes", *words, **environment)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_an_unreachable_endpoint_is_named():
    endpoint = f"http://127.0.0.1:{free_port()}"
    done = deploy("create", "--yes", "--region", "us-east-1", AWS_ENDPOINT_URL=endpoint, **CREDENTIALS)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"deploy.py: can't reach {endpoint}/"]


def test_every_command_has_help():
    for command in (
        "create",
        "teardown",
        "sweep",
        "plan",
        "status",
        "outputs",
        "logs",
        "connect",
        "admin",
        "bench",
    ):
        done = deploy(command, "--help")
        assert done.returncode == 0
        assert "--local" in done.stdout


def test_without_local_the_emulator_is_not_even_imported():
    """AWS is reached with requirements.txt alone, and at once."""
    heavy = "{'moto', 'supervisor', 'trustme', 'flask'}"
    looking = f"import sys, cli.main; print({heavy} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", looking], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"


def test_the_policy_is_json_and_needs_no_credentials():
    done = deploy("policy", "--name", "trial", "--region", "eu-west-1", "--account", "123456789012")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert "arn:aws:rds:eu-west-1:123456789012:db:trial-database" in json.dumps(document)
