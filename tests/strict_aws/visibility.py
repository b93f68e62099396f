"""What was just made is not visible at once. Off unless a test sets `memory["invisible"]` to seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.strict_aws.layer import ANY, Call, Refusal, answers, refuses

EVENTUAL = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"

CODES = {
    "vpc-": "InvalidVpcID.NotFound",
    "subnet-": "InvalidSubnetID.NotFound",
    "igw-": "InvalidInternetGatewayID.NotFound",
    "rtb-": "InvalidRouteTableID.NotFound",
    "sg-": "InvalidGroup.NotFound",
    "eipalloc-": "InvalidAllocationID.NotFound",
    "nat-": "NatGatewayNotFound",
    "i-": "InvalidInstanceID.NotFound",
}
NAMED = {
    "iam.CreateRole": ("RoleName", "NoSuchEntity"),
    "iam.CreateInstanceProfile": ("InstanceProfileName", "NoSuchEntity"),
    "rds.CreateDBSubnetGroup": ("DBSubnetGroupName", "DBSubnetGroupNotFoundFault"),
    "rds.CreateDBInstance": ("DBInstanceIdentifier", "DBInstanceNotFound"),
    "elasticache.CreateCacheSubnetGroup": ("CacheSubnetGroupName", "CacheSubnetGroupNotFoundFault"),
    "elasticache.CreateCacheParameterGroup": ("CacheParameterGroupName", "CacheParameterGroupNotFound"),
    "elasticache.CreateReplicationGroup": ("ReplicationGroupId", "ReplicationGroupNotFoundFault"),
    "secrets-manager.CreateSecret": ("Name", "ResourceNotFoundException"),
    "s3.CreateBucket": ("Bucket", "NoSuchBucket"),
}
"""What has a name instead of an id: the argument that gives it, and how its service says "missing"."""

CREATES = ("ec2.Create", "ec2.Run", "ec2.Allocate")


@answers(ANY, source=EVENTUAL)
def newborn(call: Call, answer: dict[str, Any]) -> None:
    """An id that a create answers with is known everywhere only some seconds later."""
    seconds = call.aws.memory.get("invisible", 0)
    if seconds and call.name.startswith(CREATES):
        known = set(_strings(call.arguments))
        for id in set(_ids(answer)) - known:
            _born(call).setdefault(id, call.aws.clock() + seconds)


@answers(ANY, source=EVENTUAL)
def not_listed_yet(call: Call, answer: dict[str, Any]) -> None:
    """Until then a describe leaves it out."""
    if call.name.startswith("ec2.Describe"):
        for key, items in answer.items():
            if isinstance(items, list):
                answer[key] = [each for each in items if not _hidden(call, set(_own_ids(each)))]


@refuses(ANY, source=EVENTUAL)
def not_found_yet(call: Call) -> None:
    """Until then a call that names it does not find it."""
    for id in _strings(call.arguments):
        if _hidden(call, {id}):
            code = next(code for prefix, code in CODES.items() if id.startswith(prefix))
            raise Refusal(code, f"The ID '{id}' does not exist")


@answers(*NAMED, source=EVENTUAL)
def newborn_with_a_name(call: Call, answer: dict[str, Any]) -> None:
    """What has a name is known by it only some seconds later, too."""
    argument, code = NAMED[call.name]
    seen = call.aws.clock() + call.aws.memory.get("invisible", 0)
    _named(call)[call.service, call.arguments[argument]] = seen, code


@refuses(ANY, source=EVENTUAL)
def name_not_found_yet(call: Call) -> None:
    """Until then its service does not find it; to make it again is another matter."""
    made = call.arguments.get(NAMED[call.name][0]) if call.name in NAMED else None
    for name in _strings(call.arguments):
        seen, code = _named(call).get((call.service, name), (0, ""))
        if name != made and call.aws.clock() < seen:
            raise Refusal(code, f"{name} cannot be found.", 404)


def _named(call: Call) -> dict[tuple[str, str], tuple[float, str]]:
    named: dict[tuple[str, str], tuple[float, str]] = call.aws.memory.setdefault("named from", {})
    return named


def _born(call: Call) -> dict[str, float]:
    born: dict[str, float] = call.aws.memory.setdefault("visible from", {})
    return born


def _hidden(call: Call, ids: set[str]) -> bool:
    return any(call.aws.clock() < _born(call).get(id, 0) for id in ids)


def _own_ids(item: Any) -> Iterator[str]:
    """The ids that a described thing is known by: its own fields', and those of a reservation's instances."""
    if isinstance(item, dict):
        for key, value in item.items():
            if isinstance(value, str) and key.endswith("Id"):
                yield value
            elif key == "Instances":
                for each in value:
                    yield each["InstanceId"]


def _ids(value: Any) -> Iterator[str]:
    for each in _strings(value):
        if each.startswith(tuple(CODES)):
            yield each


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
