"""What is left of a stack: a look at the account, by tag and by name, at every kind of thing that could cost.

`down` deletes what the stack describes. This finds what it can't know of: a snapshot that somebody took, a
copy of a tag, a log group that RDS left. Each kind is listed directly. The tagging API, which knows nearly
every kind but is hours behind, finds what carries our tag and is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import ClientError

from provisioner.aws import STACK_TAG, Cloud, error_code
from provisioner.errors import Unreachable
from provisioner.model import Stack
from provisioner.sweep import ec2, services
from provisioner.sweep.kinds import Kind, Leftover, Ours, tail
from provisioner.walk import THREADS

KINDS = (*ec2.KINDS, *services.KINDS)

TAGGING = "other thing that carries the tag"
"""What the tagging API looks for."""

LEAVING_SECONDS = 120
"""How long what is on its way out is waited for before it is reported."""

POLL = 5
"""Seconds."""


@dataclass(frozen=True)
class Sweep:
    """What was found, the dearest first; and each kind that could not be looked at, with why."""

    leftovers: Sequence[Leftover]
    unseen: Mapping[str, str]

    @property
    def clean(self) -> bool:
        """Everything was looked at, and nothing was there."""
        return not self.leftovers and not self.unseen


def sweep(stack: Stack, cloud: Cloud, waits: Callable[[Sequence[Leftover]], None] = lambda _: None) -> Sweep:
    """Look for everything of the stack in the account and region. Only reads.

    What is on its way out is waited for, LEAVING_SECONDS at most; `waits` is told of it before.
    """
    found = _look(stack, cloud)
    leaving = [each for each in found.leftovers if each.leaving]
    if not leaving:
        return found
    waits(leaving)
    deadline = cloud.clock() + LEAVING_SECONDS
    kinds = [kind for kind in KINDS if kind.name in {each.kind for each in leaving}]
    cloud.sleep(POLL)
    while cloud.clock() < deadline and any(each.leaving for each in _look(stack, cloud, kinds).leftovers):
        cloud.sleep(POLL)
    # What goes may leave something, as a database does its backups.
    return _look(stack, cloud)


def _look(stack: Stack, cloud: Cloud, kinds: Sequence[Kind] = KINDS) -> Sweep:
    """Look at these kinds, side by side, and at what the tagging API lists of others."""
    unseen = {}
    try:
        tagged = _tagged(cloud)
    except (ClientError, Unreachable) as error:
        tagged, unseen[TAGGING] = [], _reason(error)
    ours = Ours(stack, cloud, tagged)

    def look(kind: Kind) -> list[Leftover] | str:
        try:
            return list(kind.leftovers(ours, cloud))
        except (ClientError, Unreachable) as error:
            return _reason(error)

    leftovers = list(_others(tagged))
    with ThreadPoolExecutor(THREADS) as pool:
        for kind, seen in zip(kinds, pool.map(look, kinds), strict=True):
            if isinstance(seen, str):
                unseen[kind.name] = seen
            else:
                leftovers += seen
    return Sweep(sorted(leftovers, key=lambda each: (-(each.dollars_a_day or 0), each.kind, each.id)), unseen)


def _tagged(cloud: Cloud) -> list[str]:
    """The ARNs of all that carries our tag, or did until lately: the tagging API is hours behind."""
    items = cloud.service("resourcegroupstaggingapi").all(
        "get_resources", "ResourceTagMappingList", TagFilters=[{"Key": STACK_TAG, "Values": [cloud.stack]}]
    )
    return [item["ResourceARN"] for item in items]


def _others(arns: Sequence[str]) -> Iterator[Leftover]:
    """What is of none of our kinds; whether one of those is still there, its own list says."""
    for arn in arns:
        if not any(tail(arn).startswith(kind.arn) for kind in KINDS):
            kind = re.split("[:/]", tail(arn))[:-1]  # service, mostly a type, perhaps more, and the id
            yield Leftover(" ".join(kind[:2]), arn, "tag", None, "")


def _reason(error: ClientError | Unreachable) -> str:
    if isinstance(error, ClientError):
        return f"{error_code(error)}: {error.response['Error']['Message']}"
    return str(error)
