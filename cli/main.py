"""The commands. Only this package prints or asks."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from botocore.exceptions import ClientError

from cli import bench, show
from cli.options import choices, parser
from cli.place import Place, find_place, local_runs
from cli.progress import emit, progress
from local.servers import CannotStart
from provisioner import cost, engine, health
from provisioner.aws import Cloud
from provisioner.config import load
from provisioner.engine import Action, Event
from provisioner.errors import Incomplete, Interrupted, Invalid, Locked, ProvisionerError, Unreachable
from provisioner.lock import lock
from provisioner.model import Found

BOOT_SECONDS = 1200
"""How long a host may take from its launch to a site that answers: it compiles and loads."""


def main(words: list[str]) -> int:
    """Run one command; the answer is the exit status."""
    arguments = parser().parse_args(words)
    try:
        return COMMANDS[arguments.command](arguments)
    except (Invalid, Unreachable, CannotStart, Locked) as error:
        problems = error.problems if isinstance(error, Invalid) else [str(error)]
        return _fail(arguments, 2, *problems)
    except Interrupted:
        again = " ".join(["python deploy.py", *words])
        return _fail(arguments, 130, f"stopped; nothing is lost: `{again}` goes on")
    except Incomplete as error:
        return _fail(arguments, 1, *(str(each) for each in error.errors.values()))
    except ProvisionerError as error:
        return _fail(arguments, 1, str(error))
    except ClientError as error:
        return _fail(arguments, 1, show.aws_error(error))
    except KeyboardInterrupt:
        return _fail(arguments, 130, "stopped")


def create(arguments: argparse.Namespace) -> int:
    begun = time.monotonic()
    place = _place(arguments, start=True)
    stack, archive = place.stack()
    show.header(arguments.json, place)
    if not arguments.yes:
        steps = engine.plan(stack, place.cloud)
        if show.plan(arguments.json, steps):
            _ask(f"Make this, for {cost.line(place.config)}?")
    elif not arguments.json and not arguments.local:
        print(cost.line(place.config))
    with progress(arguments.json) as report, _signals(place.cloud), lock(place.cloud, report.__call__):
        actions = engine.up(stack, place.cloud, report)
        found = engine.status(stack, place.cloud)
        host = found["host"]
        if not arguments.no_wait and host is not None:
            _await_site(place.cloud, report, host, archive.sha256)
    changed = sum(action is not Action.KEEP for action in actions.values())
    took = time.monotonic() - begun
    show.result(arguments.json, changed, took, engine.outputs(stack, found))
    return 0


def teardown(arguments: argparse.Namespace) -> int:
    begun = time.monotonic()
    if arguments.local and not local_runs():
        show.line(arguments.json, "nothing runs on this machine: nothing to take away")
        return 0
    place = _place(arguments)
    stack = place.whole_stack()
    show.header(arguments.json, place)
    there = [each for each in engine.status(stack, place.cloud).items() if each[1] is not None]
    if not there:
        show.line(arguments.json, f"stack {stack.name!r} is not there: nothing to take away")
    else:
        if not arguments.yes:
            show.status(arguments.json, stack, dict(there))
            _ask(f"Delete these {len(there)}, with the database's data?")
        with progress(arguments.json) as report, _signals(place.cloud), lock(place.cloud, report.__call__):
            engine.down(stack, place.cloud, report)
        left = [name for name, found in engine.status(stack, place.cloud).items() if found is not None]
        if left:
            return _fail(arguments, 1, f"still there: {', '.join(left)}; run the same command again")
        took = time.monotonic() - begun
        show.line(arguments.json, f"looked again: nothing of stack {stack.name!r} is left ({took:.1f} s)")
    place.close()
    return 0


def plan(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack, _ = place.stack()
    show.header(arguments.json, place)
    show.plan(arguments.json, engine.plan(stack, place.cloud))
    if not arguments.json:
        print(cost.line(place.config))
    return 0


def status(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack = place.whole_stack()
    optional = stack.resources.keys() - place.whole_stack(nat=place.config.nat).resources.keys()
    found = engine.status(stack, place.cloud)
    show.header(arguments.json, place)
    here = {name: each for name, each in found.items() if each is not None or name not in optional}
    show.status(arguments.json, stack, here)
    return 0


def outputs(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack = place.whole_stack()
    values = engine.outputs(stack, engine.status(stack, place.cloud))
    if not values:
        return _fail(arguments, 1, f"stack {stack.name!r} is not there: `create` makes it")
    if arguments.show_password:
        values |= place.admin()
    show.outputs(arguments.json, values)
    return 0


def run_bench(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack = place.whole_stack()
    url = engine.outputs(stack, engine.status(stack, place.cloud)).get("url")
    if url is None:
        return _fail(arguments, 1, f"stack {stack.name!r} has no site: `create` makes it")
    if arguments.requests < 1:
        raise Invalid(f"--requests {arguments.requests}: at least 1")
    try:
        bench.show(arguments.json, url, bench.measure(url, arguments.requests))
    except bench.NoAnswer as error:
        return _fail(arguments, 1, str(error))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "create": create,
    "teardown": teardown,
    "plan": plan,
    "status": status,
    "outputs": outputs,
    "bench": run_bench,
}


def _place(arguments: argparse.Namespace, start: bool = False) -> Place:
    config = load(arguments.config, choices(arguments))
    say = (lambda text: emit(event="note", detail=text)) if arguments.json else print
    return find_place(config, arguments, start=start, say=say)


def _await_site(cloud: Cloud, report: Callable[[Event], None], host: Found, release: str) -> None:
    begun = time.monotonic()

    def tell(what: str, detail: str = "", action: Action | None = None) -> None:
        seconds = time.monotonic() - begun
        report(Event(health.RESOURCE, "Django site", what, seconds, action, detail))

    if health.healthy(host.facts["url"], release):
        tell("done", action=Action.KEEP)
        return
    tell("begun")
    try:
        health.until_healthy(host, release, cloud, lambda state: tell("state", state), BOOT_SECONDS)
    except ProvisionerError as error:
        tell("failed", str(error))
        raise
    tell("done", action=Action.CREATE)


@contextlib.contextmanager
def _signals(cloud: Cloud) -> Iterator[None]:
    """The first Ctrl-C lets running calls end and starts nothing new; the second one ends at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("\nstopping: running calls end first; Ctrl-C again stops at once", file=sys.stderr)
        cloud.stop.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _ask(question: str) -> None:
    """Raises Interrupted unless the answer is yes; Invalid where nobody can answer."""
    if not sys.stdin.isatty():
        raise Invalid("nobody is there to ask: give --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Interrupted("not confirmed")


def _fail(arguments: argparse.Namespace, status: int, *problems: str) -> int:
    for problem in problems:
        if arguments.json:
            emit(event="error", detail=problem, status=status)
        else:
            print(f"deploy.py: {problem}", file=sys.stderr)
    return status
