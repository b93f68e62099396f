"""AWS's quotas that a stack can run into, how much of each others use, and how much the stack needs.

What the stack has already is part of what it needs: a create that was cut off goes on in a full account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from provisioner.aws import Cloud, unless
from provisioner.config import Config

STANDARD = "acdhimrtz"
"""The first letters of the families that share one quota of vCPUs:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html"""


@dataclass(frozen=True)
class Quota:
    """One quota by its codes in Service Quotas, which a person needs to ask for more."""

    service: str
    code: str
    what: str
    used: Callable[[Cloud], float]
    needed: Callable[[Config, Cloud], float] = lambda config, cloud: 1

    def problem(self, config: Config, cloud: Cloud) -> str:
        """Why the stack does not fit, in one line; empty if it does."""
        needed = self.needed(config, cloud)
        if not needed:
            return ""
        limit, used = self._limit(cloud), self.used(cloud)
        if limit is None or used + needed <= limit:
            return ""
        return (
            f"{self.what}: others use {used:g} of {limit:g} in {cloud.region} and this needs {needed:g}: "
            f"free some, or ask for more (Service Quotas, {self.service}, {self.code})"
        )

    def _limit(self, cloud: Cloud) -> float | None:
        quotas = cloud.service("service-quotas")
        where = {"ServiceCode": self.service, "QuotaCode": self.code}
        # A quota that was never raised may be known as a default only.
        answer = unless("NoSuchResourceException", quotas.get_service_quota, **where)
        answer = answer or unless("NoSuchResourceException", quotas.get_aws_default_service_quota, **where)
        return float(answer["Quota"]["Value"]) if answer else None


def _others(cloud: Cloud, items: Iterable[Any], tags: str = "Tags") -> list[Any]:
    return [item for item in items if not cloud.owns(item.get(tags, []))]


def _vpcs(cloud: Cloud) -> float:
    return len(_others(cloud, cloud.ec2.all("describe_vpcs", "Vpcs")))


def _gateways(cloud: Cloud) -> float:
    return len(_others(cloud, cloud.ec2.all("describe_internet_gateways", "InternetGateways")))


def _addresses(cloud: Cloud) -> float:
    return len(_others(cloud, cloud.ec2.describe_addresses()["Addresses"]))


def _databases(cloud: Cloud) -> float:
    return len(_others(cloud, cloud.rds.all("describe_db_instances", "DBInstances"), "TagList"))


def _vcpus(cloud: Cloud) -> float:
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = cloud.ec2.all("describe_instances", "Reservations", Filters=running)
    counts = Counter(
        each["InstanceType"]
        for reservation in reservations
        for each in _others(cloud, reservation["Instances"])
        if each["InstanceType"][0] in STANDARD and each.get("InstanceLifecycle") != "spot"
    )
    return sum(count * _vcpus_of(cloud, type) for type, count in counts.items())


def _host_vcpus(config: Config, cloud: Cloud) -> float:
    return _vcpus_of(cloud, config.instance_type) if config.instance_type[0] in STANDARD else 0


def _vcpus_of(cloud: Cloud, type: str) -> float:
    answer = unless("InvalidInstanceType", cloud.ec2.describe_instance_types, InstanceTypes=[type])
    return float(answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]) if answer else 0


QUOTAS = (
    Quota("vpc", "L-F678F1CE", "VPCs", _vpcs),
    Quota("vpc", "L-A4707A72", "internet gateways", _gateways),
    Quota("ec2", "L-0263D0A3", "elastic addresses", _addresses, lambda config, cloud: int(config.nat)),
    Quota("ec2", "L-1216C47A", "vCPUs of standard instances", _vcpus, _host_vcpus),
    Quota("rds", "L-7B6409FD", "databases", _databases),
)
"""https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html, each service's table"""
