"""The network: a VPC, its subnets, its way out, and its routes. All of it is found by tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange
from provisioner.model import Change, Condition, Found, Refs
from provisioner.resources.tagged import TAGS, Tagged, only

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Vpc(Tagged):
    """A network of its own, with DNS host names; its range is fixed for life."""

    cidr: str
    kind: ClassVar[str] = "VPC"

    def find(self, cloud: Cloud) -> Found | None:
        vpc = self.look_up(cloud, "describe_vpcs", "Vpcs", "VpcId")
        if vpc is None:
            return None
        facts = {"cidr": vpc["CidrBlock"], TAGS: vpc["Tags"]}
        return Found(vpc["VpcId"], facts, vpc["State"], _pending(vpc["State"]))

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if found.facts["cidr"] != self.cidr:
            raise CannotChange(self.name, "its range", found.facts["cidr"], self.cidr)
        answer = cloud.ec2.describe_vpc_attribute(VpcId=found.id, Attribute="enableDnsHostnames")
        return [] if answer["EnableDnsHostnames"]["Value"] else [Change("DNS host names", False, True)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.create_vpc(
            CidrBlock=self.cidr, TagSpecifications=cloud.tag_specifications(self.name, "vpc")
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.ec2.modify_vpc_attribute(VpcId=found.id, EnableDnsHostnames={"Value": True})

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("InvalidVpcID.NotFound", cloud.ec2.delete_vpc, VpcId=found.id)


@dataclass(frozen=True)
class InternetGateway(Tagged):
    """The VPC's door to the internet."""

    vpc: Vpc
    kind: ClassVar[str] = "internet gateway"

    def find(self, cloud: Cloud) -> Found | None:
        gateway = self.look_up(cloud, "describe_internet_gateways", "InternetGateways", "InternetGatewayId")
        if gateway is None:
            return None
        attached = [each["VpcId"] for each in gateway.get("Attachments", [])]
        return Found(gateway["InternetGatewayId"], {"vpcs": attached, TAGS: gateway["Tags"]})

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        attached, vpc = found.facts["vpcs"], refs.id(self.vpc)
        if attached and attached != [vpc]:
            raise CannotChange(self.name, "its VPC", attached[0], vpc, "detach it by hand")
        return [] if attached else [Change("attachment", None, vpc)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.create_internet_gateway(
            TagSpecifications=cloud.tag_specifications(self.name, "internet-gateway")
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.ec2.attach_internet_gateway(InternetGatewayId=found.id, VpcId=refs.id(self.vpc))

    def delete(self, cloud: Cloud, found: Found) -> None:
        for vpc in found.facts["vpcs"]:
            unless(
                ("Gateway.NotAttached", "InvalidInternetGatewayID.NotFound"),
                cloud.ec2.detach_internet_gateway,
                InternetGatewayId=found.id,
                VpcId=vpc,
            )
        unless(
            "InvalidInternetGatewayID.NotFound", cloud.ec2.delete_internet_gateway, InternetGatewayId=found.id
        )


@dataclass(frozen=True)
class Subnet(Tagged):
    """One zone's slice of a VPC, fixed in range and zone for life. `public` gives its hosts an address."""

    vpc: Vpc
    cidr: str
    zone: str
    public: bool = False
    kind: ClassVar[str] = "subnet"

    def find(self, cloud: Cloud) -> Found | None:
        subnet = self.look_up(cloud, "describe_subnets", "Subnets", "SubnetId")
        if subnet is None:
            return None
        facts = {
            "cidr": subnet["CidrBlock"],
            "zone": subnet["AvailabilityZone"],
            "public": subnet["MapPublicIpOnLaunch"],
            TAGS: subnet["Tags"],
        }
        return Found(subnet["SubnetId"], facts, subnet["State"], _pending(subnet["State"]))

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        for fact, wanted in (("cidr", self.cidr), ("zone", self.zone)):
            if found.facts[fact] != wanted:
                raise CannotChange(self.name, f"its {fact}", found.facts[fact], wanted)
        if found.facts["public"] == self.public:
            return []
        return [Change("public addresses", found.facts["public"], self.public)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.create_subnet(
            VpcId=refs.id(self.vpc),
            CidrBlock=self.cidr,
            AvailabilityZone=self.zone,
            TagSpecifications=cloud.tag_specifications(self.name, "subnet"),
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.ec2.modify_subnet_attribute(SubnetId=found.id, MapPublicIpOnLaunch={"Value": self.public})

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("InvalidSubnetID.NotFound", cloud.ec2.delete_subnet, SubnetId=found.id)


@dataclass(frozen=True)
class Address(Tagged):
    """A public IPv4 address that stays the same."""

    kind: ClassVar[str] = "address"

    def find(self, cloud: Cloud) -> Found | None:
        # DescribeAddresses has no pages.
        addresses = cloud.ec2.describe_addresses(Filters=cloud.tag_filters(self.name))["Addresses"]
        address = only(self, addresses, "AllocationId")
        if address is None:
            return None
        return Found(address["AllocationId"], {"ip": address["PublicIp"], TAGS: address["Tags"]})

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.allocate_address(
            Domain="vpc", TagSpecifications=cloud.tag_specifications(self.name, "elastic-ip")
        )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("InvalidAllocationID.NotFound", cloud.ec2.release_address, AllocationId=found.id)


@dataclass(frozen=True)
class NatGateway(Tagged):
    """The way out for hosts without a public address. AWS bills it by the hour, used or not."""

    subnet: Subnet
    address: Address
    gateway: InternetGateway
    """Not an argument of the call, but AWS refuses a NAT gateway in a VPC without one."""
    kind: ClassVar[str] = "NAT gateway"
    create_seconds: ClassVar[float] = 900
    delete_seconds: ClassVar[float] = 900

    def find(self, cloud: Cloud) -> Found | None:
        gateways = [each for each in self._all(cloud) if each["State"] != "deleted"]
        gateway = only(self, gateways, "NatGatewayId")
        if gateway is None:
            return None
        state = gateway["State"]
        condition = {
            "pending": Condition.PENDING,
            "deleting": Condition.GOING,
            "failed": Condition.FAILED,
        }.get(state, Condition.READY)
        facts = {
            "subnet": gateway["SubnetId"],
            TAGS: gateway["Tags"],
            "failure": f"{gateway.get('FailureCode', '')} {gateway.get('FailureMessage', '')}".strip(),
        }
        return Found(gateway["NatGatewayId"], facts, state, condition)

    def create(self, cloud: Cloud, refs: Refs) -> None:
        # A client token answers with its gateway for an hour, even one that has been deleted since.
        dead = sum(each["State"] in ("deleted", "failed") for each in self._all(cloud))
        cloud.ec2.create_nat_gateway(
            SubnetId=refs.id(self.subnet),
            AllocationId=refs.id(self.address),
            ClientToken=cloud.token(self.name, refs.id(self.subnet.vpc), dead),
            TagSpecifications=cloud.tag_specifications(self.name, "natgateway"),
        )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("NatGatewayNotFound", cloud.ec2.delete_nat_gateway, NatGatewayId=found.id)

    def reason(self, cloud: Cloud, found: Found) -> str:
        return str(found.facts["failure"])

    def _all(self, cloud: Cloud) -> list[Any]:
        filters = cloud.tag_filters(self.name)
        gateways: list[Any] = cloud.ec2.all("describe_nat_gateways", "NatGateways", Filter=filters)
        return gateways


@dataclass(frozen=True)
class RouteTable(Tagged):
    """Where the traffic of some subnets goes: within the VPC, and out by `way_out` if there is one."""

    vpc: Vpc
    subnets: tuple[Subnet, ...]
    way_out: InternetGateway | NatGateway | None = None
    kind: ClassVar[str] = "route table"

    def find(self, cloud: Cloud) -> Found | None:
        table = self.look_up(cloud, "describe_route_tables", "RouteTables", "RouteTableId")
        if table is None:
            return None
        routes = [each for each in table["Routes"] if each.get("DestinationCidrBlock") == ANYWHERE]
        target = next((r.get("GatewayId") or r.get("NatGatewayId") for r in routes), None)
        associations = {
            each["SubnetId"]: each["RouteTableAssociationId"]
            for each in table["Associations"]
            if "SubnetId" in each
        }
        facts = {"way out": target, "associations": associations, TAGS: table["Tags"]}
        return Found(table["RouteTableId"], facts)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        changes = []
        target = refs.id(self.way_out) if self.way_out else None
        if found.facts["way out"] != target:
            changes.append(Change("way out", found.facts["way out"], target))
        if missing := self._missing(found, refs):
            changes.append(Change("subnets", sorted(found.facts["associations"]), missing))
        return changes

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.create_route_table(
            VpcId=refs.id(self.vpc), TagSpecifications=cloud.tag_specifications(self.name, "route-table")
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        for change in changes:
            if change.what == "way out":
                self._route(cloud, found, refs)
            else:
                for subnet in self._missing(found, refs):
                    cloud.ec2.associate_route_table(RouteTableId=found.id, SubnetId=subnet)

    def _missing(self, found: Found, refs: Refs) -> list[str]:
        """The ids of those subnets that are not associated yet."""
        return sorted({refs.id(subnet) for subnet in self.subnets} - found.facts["associations"].keys())

    def _route(self, cloud: Cloud, found: Found, refs: Refs) -> None:
        route = {"RouteTableId": found.id, "DestinationCidrBlock": ANYWHERE}
        if self.way_out is None:
            cloud.ec2.delete_route(**route)
            return
        key = "NatGatewayId" if isinstance(self.way_out, NatGateway) else "GatewayId"
        put = cloud.ec2.replace_route if found.facts["way out"] else cloud.ec2.create_route
        put(**route, **{key: refs.id(self.way_out)})

    def delete(self, cloud: Cloud, found: Found) -> None:
        for association in found.facts["associations"].values():
            unless(
                "InvalidAssociationID.NotFound", cloud.ec2.disassociate_route_table, AssociationId=association
            )
        unless("InvalidRouteTableID.NotFound", cloud.ec2.delete_route_table, RouteTableId=found.id)


def _pending(state: str) -> Condition:
    return Condition.PENDING if state == "pending" else Condition.READY
