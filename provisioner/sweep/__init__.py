"""What is left of a stack: a look at the account by tag and by name, beside all that the stack knows.

The other half of the promise: `down` deletes what it finds; this looks for what it could not have found. What
carries another stack's tag is another's, whatever its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import ClientError

from provisioner.aws import STACK_TAG, Cloud, error_code
from provisioner.errors import DENIED
from provisioner.model import Stack
from provisioner.resources.artifact import Bucket
from provisioner.sweep import ec2, services
from provisioner.sweep.kinds import Leftover
from provisioner.walk import THREADS

SETTLE_SECONDS = 120
"""How long what is on its way out is waited for before it is reported."""


@dataclass(frozen=True)
class Sweep:
    """What was found, the dearest first, and what these credentials may not look at, with AWS's code."""

    leftovers: Sequence[Leftover]
    unseen: Mapping[str, str]

    @property
    def clean(self) -> bool:
        """Everything was looked at, and nothing was there."""
        return not self.leftovers and not self.unseen


def sweep(stack: Stack, cloud: Cloud) -> Sweep:
    """Look for everything of the stack, by tag and by name. Only reads; waits for what is just leaving."""
    deadline = cloud.clock() + SETTLE_SECONDS
    while True:
        found = _look(stack, cloud)
        if not any(each.leaving for each in found.leftovers) or cloud.clock() >= deadline:
            return found
        cloud.sleep(5)


def _look(stack: Stack, cloud: Cloud) -> Sweep:
    names = {cloud.name(name) for name in stack.resources}
    names |= {f"{name}-{cloud.region}" for name in names}  # IAM's
    names.add(Bucket("bucket").id(cloud))
    looks = {kind.name: partial(ec2.leftovers, cloud, kind, names) for kind in ec2.KINDS}
    looks |= {kind: partial(look, cloud, names) for kind, look in services.LOOKS.items()}
    looks["anything else that is tagged"] = partial(_tagged, cloud)
    unseen: dict[str, str] = {}

    def run(kind: str) -> list[Leftover]:
        try:
            return list(looks[kind]())
        except ClientError as error:
            if error_code(error) not in DENIED:
                raise
            unseen[kind] = error_code(error)
            return []

    with ThreadPoolExecutor(THREADS) as pool:
        found = [each for some in pool.map(run, looks) for each in some]
    return Sweep(sorted(found, key=lambda each: (-(each.dollars_a_day or 0), each.kind, each.id)), unseen)


KNOWN = {
    "ec2": {
        *("instance", "volume", "snapshot", "elastic-ip", "natgateway", "network-interface"),
        *("vpc", "subnet", "security-group", "security-group-rule", "route-table", "internet-gateway"),
    },
    "rds": {"db", "snapshot", "subgrp", "auto-backup"},
    "elasticache": {"replicationgroup", "cluster", "snapshot", "subnetgroup", "parametergroup"},
    "elasticloadbalancing": {"loadbalancer"},
    "iam": {"role", "instance-profile"},
    "logs": {"log-group"},
    "s3": {""},
    "secretsmanager": {"secret"},
    "ssm": {"parameter"},
}
"""What is looked at directly: the tagging API goes on listing what has been deleted for a while."""


def _tagged(cloud: Cloud) -> Iterator[Leftover]:
    """Of kinds that nothing here makes."""
    tagging = cloud.service("resourcegroupstaggingapi")
    ours = [{"Key": STACK_TAG, "Values": [cloud.stack]}]
    for item in tagging.all("get_resources", "ResourceTagMappingList", TagFilters=ours):
        arn = item["ResourceARN"]
        service, rest = arn.split(":")[2], arn.split(":", 5)[5]
        separator = min((rest.find(each) for each in "/:" if each in rest), default=-1)
        kind = rest[:separator] if separator >= 0 else ""
        if kind not in KNOWN.get(service, ()):
            yield Leftover(f"{service} {kind}".strip(), arn, "tag", None, "")
