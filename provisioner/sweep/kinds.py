"""What can be left of a stack: how a kind of thing is listed, told from others', priced and removed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol, runtime_checkable

from provisioner import cost
from provisioner.aws import STACK_TAG, Cloud, Service
from provisioner.model import Stack

DAY = 24
MONTH = cost.HOURS / DAY
"""Days."""

Item = Any
"""One thing, as AWS describes it."""

Tags = Iterable[Mapping[str, str]]


@dataclass(frozen=True)
class Leftover:
    """Something of the stack that is still there."""

    kind: str
    id: str
    found_by: str
    """tag or name."""
    dollars_a_day: float | None
    """None: not known here."""
    remove: str
    """The command that removes it, empty if there is no single one."""
    detail: str = ""
    leaving: bool = False
    """It goes by itself, soon."""


@runtime_checkable
class Named(Protocol):
    """A resource that is found by a name that has more in it than the stack's and its own."""

    def id(self, cloud: Cloud) -> str: ...


class Ours:
    """What tells this stack's things from all others.

    A stack's tag settles it. Where there is none it is the name: one that a resource of the stack has, in
    full (covid-2-host is not covid's), or one below the stack's path. `tagged` holds what the tagging API
    lists under our tag, each as its ARN's `tail`.
    """

    def __init__(self, stack: Stack, cloud: Cloud, tagged: Iterable[str] = ()) -> None:
        self.stack = cloud.stack
        self.where = {"stack": cloud.stack, "region": cloud.region, "account": cloud.account}
        self.names = {cloud.name(name) for name in stack.resources}
        self.names |= {each.id(cloud) for each in stack.resources.values() if isinstance(each, Named)}
        self.tagged = {tail(arn) for arn in tagged}

    def why(self, names: Iterable[str], tags: Tags) -> str:
        """`tag`, `name`, or empty: not ours."""
        for tag in tags:
            if tag["Key"] == STACK_TAG:
                return "tag" if tag["Value"] == self.stack else ""
        paths = (f"{self.stack}/", f"/{self.stack}/")
        return "name" if any(name in self.names or name.startswith(paths) for name in names) else ""

    def like(self, names: Iterable[str], globs: Iterable[str]) -> bool:
        """Does a name fit one of these, with {stack}, {account} and {region} filled in?"""
        filled = [each.format(**self.where) for each in globs]
        return any(fnmatchcase(name, each) for name in names for each in filled)


def shown(key: str) -> Callable[[Service, Item], Tags | None]:
    """Tags that stand in the description itself."""
    return lambda service, item: item.get(key, ())


@dataclass(frozen=True)
class Kind:
    """One kind of thing that can be left."""

    name: str
    service: str
    operation: str
    items: str
    """The answer's key for the list, and after a dot that of a list within each of its items."""
    id: str
    arn: str | tuple[str, ...]
    """How its ARNs begin, without what says where: `tail` of them, up to the id."""
    remove: str
    """The AWS command line's words; {id} is filled in."""
    queries: Callable[[Ours], Iterable[dict[str, Any]]] = lambda ours: ({},)
    """The arguments of each call that lists some of it."""
    names: Callable[[Item], Iterable[str]] = lambda item: ()
    """The names that may be ours, besides the id."""
    tags: Callable[[Service, Item], Tags | None] = lambda service, item: item.get("Tags", ())
    """None: it is gone since it was listed."""
    asks: tuple[str, ...] = ()
    """Where no list shows the tags: the names for which a call is worth it, as `Ours.like` takes them. The
    stack's policy allows no more. Of others the tagging API tells."""
    price: Callable[[Item], float | None] = lambda item: 0.0
    """Dollars a day; None: not known here."""
    contents: Callable[[Service, Item], tuple[float | None, str]] | None = None
    """Dollars a day of what is in it, and what that is."""
    there: Callable[[Item], bool] = lambda item: True
    leaving: Callable[[Item], bool] = lambda item: False
    removable: Callable[[Item], bool] = lambda item: True
    pages: bool = True

    def leftovers(self, ours: Ours, cloud: Cloud) -> Iterator[Leftover]:
        """Everything of this kind that is the stack's. Only reads."""
        service = cloud.service(self.service)
        seen = set()
        for item in self._listed(service, ours):
            id = item[self.id]
            if id in seen or not self.there(item):
                continue
            seen.add(id)
            names = [id, *self.names(item)]
            if why := self._why(service, item, names, ours):
                price, detail = self.contents(service, item) if self.contents else (self.price(item), "")
                command = f"aws {self.remove.format(id=shlex.quote(id))} --region {cloud.region}"
                yield Leftover(
                    self.name,
                    id,
                    why,
                    price,
                    command if self.removable(item) else "",
                    detail,
                    self.leaving(item),
                )

    def _why(self, service: Service, item: Item, names: Sequence[str], ours: Ours) -> str:
        if self.asks and self._tail(names[0]) in ours.tagged:
            return "tag"
        if self.asks and not ours.like(names, self.asks):
            return ""
        tags = self.tags(service, item)
        return "" if tags is None else ours.why(names, tags)

    def _tail(self, id: str) -> str:
        if id.startswith("arn:"):
            return tail(id)
        assert isinstance(self.arn, str)  # several beginnings are for ids that are ARNs
        return (self.arn + id).replace("//", "/")

    def _listed(self, service: Service, ours: Ours) -> Iterator[Item]:
        key, _, inner = self.items.partition(".")
        for arguments in self.queries(ours):
            if self.pages:
                items = service.all(self.operation, key, **arguments)
            else:
                items = getattr(service, self.operation)(**arguments)[key]
            for item in items:
                yield from item[inner] if inner else (item,)


def tail(arn: str) -> str:
    """An ARN without its partition, region and account: `ec2:volume/vol-1`."""
    _, _, service, _, _, rest = arn.split(":", 5)
    return f"{service}:{rest}".removesuffix(":*")  # as some say for a log group with all its streams


def daily(an_hour: float | None) -> float | None:
    """Dollars a day of what is priced by the hour."""
    return None if an_hour is None else an_hour * DAY


def stored(gigabytes: float, a_month: float | None) -> float | None:
    """Dollars a day of what is priced by GB and month."""
    return None if a_month is None else gigabytes * a_month / MONTH
