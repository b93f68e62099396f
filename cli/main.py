"""The commands. Only this package prints or asks."""

import argparse
import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from botocore.exceptions import ClientError

from cli import bench, leaks, operate, options, show
from cli.interrupts import INTERRUPTED, interruptible
from cli.options import choices, parser
from cli.place import Place, find_place, local_runs
from cli.progress import Progress, emit, progress
from local.servers import CannotStart
from provisioner import cost, engine, health
from provisioner.aws import Cloud
from provisioner.config import load
from provisioner.errors import (
    Incomplete,
    Interrupted,
    Invalid,
    Locked,
    ProvisionerError,
    ResourceError,
    Unreachable,
)
from provisioner.events import Action, Event
from provisioner.lock import lock
from provisioner.model import Found, Refs
from provisioner.policy import policy

CUT_OFF = 141
"""The exit status of a command whose output nobody reads: 128 and SIGPIPE's number, as shells have it."""

BOOT_SECONDS = 1200
"""How long a host may take from its launch to a site that answers: it compiles and loads."""


def main(words: list[str]) -> int:
    """Run one command; the answer is the exit status."""
    arguments = parser().parse_args(words)
    arguments.again = shlex.join(["python", "deploy.py", *words])
    try:
        status = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who read along has gone, as in `logs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except (Invalid, Unreachable, CannotStart, Locked) as error:
        problems = error.problems if isinstance(error, Invalid) else [str(error)]
        return show.fail(arguments.json, 2, *problems)
    except Interrupted:
        return show.fail(
            arguments.json, INTERRUPTED, f"stopped; nothing is lost: `{arguments.again}` goes on"
        )
    except Incomplete as error:
        show.fail(arguments.json, 1, *(str(each) for each in error.errors.values()))
        return _look_further(arguments, *error.errors)
    except ProvisionerError as error:
        show.fail(arguments.json, 1, str(error))
        return _look_further(arguments, *([error.resource] if isinstance(error, ResourceError) else []))
    except ClientError as error:
        return show.fail(arguments.json, 1, show.aws_error(error))
    except KeyboardInterrupt:
        return show.fail(arguments.json, INTERRUPTED, "stopped")


def create(arguments: argparse.Namespace) -> int:
    begun = time.monotonic()
    place = _place(arguments, start=True)
    show.header(arguments.json, place)
    stack, archive = place.stack(partial(show.line, arguments.json))
    if not arguments.yes:
        steps = engine.plan(stack, place.cloud, place.whole_stack())
        if show.plan(arguments.json, steps):
            _ask(f"Make this, for {cost.line(cost.hourly(place.config))}?")
    elif not arguments.json and not arguments.local:
        print(cost.line(cost.hourly(place.config)))
    with _working(arguments, place) as report:
        refs = Refs()
        actions = engine.up(stack, place.cloud, report, place.whole_stack(), refs)
        if not arguments.no_wait:
            _await_site(place.cloud, report, refs[stack.resources["host"]], archive.sha256)
    changed = sum(action is not Action.KEEP for action in actions.values())
    took = time.monotonic() - begun
    show.result(arguments.json, changed, took, engine.outputs(stack, refs))
    return 0


def teardown(arguments: argparse.Namespace) -> int:
    begun = time.monotonic()
    if arguments.local and not local_runs():
        show.line(arguments.json, "nothing runs on this machine: nothing to take away")
        return 0
    place = _place(arguments)
    stack = place.whole_stack(force=arguments.force)
    show.header(arguments.json, place)
    steps = engine.plan_down(stack.order(), place.cloud)
    there = {step.resource.name: step.found for step in steps if step.found is not None}
    if arguments.plan:
        show.plan(arguments.json, steps)
        show.line(arguments.json, f"saves {cost.line(cost.standing(place.config, there))}")
        return 0
    failure = None
    if not steps:
        show.line(arguments.json, f"stack {stack.name!r} is not there: nothing to take away")
    else:
        if not arguments.yes:
            show.plan(arguments.json, steps)
            _ask(f"Delete these {len(there)}, with the database's data?")
        with _working(arguments, place) as report:
            try:
                engine.down(stack, place.cloud, report)
            except Incomplete as error:
                failure = error
    left = leaks.look(arguments.json, place.cloud, stack)
    if failure:
        raise failure
    if left:
        return left
    show.line(arguments.json, f"done in {time.monotonic() - begun:.1f} s")
    place.close()
    return 0


def run_sweep(arguments: argparse.Namespace) -> int:
    if arguments.local and not local_runs():
        show.line(arguments.json, "nothing runs on this machine: nothing is left")
        return 0
    place = _place(arguments)
    show.header(arguments.json, place)
    return leaks.look(arguments.json, place.cloud, place.whole_stack())


def plan(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    show.header(arguments.json, place)
    stack, _ = place.stack(partial(show.line, arguments.json))
    show.plan(arguments.json, engine.plan(stack, place.cloud, place.whole_stack()))
    if not arguments.json:
        print(cost.line(cost.hourly(place.config)))
    return 0


def outputs(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack = place.whole_stack()
    values = engine.outputs(stack, Refs(engine.status(stack, place.cloud)))
    if not values:
        return show.fail(arguments.json, 1, f"stack {stack.name!r} is not there: `create` makes it")
    if arguments.show_password:
        values |= place.admin()
    show.outputs(arguments.json, values)
    return 0


def run_policy(arguments: argparse.Namespace) -> int:
    """Needs no credentials: whoever grants them reads this first."""
    config = load(arguments.config, choices(arguments))
    print(
        json.dumps(policy(config.name, arguments.region or "*", arguments.account, arguments.part), indent=1)
    )
    return 0


def run_bench(arguments: argparse.Namespace) -> int:
    place = _place(arguments)
    stack = place.whole_stack()
    url = engine.outputs(stack, Refs(engine.status(stack, place.cloud))).get("url")
    if url is None:
        return show.fail(arguments.json, 1, f"stack {stack.name!r} has no site: `create` makes it")
    if arguments.requests < 1:
        raise Invalid(f"--requests {arguments.requests}: at least 1")
    if not 1 <= arguments.concurrency <= bench.MOST_AT_ONCE:
        raise Invalid(f"--concurrency {arguments.concurrency}: 1 to {bench.MOST_AT_ONCE}")
    try:
        asked = {name: getattr(arguments, name) for name in bench.ASKED if getattr(arguments, name)}
        timings = bench.measure(url, arguments.requests, arguments.concurrency, asked)
    except bench.NoAnswer as error:
        return show.fail(arguments.json, 1, str(error))
    bench.show(arguments.json, url, timings)
    if arguments.svg:
        try:
            bench.draw(timings, url, arguments.svg)
        except OSError as error:
            return show.fail(arguments.json, 1, f"--svg {arguments.svg}: {error.strerror}")
    return 0


def _for(command: Callable[[argparse.Namespace, Place], int], arguments: argparse.Namespace) -> int:
    return command(arguments, _place(arguments))


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "create": create,
    "teardown": teardown,
    "sweep": run_sweep,
    "plan": plan,
    "status": partial(_for, operate.status),
    "outputs": outputs,
    "logs": partial(_for, operate.logs),
    "connect": partial(_for, operate.connect),
    "admin": partial(_for, operate.admin),
    "policy": run_policy,
    "bench": run_bench,
}


def _place(arguments: argparse.Namespace, start: bool = False) -> Place:
    config = load(arguments.config, choices(arguments))
    say = (lambda text: emit(event="note", detail=text)) if arguments.json else print
    return find_place(config, arguments, start=start, say=say)


@contextlib.contextmanager
def _working(arguments: argparse.Namespace, place: Place) -> Iterator[Progress]:
    """Progress that is shown, signals that are heeded, and the stack's lock."""
    with (
        progress(arguments.json) as report,
        interruptible(place.cloud, report, arguments.again),
        lock(place.cloud, report.__call__),
    ):
        yield report


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


def _look_further(arguments: argparse.Namespace, *failed: str) -> int:
    """Say how, after a `create` that left a host behind which does not serve."""
    if arguments.command == "create" and {"host", health.RESOURCE} & set(failed):
        show.aside(arguments.json, options.further(arguments))
    return 1


def _ask(question: str) -> None:
    """Raises Interrupted unless the answer is yes; Invalid where nobody can answer."""
    if not sys.stdin.isatty():
        raise Invalid("nobody is there to ask: give --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Interrupted("not confirmed")
