"""A setting that is missing or wrong ends every door to the site in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import REQUIRED
from local.servers import free_port

ROOT = Path(__file__).resolve().parents[2]


def run(command: list[str], **changed: str | None) -> subprocess.CompletedProcess[str]:
    """The command's end, in this run's environment but for the changes; None unsets a variable."""
    environment = dict(os.environ) | {name: value for name, value in changed.items() if value is not None}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    for name, value in changed.items():
        if value is None:
            environment.pop(name, None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def manage(**changed: str | None) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "manage.py", "check"], **changed)


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_complete_environment_is_fine() -> None:
    done = manage()
    assert (done.returncode, done.stderr) == (0, "")


def test_every_missing_variable_is_named() -> None:
    line = only_line(manage(**dict.fromkeys(REQUIRED)))
    assert all(name in line for name in REQUIRED)
    assert only_line(manage(SECRET_KEY=None, CACHE_HOST="")).endswith(": SECRET_KEY, CACHE_HOST")


@pytest.mark.parametrize("port", ["mysql", "0", "65536", "-1", "3.5", "٣"])
def test_a_port_is_a_port(port: str) -> None:
    assert f"DATABASE_PORT must be a port from 1 to 65535, not {port!r}" in only_line(
        manage(DATABASE_PORT=port)
    )


@pytest.mark.parametrize("name", ["DATABASE_CA", "CACHE_CA"])
def test_certificates_that_are_not_there(name: str) -> None:
    line = only_line(manage(**{name: "/no/such.pem"}))
    assert f"{name} names a file that can't be read: /no/such.pem" in line


@pytest.mark.parametrize(
    "hosts",
    ["*", ".amazonaws.com", "*.amazonaws.com", "127.0.0.1,.compute-1.amazonaws.com", "a b", "http://a", "a/"],
)
def test_a_host_is_one_host(hosts: str) -> None:
    line = only_line(manage(ALLOWED_HOSTS=hosts))
    assert f"ALLOWED_HOSTS must list whole host names and addresses, not {hosts.split(',')[-1]!r}" in line


def test_no_host_at_all() -> None:
    assert "ALLOWED_HOSTS lists no host" in only_line(manage(ALLOWED_HOSTS=" , "))


@pytest.mark.parametrize(
    "hosts", ["203.0.113.7,127.0.0.1,localhost", " [::1] , ec2-203-0-113-7.amazonaws.com"]
)
def test_names_and_addresses(hosts: str) -> None:
    assert manage(ALLOWED_HOSTS=hosts).returncode == 0


@pytest.mark.parametrize(
    "proxies", ["*", "0.0.0.0/0", "::/0", "10.0.0.0/8,proxy.example", "10.0.0.1/24", "on"]
)
def test_a_proxy_is_an_address_or_a_network(proxies: str) -> None:
    expected = "TLS_PROXIES must list the addresses or networks of your TLS proxies, not "
    assert expected + repr(proxies.split(",")[-1]) in only_line(manage(TLS_PROXIES=proxies))
    assert expected in only_line(gunicorn(TLS_PROXIES=proxies))


def gunicorn(**changed: str | None) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        *("--chdir", "site", "--config", "site/config/gunicorn.conf.py", "config.wsgi"),
    ]
    return run(command, BIND=f"127.0.0.1:{free_port()}", **changed)


def test_gunicorn_ends_at_once_too() -> None:
    done = gunicorn(SECRET_KEY=None)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "set these environment variables and try again: SECRET_KEY" in done.stderr
