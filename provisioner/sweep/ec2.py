"""EC2's kinds: most are listed with filters, by our tag and by our names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from provisioner import cost
from provisioner.aws import STACK_TAG
from provisioner.sweep.kinds import Item, Kind, Ours, daily, shown, stored

Query = Callable[[Ours], Iterable[dict[str, Any]]]


def _filtered(key: str = "Filters", *, name: str = "tag:Name", **more: object) -> Query:
    """A call by tag and one by name, which AWS mostly knows as a tag too."""

    def queries(ours: Ours) -> Iterable[dict[str, Any]]:
        yield {key: [{"Name": f"tag:{STACK_TAG}", "Values": [ours.stack]}], **more}
        yield {key: [{"Name": name, "Values": sorted(ours.names)}], **more}

    return queries


def _listed(ours: Ours) -> Iterable[dict[str, Any]]:
    """All there are: without pages, AWS refuses to list many."""
    yield {"PaginationConfig": {"PageSize": 1000}}


def _name_tag(item: Item) -> Iterable[str]:
    return [tag["Value"] for tag in item.get("Tags", []) if tag["Key"] == "Name"]


def _interface_names(item: Item) -> Iterable[str]:
    """Those of its groups too: what RDS and ElastiCache make for us carries no tag of ours."""
    named = [tag["Value"] for tag in item.get("TagSet", []) if tag["Key"] == "Name"]
    return [*named, *(group["GroupName"] for group in item.get("Groups", []))]


def _instance_price(item: Item) -> float | None:
    running = item["State"]["Name"] in ("pending", "running")
    return daily(cost.INSTANCES.get(item["InstanceType"])) if running else 0.0


def _interface_price(item: Item) -> float | None:
    """That of the public address that AWS lent it; one with an allocation is a thing of its own."""
    lent = item.get("Association", {})
    return daily(cost.ADDRESS) if lent.get("PublicIp") and not lent.get("AllocationId") else 0.0


def _nat_price(item: Item) -> float | None:
    return daily(cost.NAT_GATEWAY) if item["State"] in ("pending", "available") else 0.0


def _ec2(name: str, operation: str, items: str, id: str, arn: str, remove: str, **more: Any) -> Kind:
    more = {"queries": _filtered(), "names": _name_tag, **more}
    return Kind(name, "ec2", operation, items, id, f"ec2:{arn}/", f"ec2 {remove} {{id}}", **more)


KINDS = (
    _ec2(
        *("instance", "describe_instances", "Reservations.Instances", "InstanceId", "instance"),
        "terminate-instances --instance-ids",
        price=_instance_price,
        there=lambda item: item["State"]["Name"] != "terminated",
        leaving=lambda item: item["State"]["Name"] == "shutting-down",
    ),
    _ec2(
        *("volume", "describe_volumes", "Volumes", "VolumeId", "volume"),
        "delete-volume --volume-id",
        price=lambda item: stored(item["Size"], cost.VOLUMES.get(item["VolumeType"])),
        leaving=lambda item: item["State"] == "deleting",
    ),
    _ec2(
        *("snapshot", "describe_snapshots", "Snapshots", "SnapshotId", "snapshot"),
        "delete-snapshot --snapshot-id",
        queries=_filtered(OwnerIds=["self"]),  # else those that all the world shares
        # At most: blocks that an older snapshot has too, or that are empty, are not billed.
        price=lambda item: stored(item["VolumeSize"], cost.VOLUME_SNAPSHOT),
    ),
    _ec2(
        *("address", "describe_addresses", "Addresses", "AllocationId", "elastic-ip"),
        "release-address --allocation-id",
        pages=False,
        price=lambda item: daily(cost.ADDRESS),
    ),
    _ec2(
        *("NAT gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", "natgateway"),
        "delete-nat-gateway --nat-gateway-id",
        queries=_filtered("Filter"),
        price=_nat_price,
        there=lambda item: item["State"] != "deleted",
        leaving=lambda item: item["State"] == "deleting",
    ),
    _ec2(
        *("network interface", "describe_network_interfaces", "NetworkInterfaces"),
        *("NetworkInterfaceId", "network-interface"),
        "delete-network-interface --network-interface-id",
        queries=_listed,  # no filter knows a group's name
        names=_interface_names,
        tags=shown("TagSet"),
        price=_interface_price,
        removable=lambda item: item["Status"] == "available",  # else it goes with its owner
    ),
    _ec2(
        *("VPC", "describe_vpcs", "Vpcs", "VpcId", "vpc"),
        "delete-vpc --vpc-id",
    ),
    _ec2(
        *("subnet", "describe_subnets", "Subnets", "SubnetId", "subnet"),
        "delete-subnet --subnet-id",
    ),
    _ec2(
        *("security group", "describe_security_groups", "SecurityGroups", "GroupId", "security-group"),
        "delete-security-group --group-id",
        queries=_filtered(name="group-name"),
        names=lambda item: [item["GroupName"]],
    ),
    _ec2(
        *("route table", "describe_route_tables", "RouteTables", "RouteTableId", "route-table"),
        "delete-route-table --route-table-id",
    ),
    _ec2(
        *("internet gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
        *("internet-gateway", "delete-internet-gateway --internet-gateway-id"),
        removable=lambda item: not item.get("Attachments"),  # else it has to be detached before
    ),
)
