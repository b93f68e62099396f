"""Every AWS call that the library made in this run of the tests: the policy is held against them at its end.

That is no test of its own, since tests run in several processes, each of which hands in its calls.
"""

import sys
from pathlib import Path

import pytest

import provisioner.aws
from provisioner.policy import policy
from tests.provisioner.permissions import differences, library

LIBRARY = str(Path(provisioner.aws.__file__).parent)
RECORDED: set[str] = set()
PROBLEMS: list[str] = []
HERE = Path(__file__).parent


def record(call) -> None:
    """Remember it, if it was not the test itself that made it through the door to AWS."""
    frame = sys._getframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(LIBRARY) and file != provisioner.aws.__file__:
            RECORDED.add(call.name)
            return
        frame = frame.f_back


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    RECORDED.update(getattr(node, "workeroutput", {}).get("called", ()))  # a process that died has none


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the calls in, or, in the process that has them all, fail the run if the policy differs."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["called"] = sorted(RECORDED)
    elif session.testscollected or RECORDED:
        PROBLEMS.extend(differences(RECORDED, library(policy("covid")), _whole(session)))
        if PROBLEMS:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tests of crashes tried, and what is wrong with the policy."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "tried" and report.when == "call":
                terminalreporter.write_line(value)
    for problem in PROBLEMS:
        terminalreporter.write_line(problem, red=True)


def _whole(session: pytest.Session) -> bool:
    """Did all of the library's tests run? A part of them calls a part of AWS."""
    config = session.config
    if session.testsfailed or config.option.keyword or config.option.markexpr:
        return False
    paths = [config.invocation_params.dir / each for each in config.args]
    return all(path.is_dir() for path in paths) and any(HERE.is_relative_to(path) for path in paths)
