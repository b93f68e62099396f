"""local/environment.sh and local/demo_down.sh: made once, made anew when it must be, and taken away."""

import os
import shutil

from tests.setup.machine import Machine


def with_requirements(machine: Machine) -> None:
    """requirements*.txt, and a python3 whose `-m venv` makes an environment of shims."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (machine.project / name).write_text(f"# {name}\n")
    machine.shim("venv-python", '[ "$2" != pip ] || exit "$(cat "$SYSTEM_ROOT/pip-status")"')
    (machine.root / "pip-status").write_text("0")
    (machine.bin / "cp").symlink_to(shutil.which("cp") or "")
    machine.shim("python3", f'mkdir -p .venv/bin && cp "{machine.bin}/venv-python" .venv/bin/python')


def installs(machine: Machine) -> int:
    return sum("-m pip install" in call for call in machine.calls())


def test_requirements_are_installed_only_when_they_change(machine: Machine) -> None:
    with_requirements(machine)
    assert machine.run("environment.sh")[0] == 0
    assert machine.run("environment.sh") == (0, "", "")
    assert installs(machine) == 1
    (machine.project / "requirements.txt").write_text("# another\n")
    assert machine.run("environment.sh")[0] == 0
    assert installs(machine) == 2


def test_an_environment_without_its_interpreter_is_made_anew(machine: Machine) -> None:
    with_requirements(machine)
    machine.run("environment.sh")
    (machine.project / ".venv/bin/python").unlink()
    assert machine.run("environment.sh")[0] == 0
    assert machine.calls().count("python3 -m venv --clear .venv") == 2


def test_a_failed_installation_is_tried_again(machine: Machine) -> None:
    with_requirements(machine)
    (machine.root / "pip-status").write_text("1")
    status, _, errors = machine.run("environment.sh")
    assert status == 1
    assert errors.endswith("pip needs the internet, or a mirror in PIP_INDEX_URL.\n")
    (machine.root / "pip-status").write_text("0")
    assert machine.run("environment.sh")[0] == 0
    assert installs(machine) == 2


def test_demo_down_is_harmless_when_nothing_was_made(machine: Machine) -> None:
    assert machine.run("demo_down.sh") == (0, "", "")


def running(machine: Machine) -> None:
    """var/ holds the pid file of a process that lives: our own."""
    (machine.project / "var").mkdir()
    (machine.project / "var/supervisord.pid").write_text(f"{os.getpid()}\n")


def test_demo_down_removes_the_files_of_what_ran_once(machine: Machine) -> None:
    (machine.project / "var/mariadb").mkdir(parents=True)
    (machine.project / "var/mariadb/server.pid").write_text("")
    assert machine.run("demo_down.sh") == (0, "", "")
    assert not (machine.project / "var").exists()


def test_demo_down_makes_the_environment_that_ends_a_running_demo(machine: Machine) -> None:
    with_requirements(machine)
    running(machine)
    assert machine.run("demo_down.sh")[0] == 0
    assert machine.calls()[-1] == "venv-python deploy.py teardown --local --yes"
    assert not (machine.project / "var").exists()


def test_demo_down_keeps_the_files_of_a_demo_that_did_not_end(machine: Machine) -> None:
    with_requirements(machine)
    machine.run("environment.sh")
    machine.shim("venv-python", '[ "$1" != deploy.py ]')
    (machine.bin / "venv-python").rename(machine.project / ".venv/bin/python")
    running(machine)
    status, _, errors = machine.run("demo_down.sh")
    assert status == 1
    assert "var/ is kept" in errors
    assert (machine.project / "var").is_dir()
