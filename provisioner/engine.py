"""plan, up, down and status, over any Stack.

The pipeline is the same for all four. `Stack.graph()` says what needs what. `_walk` hands out what is ready
(forwards to make, backwards to take away) to a pool of threads, so that what does not depend on each other
runs at the same time. Each piece of work asks the resource what is there, lets the pure function `decide`
say what that means, and does it. A crash at any point leaves nothing that the next run would not find:
running again is the repair.

Events go to one callable, always from the calling thread.
"""

from __future__ import annotations

import contextlib
import graphlib
import queue
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

from botocore.exceptions import ClientError

from provisioner.aws import AnswerLost, Cloud
from provisioner.errors import Failed, Incomplete, Interrupted, ProvisionerError, Refused
from provisioner.model import Change, Condition, Found, Refs, Resource, Stack
from provisioner.waiting import Tell, until_gone, until_ready, until_settled

THREADS = 16
ANSWERS_LOST = 5
"""How often a resource is looked at again after a call whose answer was lost."""


class Action(Enum):
    """What a run does, or did, about a resource."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    REPLACE = "replace"
    WAIT = "wait"
    DELETE = "delete"
    NONE = "none"


@dataclass(frozen=True)
class Event:
    """Something happened to a resource: `begun`, `state` (with AWS's word for it), `done` or `failed`."""

    resource: str
    kind: str
    what: str
    seconds: float
    """Since the run began."""
    action: Action | None = None
    detail: str = ""


OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Step:
    """What `up` would do about one resource."""

    resource: Resource
    action: Action
    found: Found | None = None
    changes: tuple[Change, ...] = ()
    blocked: str = ""
    """Why it can't be done, in one line; empty if it can."""


def decide(found: Found | None, changes: tuple[Change, ...] = ()) -> Action:
    """What to do about a resource that should be there, given what is there. Pure: plan and up share it."""
    if found is None:
        return Action.CREATE
    if found.condition in (Condition.FAILED, Condition.GOING):
        return Action.REPLACE
    if found.condition is Condition.PENDING:
        return Action.WAIT
    if found.condition is Condition.BROKEN:
        return Action.KEEP
    return Action.CHANGE if changes else Action.KEEP


def plan(stack: Stack, cloud: Cloud) -> list[Step]:
    """What `up` would do, in its order. Makes no mutating call."""
    found = status(stack, cloud)
    refs = Refs({name: each for name, each in found.items() if each is not None})
    steps = []
    for resource in stack.order():
        here = found[resource.name]
        changes: tuple[Change, ...] = ()
        blocked = ""
        if here is not None and here.condition is Condition.BROKEN:
            blocked = str(_broken(resource, cloud, here))
        elif here is not None and here.condition is Condition.READY:
            if all(needed in refs for needed in resource.dependencies()):
                try:
                    changes = tuple(resource.differences(cloud, here, refs))
                except ProvisionerError as error:
                    blocked = str(error)
            else:
                changes = (Change("what it depends on", "missing", "made again"),)
        steps.append(Step(resource, decide(here, changes), here, changes, blocked))
    return steps


def status(stack: Stack, cloud: Cloud) -> dict[str, Found | None]:
    """What is there now of every resource, in the order in which they are made. Only reads."""
    resources = stack.order()
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(
            zip([r.name for r in resources], pool.map(lambda r: r.find(cloud), resources), strict=True)
        )


def outputs(stack: Stack, found: Mapping[str, Found | None]) -> dict[str, str]:
    """The stack's outputs, of what is there: an output whose resource is missing is left out."""
    refs = Refs({name: each for name, each in found.items() if each is not None})
    values = {}
    for name, fact in stack.outputs.items():
        with contextlib.suppress(KeyError):
            values[name] = refs.value(fact)
    return values


def up(stack: Stack, cloud: Cloud, on_event: OnEvent = lambda event: None) -> dict[str, Action]:
    """Make the account look like the stack; what each resource needed is the answer.

    Raises Incomplete with each failed resource's error, after everything that was running has ended;
    Interrupted if `cloud.stop` was set.
    """
    refs = Refs()
    actions: dict[str, Action] = {}

    def bring_up(resource: Resource, tell: Tell) -> Action:
        found = resource.find(cloud)
        # The first look names what was needed: after a lost answer the second one finds what we made.
        actions.setdefault(resource.name, decide(found))
        found = _settle(resource, cloud, found, tell)
        if found is None:
            resource.create(cloud, refs)
            found = until_ready(resource, cloud, tell)
        changes = resource.differences(cloud, found, refs)
        if changes:
            if actions[resource.name] is Action.KEEP:
                actions[resource.name] = Action.CHANGE
            tell("changing " + ", ".join(change.what for change in changes))
            resource.change(cloud, found, refs, changes)
            found = until_ready(resource, cloud, tell)
        refs.add(resource, found)
        return actions[resource.name]

    return _walk(stack.graph(), stack, cloud, bring_up, on_event)


def down(stack: Stack, cloud: Cloud, on_event: OnEvent = lambda event: None) -> dict[str, Action]:
    """Take away everything of the stack, each before what it depends on. Harmless when nothing is there."""

    actions: dict[str, Action] = {}

    def take_down(resource: Resource, tell: Tell) -> Action:
        found = until_settled(resource, cloud, tell)
        actions.setdefault(resource.name, Action.DELETE if found else Action.NONE)
        if found is not None:
            tell("deleting")
            resource.delete(cloud, found)
            until_gone(resource, cloud, tell)
        return actions[resource.name]

    backwards: dict[str, set[str]] = {name: set() for name in stack.resources}
    for name, needed in stack.graph().items():
        for each in needed:
            backwards[each].add(name)
    return _walk(backwards, stack, cloud, take_down, on_event)


def _despite_lost_answers(work: Callable[[Resource, Tell], Action], resource: Resource, tell: Tell) -> Action:
    """Do the work; after a call whose answer was lost do it again, which begins with a look."""
    for _ in range(ANSWERS_LOST - 1):
        try:
            return work(resource, tell)
        except AnswerLost as error:
            tell(f"looking again, an answer was lost ({error})")
    return work(resource, tell)


def _settle(resource: Resource, cloud: Cloud, found: Found | None, tell: Tell) -> Found | None:
    """Bring it to rest: wait for what is on its way, remove what failed. None if nothing is left."""
    if found is not None and found.condition is not Condition.READY:
        tell(found.state)
        found = until_settled(resource, cloud, tell)
    if found is not None and found.condition is Condition.FAILED:
        tell(f"{found.state}, making it again: {resource.reason(cloud, found)}")
        resource.delete(cloud, found)
        until_gone(resource, cloud, tell)
        return None
    if found is not None and found.condition is Condition.BROKEN:
        raise _broken(resource, cloud, found)
    return found


def _broken(resource: Resource, cloud: Cloud, found: Found) -> Failed:
    reason = resource.reason(cloud, found)
    return Failed(resource.name, found.id, found.state, reason or "look at it in the AWS console")


def _walk(
    graph: dict[str, set[str]],
    stack: Stack,
    cloud: Cloud,
    work: Callable[[Resource, Tell], Action],
    on_event: OnEvent,
) -> dict[str, Action]:
    """Do `work` on every resource, after those that the graph puts before it, as many at a time as can be."""
    begun = cloud.clock()
    inbox: queue.Queue[Event | Future[Action]] = queue.Queue()
    actions: dict[str, Action] = {}
    errors: dict[str, Exception] = {}
    running: dict[Future[Action], Resource] = {}
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()

    def event(resource: Resource, what: str, action: Action | None = None, detail: str = "") -> Event:
        return Event(resource.name, resource.kind, what, cloud.clock() - begun, action, detail)

    def finish(future: Future[Action]) -> None:
        resource = running.pop(future)
        error = future.exception()
        if error is None:
            actions[resource.name] = future.result()
            sorter.done(resource.name)
            on_event(event(resource, "done", actions[resource.name]))
        elif isinstance(error, Exception):
            if isinstance(error, ClientError):
                details = error.response["Error"]
                error = Refused(resource.name, error.operation_name, details["Code"], details["Message"])
            if not isinstance(error, Interrupted):
                errors[resource.name] = error
            on_event(event(resource, "failed", detail=str(error)))
        else:
            raise error

    with ThreadPoolExecutor(THREADS) as pool, _stopping(cloud):
        while True:
            if not errors and not cloud.stop.is_set():
                for name in sorter.get_ready():
                    resource = stack.resources[name]
                    on_event(event(resource, "begun"))

                    def tell(state: str, resource: Resource = resource) -> None:
                        inbox.put(event(resource, "state", detail=state))

                    future = pool.submit(_despite_lost_answers, work, resource, tell)
                    running[future] = resource
                    future.add_done_callback(inbox.put)
            if not running:
                break
            message = inbox.get()
            if isinstance(message, Event):
                on_event(message)
            else:
                finish(message)
    if errors:
        raise Incomplete(errors)
    if cloud.stop.is_set():
        raise Interrupted("stopped; run the same command again to go on")
    return actions


@contextlib.contextmanager
def _stopping(cloud: Cloud) -> Iterator[None]:
    """Whatever breaks the coordinating thread also ends the waiting of the others."""
    try:
        yield
    except BaseException:
        cloud.stop.set()
        raise
