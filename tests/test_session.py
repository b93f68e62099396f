"""The ways to a host, with the tools that lead there and without them."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli import session
from provisioner.errors import Unreachable

ROOT = Path(__file__).resolve().parents[1]
FORWARD = session.port_forward("i-0123", 8009, 9000, "eu-west-1", "work")
SHELL = session.shell("i-0123", "eu-west-1", None)


def tool(folder, name, script="exit 0"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def becoming(words, path):
    """A process that ends as the session, with the tools of one folder only."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from cli import session; session.become({words!r})"],
        cwd=ROOT,
        env={"PATH": str(path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_words_are_those_of_the_aws_command_line():
    assert SHELL == ["aws", "ssm", "start-session", "--target", "i-0123", "--region", "eu-west-1"]
    assert FORWARD[:7] == SHELL
    assert FORWARD[7:9] == ["--profile", "work"]
    assert "portNumber=8009,localPortNumber=9000" in FORWARD


@pytest.mark.parametrize("words", [FORWARD, SHELL])
def test_it_ends_as_what_leads_there(tmp_path, words):
    tool(tmp_path, "session-manager-plugin")
    tool(tmp_path, "aws", 'echo "$@"; exit 3')
    process = becoming(words, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert said.split() == words[1:]


def test_a_signal_is_the_sessions_own(tmp_path):
    tool(tmp_path, "session-manager-plugin")
    tool(tmp_path, "aws", "trap 'echo got it; exit 0' INT; echo ready; while :; do :; done")
    process = becoming(SHELL, tmp_path)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "got it\n")


@pytest.mark.parametrize("there", [(), ("aws",), ("session-manager-plugin",)])
def test_a_missing_tool_is_named_with_where_to_get_it_and_the_command(tmp_path, monkeypatch, there):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in there:
        tool(tmp_path, name)
    with pytest.raises(Unreachable) as caught:
        session.become(FORWARD)
    said = str(caught.value)
    assert (session.CLI in said) == ("aws" not in there)
    assert (session.PLUGIN in said) == ("session-manager-plugin" not in there)
    assert "aws ssm start-session --target i-0123" in said
    assert "\n" not in said
