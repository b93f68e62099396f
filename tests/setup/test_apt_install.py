"""local/apt_install.sh: no service starts, and the system's own policy comes back."""

import contextlib
import os
import shutil
import signal

import pytest

from tests.setup.machine import Machine

ASKS_THE_POLICY = '"$SYSTEM_ROOT/usr/sbin/policy-rc.d" mariadb start; echo "policy $?" >>"$SYSTEM_ROOT/calls"'


@pytest.mark.parametrize("outcome", [0, 100])
def test_no_service_may_start_and_the_policy_goes_again(machine: Machine, outcome: int) -> None:
    machine.shim("apt-get", f"{ASKS_THE_POLICY}; exit {outcome}")
    machine.shim("update-rc.d")
    status, _, _ = machine.run("apt_install.sh", "mariadb-server")
    assert status == outcome
    assert machine.calls().count("policy 101") == 2
    assert list(machine.policy.parent.iterdir()) == []


@pytest.mark.parametrize("outcome", [0, 100])
def test_a_policy_of_the_system_comes_back_as_it_was(machine: Machine, outcome: int) -> None:
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    machine.policy.chmod(0o751)
    before = machine.policy.stat()
    machine.shim("apt-get", f"{ASKS_THE_POLICY}; exit {outcome}")
    machine.shim("update-rc.d")
    machine.run("apt_install.sh", "redis-server")
    assert machine.calls().count("policy 101") == 2
    assert list(machine.policy.parent.iterdir()) == [machine.policy]
    after = machine.policy.stat()
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime_ns,
    )


def test_a_policy_that_is_a_link_comes_back_as_a_link(machine: Machine) -> None:
    machine.policy.symlink_to("/etc/alternatives/policy-rc.d")
    machine.shim("apt-get")
    machine.run("apt_install.sh", "gcc")
    assert str(machine.policy.readlink()) == "/etc/alternatives/policy-rc.d"


def interrupt(machine: Machine, number: int) -> int:
    """The status of an installation that gets this signal, with its whole group, while apt-get runs."""
    os.mkfifo(machine.root / "running")
    machine.shim("apt-get", f'echo >"{machine.root}/running"; exec sleep 60')
    (machine.bin / "sleep").symlink_to(shutil.which("sleep") or "")
    process = machine.start("apt_install.sh", "gcc")
    try:
        (machine.root / "running").read_text()
        os.killpg(process.pid, number)
        process.communicate(timeout=120)
    finally:
        with process, contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_install_puts_the_policy_back(machine: Machine, number: int, status: int) -> None:
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    assert interrupt(machine, number) == status
    assert list(machine.policy.parent.iterdir()) == [machine.policy]
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"


@pytest.mark.parametrize("own", ["#!/bin/sh\nexit 104\n", None])
def test_the_next_run_repairs_what_a_killed_one_left(machine: Machine, own: str | None) -> None:
    if own:
        machine.policy.write_text(own)
    assert interrupt(machine, signal.SIGKILL) == -signal.SIGKILL
    assert machine.policy.read_text().endswith("exit 101\n")
    machine.shim("apt-get")
    assert machine.run("apt_install.sh", "gcc")[0] == 0
    assert list(machine.policy.parent.iterdir()) == ([machine.policy] if own else [])
    if own:
        assert machine.policy.read_text() == own
