"""plan, up, down and status, over any Stack.

The pipeline is the same for all four. `Stack.graph()` says what needs what. `walk` hands out what is ready
(forwards to make, backwards to take away) to a pool of threads, so that what does not depend on each other
runs at the same time. Each piece of work asks the resource what is there, lets the pure function `decide`
say what that means, and does it. A crash at any point leaves nothing that the next run would not find:
running again is the repair.

`whole` is what any description of this stack can have made. What is there of it and no longer described goes.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from provisioner.aws import Cloud
from provisioner.errors import Failed, ResourceError
from provisioner.events import Action, OnEvent, ignore
from provisioner.model import Change, Condition, Found, Refs, Resource, Stack
from provisioner.waiting import Tell, until_gone, until_ready, until_settled
from provisioner.walk import THREADS, walk


@dataclass(frozen=True)
class Step:
    """What a run would do about one resource."""

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


def plan(stack: Stack, cloud: Cloud, whole: Stack | None = None) -> list[Step]:
    """What `up` would do, in its order. Makes no mutating call."""
    looks = _look(stack.order(), cloud)
    refs = Refs({name: each for name, each in looks.items() if isinstance(each, Found)})
    blocked = {name for name, each in looks.items() if isinstance(each, ResourceError)}
    steps = [_step(resource, looks[resource.name], cloud, refs, blocked) for resource in stack.order()]
    return [*steps, *plan_down(_undescribed(stack, whole), cloud)]


def _step(
    resource: Resource, look: Found | ResourceError | None, cloud: Cloud, refs: Refs, blocked: set[str]
) -> Step:
    if isinstance(look, ResourceError):
        return Step(resource, Action.KEEP, blocked=look.text)
    if look is not None and look.condition is Condition.BROKEN:
        return Step(resource, Action.KEEP, look, blocked=_broken(resource, cloud, look).text)
    if look is None or look.condition is not Condition.READY:
        return Step(resource, decide(look), look)
    if any(each.name in blocked for each in resource.dependencies()):
        return Step(resource, Action.KEEP, look)
    try:
        changes = tuple(resource.differences(cloud, look, refs))
    except KeyError:  # of something that is not there yet
        changes = (Change("what it depends on", "missing", "made again"),)
    except ResourceError as error:
        return Step(resource, Action.KEEP, look, blocked=error.text)
    return Step(resource, decide(look, changes), look, changes)


def plan_down(resources: list[Resource], cloud: Cloud) -> list[Step]:
    """What is there of these, and would be deleted, the last one first. Makes no mutating call."""
    steps = []
    for name, look in _look(resources, cloud).items():
        resource = next(each for each in resources if each.name == name)
        if isinstance(look, ResourceError):
            steps.append(Step(resource, Action.KEEP, blocked=look.text))
        elif look is not None:
            steps.append(Step(resource, Action.DELETE, look))
    return steps[::-1]


def status(stack: Stack, cloud: Cloud) -> dict[str, Found | None]:
    """What is there now of every resource, in the order in which they are made. Only reads.

    Raises Ambiguous and NotOurs, as `find` does.
    """
    found: dict[str, Found | None] = {}
    for name, look in _look(stack.order(), cloud).items():
        if isinstance(look, ResourceError):
            raise look
        found[name] = look
    return found


def outputs(stack: Stack, refs: Refs) -> dict[str, str]:
    """The stack's outputs, of what is there: an output whose resource is missing is left out."""
    values = {}
    for name, fact in stack.outputs.items():
        with contextlib.suppress(KeyError):
            values[name] = refs.value(fact)
    return values


