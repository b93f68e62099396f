"""The way to a host's loopback interface, with the tools that lead there and without them."""

import stat

import pytest

from cli import forward
from provisioner.errors import Unreachable

WORDS = forward.command("i-0123", 8009, 9000, "eu-west-1", "work")


def tool(folder, name, script="exit 0"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def only_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_it_runs_what_leads_there(only_path):
    tool(only_path, "session-manager-plugin")
    tool(only_path, "aws", f'echo "$@" >{only_path}/said; exit 3')
    assert forward.run(WORDS) == 3
    assert (only_path / "said").read_text().split() == WORDS[1:]
    assert "portNumber=8009,localPortNumber=9000" in WORDS


@pytest.mark.parametrize("there", [(), ("aws",), ("session-manager-plugin",)])
def test_a_missing_tool_is_named_with_where_to_get_it_and_the_command(only_path, there):
    for name in there:
        tool(only_path, name)
    with pytest.raises(Unreachable) as caught:
        forward.run(WORDS)
    said = str(caught.value)
    assert (forward.CLI in said) == ("aws" not in there)
    assert (forward.PLUGIN in said) == ("session-manager-plugin" not in there)
    assert "aws ssm start-session --target i-0123" in said
    assert "\n" not in said
