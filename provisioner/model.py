"""The vocabulary: a Stack is a name and its Resources; a Resource knows one kind of thing on AWS.

A Resource is a frozen dataclass. What it depends on is what its fields hold: other Resources, Facts
(a promise for something that AWS will say about another resource, such as an endpoint), or tuples, mappings
and plain dataclasses of them. There is no second list of edges that could be wrong.

`Found` is what AWS says now. `Refs` is what has been found so far, looked up by resource.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from provisioner.aws import Cloud


class Condition(Enum):
    """What a state means to the engine; the state's own name on AWS is kept beside it."""

    PENDING = "pending"
    READY = "ready"
    GOING = "going"
    FAILED = "failed"
    """It never came up and holds nothing: it may be removed and made again."""
    BROKEN = "broken"
    """It may hold data and does not mend by itself: a person has to look."""


@dataclass(frozen=True)
class Found:
    """One thing on AWS: its id, what is known of it, and where it is in its life."""

    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    state: str = "available"
    condition: Condition = Condition.READY


@dataclass(frozen=True)
class Change:
    """One attribute that differs from what is wanted, and can be changed in place."""

    what: str
    now: object
    wanted: object

    def __str__(self) -> str:
        return f"{self.what}: {self.now} -> {self.wanted}"


@dataclass(frozen=True)
class Fact:
    """Something that is known once `resource` is there: the entry `key` of its facts, or its id."""

    resource: Resource
    key: str = "id"


class Refs:
    """What the engine has found so far; asking for a resource that is not there yet is a KeyError."""

    def __init__(self, found: Mapping[str, Found | None] | None = None) -> None:
        self._found = {name: each for name, each in (found or {}).items() if each is not None}

    def __getitem__(self, resource: Resource) -> Found:
        return self._found[resource.name]

    def __contains__(self, resource: Resource) -> bool:
        return resource.name in self._found

    def add(self, resource: Resource, found: Found) -> None:
        self._found[resource.name] = found

    def id(self, resource: Resource) -> str:
        return self[resource].id

    def value(self, value: str | Fact) -> str:
        """A plain string as it is, a Fact as what AWS said."""
        if not isinstance(value, Fact):
            return value
        found = self[value.resource]
        return str(found.id if value.key == "id" else found.facts[value.key])


@dataclass(frozen=True)
class Resource:
    """One thing of the stack. `name` is its name within the stack, and the value of its resource tag."""

    name: str

    kind: ClassVar[str] = "resource"
    create_seconds: ClassVar[float] = 300
    """How long a create or a change may take before TimedOut."""
    delete_seconds: ClassVar[float] = 600
    """How long a delete may take before TimedOut."""

    def find(self, cloud: Cloud) -> Found | None:
        """What is there now, or None. Raises Ambiguous, or NotOurs for our name without our tag."""
        raise NotImplementedError

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        """What differs from the description. Raises CannotChange where AWS can't change it in place."""
        return []

    def create(self, cloud: Cloud, refs: Refs) -> None:
        """Ask AWS to make it; the engine then waits until `find` says that it is ready."""
        raise NotImplementedError

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        """Make these changes in place; called only with what `differences` returned."""
        raise NotImplementedError

    def delete(self, cloud: Cloud, found: Found) -> None:
        """Ask AWS to remove it; the engine then waits until `find` says None."""
        raise NotImplementedError

    def reason(self, cloud: Cloud, found: Found) -> str:
        """AWS's own words for why it failed, if AWS has any."""
        return ""

    def dependencies(self) -> Iterator[Resource]:
        """The resources in this one's fields."""
        for each in fields(self):
            yield from _resources_in(getattr(self, each.name))


def _resources_in(value: object) -> Iterator[Resource]:
    if isinstance(value, Resource):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _resources_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _resources_in(item)
    elif is_dataclass(value):  # a Fact, or a part of a resource's description
        for each in fields(value):
            yield from _resources_in(getattr(value, each.name))


class Stack:
    """A name, the resources that carry it, and what a person wants to know once they are there."""

    def __init__(
        self, name: str, resources: Iterable[Resource], outputs: Mapping[str, str | Fact] | None = None
    ) -> None:
        self.name = name
        self.outputs = dict(outputs or {})
        self.resources: dict[str, Resource] = {}
        for resource in resources:
            if self.resources.setdefault(resource.name, resource) is not resource:
                raise ValueError(f"two resources of stack {name!r} are called {resource.name!r}")
        for resource in list(self.resources.values()):
            for needed in resource.dependencies():
                if self.resources.get(needed.name) is not needed:
                    raise ValueError(f"{resource.name!r} needs {needed.name!r}, which stack {name!r} lacks")
        self.order()

    def graph(self) -> dict[str, set[str]]:
        """Every resource's name with the names of those that must be there before it."""
        return {name: {needed.name for needed in r.dependencies()} for name, r in self.resources.items()}

    def order(self) -> list[Resource]:
        """The resources, each after what it depends on. Raises graphlib.CycleError (a ValueError)."""
        return [self.resources[name] for name in graphlib.TopologicalSorter(self.graph()).static_order()]