def up(
    stack: Stack,
    cloud: Cloud,
    on_event: OnEvent = ignore,
    whole: Stack | None = None,
    refs: Refs | None = None,
) -> dict[str, Action]:
    """Make the account look like the stack; what each resource needed is the answer.

    `refs` is given what is there in the end. Raises Incomplete with each failed resource's error, after
    everything that was running has ended; Interrupted if `cloud.stop` was set.
    """
    refs = Refs() if refs is None else refs
    actions: dict[str, Action] = {}

    def bring_up(resource: Resource, tell: Tell) -> Action:
        found = resource.find(cloud)
        # The first look names what was needed: after a lost answer the second one finds what we made.
        actions.setdefault(resource.name, decide(found))
        found = _settle(resource, cloud, found, tell) or _make(resource, cloud, refs, tell)
        changes = resource.differences(cloud, found, refs)
        if changes:
            if actions[resource.name] is Action.KEEP:
                actions[resource.name] = Action.CHANGE
            tell("changing " + ", ".join(change.what for change in changes))
            resource.change(cloud, found, refs, changes)
            found = until_ready(resource, cloud, tell)
        refs.add(resource, found)
        return actions[resource.name]

    done = walk(stack.graph(), stack.resources, cloud, bring_up, on_event)
    leftovers = [step.resource for step in plan_down(_undescribed(stack, whole), cloud)]
    if whole is not None and leftovers:
        done |= _take_down(whole, leftovers, cloud, on_event)
    return done


def down(stack: Stack, cloud: Cloud, on_event: OnEvent = ignore) -> dict[str, Action]:
    """Take away everything of the stack, each before what it depends on. Harmless when nothing is there.

    What fails keeps what it depends on; all else goes. Raises as `up` does.
    """
    return _take_down(stack, stack.order(), cloud, on_event)


def _take_down(stack: Stack, resources: list[Resource], cloud: Cloud, on_event: OnEvent) -> dict[str, Action]:
    actions: dict[str, Action] = {}

    def take_down(resource: Resource, tell: Tell) -> Action:
        found = until_settled(resource, cloud, tell)
        actions.setdefault(resource.name, Action.DELETE if found else Action.NONE)
        if found is not None:
            tell("deleting")
            resource.delete(cloud, found)
            until_gone(resource, cloud, tell)
        return actions[resource.name]

    backwards: dict[str, set[str]] = {resource.name: set() for resource in resources}
    for name, needed in stack.graph().items():
        for each in needed & backwards.keys():
            if name in backwards:
                backwards[each].add(name)
    return walk(backwards, stack.resources, cloud, take_down, on_event, keep_going=True)


def _undescribed(stack: Stack, whole: Stack | None) -> list[Resource]:
    """What the whole has beyond the stack, each after what it depends on."""
    return [each for each in whole.order() if each.name not in stack.resources] if whole else []


def _look(resources: list[Resource], cloud: Cloud) -> dict[str, Found | ResourceError | None]:
    """What is there of each, or why that can't be said."""

    def look(resource: Resource) -> Found | ResourceError | None:
        try:
            return resource.find(cloud)
        except ResourceError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip([each.name for each in resources], pool.map(look, resources), strict=True))


def _settle(resource: Resource, cloud: Cloud, found: Found | None, tell: Tell) -> Found | None:
    """Bring it to rest: wait for what is on its way, remove what failed. None if nothing is left."""
    if found is not None and found.condition is not Condition.READY:
        tell(found.state)
        found = until_settled(resource, cloud, tell)
    if found is not None and found.condition is Condition.FAILED:
        _remove_failed(resource, cloud, found, tell)
        return None
    if found is not None and found.condition is Condition.BROKEN:
        raise _broken(resource, cloud, found)
    return found


def _make(resource: Resource, cloud: Cloud, refs: Refs, tell: Tell) -> Found:
    """Create it and wait for it; what fails on AWS's side is removed and made once more."""
    resource.create(cloud, refs)
    try:
        return until_ready(resource, cloud, tell)
    except Failed:
        found = resource.find(cloud)
        if found is None or found.condition is not Condition.FAILED:
            raise
        _remove_failed(resource, cloud, found, tell)
    resource.create(cloud, refs)
    return until_ready(resource, cloud, tell)


def _remove_failed(resource: Resource, cloud: Cloud, found: Found, tell: Tell) -> None:
    tell(f"{found.state}, making it again: {resource.reason(cloud, found) or 'AWS gives no reason'}")
    resource.delete(cloud, found)
    until_gone(resource, cloud, tell)


def _broken(resource: Resource, cloud: Cloud, found: Found) -> Failed:
    reason = resource.reason(cloud, found)
    return Failed(resource.name, found.id, found.state, reason or "look at it in the AWS console")
