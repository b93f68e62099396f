"""EC2's kinds: all of them are listed with filters, by our tag or by our names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from provisioner import cost
from provisioner.aws import STACK_TAG, Cloud
from provisioner.sweep.kinds import DAY, Leftover, daily, stored


@dataclass(frozen=True)
class Ec2Kind:
    """One of EC2's kinds: all of them are listed with filters."""

    name: str
    operation: str
    items: str
    id: str
    remove: str
    price: Callable[[Any], float | None] = lambda item: 0.0
    there: Callable[[Any], bool] = lambda item: True
    leaving: Callable[[Any], bool] = lambda item: False
    inner: str = ""
    """The list within each item that holds the things themselves."""

    def list(self, cloud: Cloud, filters: list[dict[str, Any]]) -> Iterator[Any]:
        key = "Filter" if self.name == "NAT gateway" else "Filters"
        arguments: dict[str, Any] = {key: filters}
        if self.name == "address":  # has no pages
            yield from cloud.ec2.describe_addresses(**arguments)["Addresses"]
            return
        if self.name == "snapshot":
            arguments["OwnerIds"] = ["self"]
        for item in cloud.ec2.all(self.operation, self.items, **arguments):
            yield from item[self.inner] if self.inner else [item]


KINDS = (
    Ec2Kind(
        "instance",
        "describe_instances",
        "Reservations",
        "InstanceId",
        "aws ec2 terminate-instances --instance-ids {id} --region {region}",
        price=lambda item: daily(cost.INSTANCES.get(item["InstanceType"])),
        there=lambda item: bool(item["State"]["Name"] != "terminated"),
        leaving=lambda item: bool(item["State"]["Name"] == "shutting-down"),
        inner="Instances",
    ),
    Ec2Kind(
        "volume",
        "describe_volumes",
        "Volumes",
        "VolumeId",
        "aws ec2 delete-volume --volume-id {id} --region {region}",
        price=lambda item: stored(item["Size"], cost.GP3),
        leaving=lambda item: bool(item["State"] == "deleting"),
    ),
    Ec2Kind(
        "snapshot",
        "describe_snapshots",
        "Snapshots",
        "SnapshotId",
        "aws ec2 delete-snapshot --snapshot-id {id} --region {region}",
        price=lambda item: stored(item["VolumeSize"], cost.EBS_SNAPSHOT),
    ),
    Ec2Kind(
        "address",
        "describe_addresses",
        "Addresses",
        "AllocationId",
        "aws ec2 release-address --allocation-id {id} --region {region}",
        price=lambda item: cost.ADDRESS * DAY,
    ),
    Ec2Kind(
        "NAT gateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        "aws ec2 delete-nat-gateway --nat-gateway-id {id} --region {region}",
        price=lambda item: cost.NAT_GATEWAY * DAY if item["State"] in ("available", "pending") else 0.0,
        there=lambda item: bool(item["State"] != "deleted"),
        leaving=lambda item: bool(item["State"] == "deleting"),
    ),
    Ec2Kind(
        "network interface",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        "aws ec2 delete-network-interface --network-interface-id {id} --region {region}",
    ),
    Ec2Kind(
        "security group",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        "aws ec2 delete-security-group --group-id {id} --region {region}",
    ),
    Ec2Kind(
        "subnet",
        "describe_subnets",
        "Subnets",
        "SubnetId",
        "aws ec2 delete-subnet --subnet-id {id} --region {region}",
    ),
    Ec2Kind(
        "route table",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        "aws ec2 delete-route-table --route-table-id {id} --region {region}",
    ),
    Ec2Kind(
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "aws ec2 delete-internet-gateway --internet-gateway-id {id} --region {region}",
    ),
    Ec2Kind("VPC", "describe_vpcs", "Vpcs", "VpcId", "aws ec2 delete-vpc --vpc-id {id} --region {region}"),
)


def leftovers(cloud: Cloud, kind: Ec2Kind, names: set[str]) -> Iterator[Leftover]:
    """What carries our tag, or has one of our names and no stack's tag."""
    ours = [{"Name": f"tag:{STACK_TAG}", "Values": [cloud.stack]}]
    named = [{"Name": "tag:Name", "Values": sorted(names)}]
    for why, filters in (("tag", ours), ("name", named)):
        for item in kind.list(cloud, filters):
            tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
            if kind.there(item) and (why == "tag" or STACK_TAG not in tags):
                yield Leftover(
                    kind.name,
                    item[kind.id],
                    why,
                    kind.price(item),
                    kind.remove.format(id=item[kind.id], region=cloud.region),
                    leaving=kind.leaving(item),
                )
