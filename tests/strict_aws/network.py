"""EC2's rules: what depends on what in a VPC, and how long things take to come and to go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2 import ec2_backends

from tests.strict_aws import caches, databases
from tests.strict_aws.layer import ACCOUNT, REGION, Call, Instead, Refusal, StrictAws, Uses, answers, refuses

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
DELETE_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html"
NAT_TROUBLE = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html"
NAT_STATES = f"{API}/API_NatGateway.html"
INTERFACES = "https://github.com/hashicorp/terraform-provider-aws/issues/10329"
LIFE_OF_AN_INSTANCE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html"
TOKENS = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html"


def backend() -> Any:
    """What the emulator knows of EC2."""
    return ec2_backends[ACCOUNT][REGION]


# How things come.


@answers("ec2.CreateVpc", "ec2.CreateSubnet", source=f"{API}/API_Vpc.html")
def networks_begin_pending(call: Call, answer: dict[str, Any]) -> None:
    """A VPC and a subnet are pending before they are available."""
    kind = "vpc" if "Vpc" in answer else "subnet"
    id = answer["Vpc"]["VpcId"] if kind == "vpc" else answer["Subnet"]["SubnetId"]
    call.aws.lives.pass_through(kind, id, "pending", call.aws.takes(kind, "pending"), "available")


@answers("ec2.CreateNatGateway", source=NAT_STATES)
def nat_gateways_take_minutes(call: Call, answer: dict[str, Any]) -> None:
    """A NAT gateway is pending for minutes, and may then be failed, with a code and a message."""
    id = answer["NatGateway"]["NatGatewayId"]
    then = "failed" if _failure(call) else "available"
    if then == "failed":
        call.aws.memory.setdefault("failed", {})[id] = _failure(call)
        call.aws.memory.get("fails", {}).pop("nat", None)  # the next one succeeds
    call.aws.lives.pass_through("nat", id, "pending", call.aws.takes("nat", "pending"), then)
    if token := call.arguments.get("ClientToken"):
        call.aws.memory.setdefault("nat tokens", {})[token] = id


def _failure(call: Call) -> tuple[str, str] | None:
    failure: tuple[str, str] | None = call.aws.memory.get("fails", {}).get("nat")
    private = call.arguments.get("ConnectivityType") == "private"
    if failure is None and not private and not _attached(_vpc_of(call.arguments["SubnetId"])):
        failure = ("Gateway.NotAttached", "Network vpc has no Internet gateway attached")
    return failure


@refuses("ec2.CreateNatGateway", source=TOKENS)
def a_nat_gateways_token_is_remembered(call: Call) -> None:
    """A client token that was seen before answers with its gateway, even with one that is gone since."""
    id = call.aws.memory.get("nat tokens", {}).get(call.arguments.get("ClientToken"))
    if id is not None:
        gateway = backend().nat_gateways[id]
        raise Instead({"NatGateway": {"NatGatewayId": id, "SubnetId": gateway.subnet_id, "Tags": []}})


@answers("ec2.RunInstances", source=LIFE_OF_AN_INSTANCE)
def instances_begin_pending(call: Call, answer: dict[str, Any]) -> None:
    """An instance is pending before it runs. One that a token found again keeps its age."""
    for instance in answer["Instances"]:
        if call.aws.lives.state("instance", instance["InstanceId"]) is None:
            seconds = call.aws.takes("instance", "pending")
            call.aws.lives.pass_through("instance", instance["InstanceId"], "pending", seconds, "running")


# What they are shown as.


@answers("ec2.DescribeVpcs", "ec2.DescribeSubnets", "ec2.DescribeNatGateways", source=NAT_STATES)
def states_of_networks(call: Call, answer: dict[str, Any]) -> None:
    """The state that each is in at this moment; a failed gateway with its reason."""
    for key, kind, id in (
        ("Vpcs", "vpc", "VpcId"),
        ("Subnets", "subnet", "SubnetId"),
        ("NatGateways", "nat", "NatGatewayId"),
    ):
        for each in answer.get(key, []):
            each["State"] = call.aws.lives.state(kind, each[id]) or each["State"]
            if each["State"] == "failed":
                each["FailureCode"], each["FailureMessage"] = call.aws.memory["failed"][each[id]]


@answers("ec2.DescribeInstances", source=LIFE_OF_AN_INSTANCE)
def states_of_instances(call: Call, answer: dict[str, Any]) -> None:
    """The state that each is in; a pending one has no public address yet."""
    for reservation in answer["Reservations"]:
        for instance in reservation["Instances"]:
            state = call.aws.lives.state("instance", instance["InstanceId"])
            if state is not None and instance["State"]["Name"] in ("running", "terminated"):
                instance["State"]["Name"] = state
            if state == "pending":
                instance.pop("PublicIpAddress", None)


# How they go.


@answers("ec2.DeleteNatGateway", source=NAT_STATES)
def nat_gateways_leave_slowly(call: Call, answer: dict[str, Any]) -> None:
    """A NAT gateway is deleting for a while, and is then shown as deleted for an hour."""
    seconds = call.aws.takes("nat", "deleting")
    id = call.arguments["NatGatewayId"]
    if call.aws.lives.state("nat", id) not in ("deleting", "deleted"):
        call.aws.lives.pass_through("nat", id, "deleting", seconds, "deleted")


@refuses("ec2.TerminateInstances", source=f"{API}/API_TerminateInstances.html")
def terminating_twice_is_no_error(call: Call) -> None:
    """Each call succeeds."""
    if all(call.aws.lives.state("instance", id) == "terminated" for id in call.arguments["InstanceIds"]):
        raise Instead({"TerminatingInstances": []})


@answers("ec2.TerminateInstances", source=LIFE_OF_AN_INSTANCE)
def instances_shut_down(call: Call, answer: dict[str, Any]) -> None:
    """An instance is shutting-down for a while, and is then shown as terminated for an hour."""
    seconds = call.aws.takes("instance", "shutting-down")
    for id in call.arguments["InstanceIds"]:
        if call.aws.lives.state("instance", id) not in ("shutting-down", "terminated"):
            call.aws.lives.pass_through("instance", id, "shutting-down", seconds, "terminated")
            # Its interface outlives it.
            lingers = seconds + call.aws.takes("interface", "lingering")
            call.aws.lives.pass_through("interface", id, "lingering", lingers, None)


# What they prevent meanwhile.


@refuses("ec2.DeleteSecurityGroup", source=INTERFACES)
def groups_in_use_stay(call: Call) -> None:
    """A group is not deleted while an interface is in it, or a rule of another group names it."""
    id = call.arguments["GroupId"]
    groups, _ = _in_use(call.aws)
    named = {
        rule.source_group.get("GroupId")
        for group in backend().describe_security_groups()
        if group.group_id != id
        for rule in (*group.ingress_rules, *group.egress_rules)
    }
    if id in groups | named:
        raise Refusal("DependencyViolation", f"resource {id} has a dependent object")


@refuses("ec2.DeleteSubnet", source=DELETE_VPC)
def subnets_in_use_stay(call: Call) -> None:
    """A subnet is not deleted while an interface is in it."""
    id = call.arguments["SubnetId"]
    if id in _in_use(call.aws)[1]:
        message = f"The subnet '{id}' has dependencies and cannot be deleted."
        raise Refusal("DependencyViolation", message)


@refuses("ec2.DetachInternetGateway", source=DELETE_VPC)
def the_gateway_stays_under_public_addresses(call: Call) -> None:
    """An internet gateway is not detached while something in its VPC has a public address."""
    vpc = call.arguments["VpcId"]
    if any(_vpc_of(subnet) == vpc for subnet in _public(call.aws)):
        message = f"Network {vpc} has some mapped public address(es). "
        raise Refusal("DependencyViolation", message + "Please unmap those before detaching the gateway.")


@refuses("ec2.DeleteInternetGateway", source=f"{API}/API_DeleteInternetGateway.html")
def an_attached_gateway_stays(call: Call) -> None:
    """An internet gateway is not deleted while it is attached."""
    id = call.arguments["InternetGatewayId"]
    gateway = backend().internet_gateways.get(id)
    if gateway is not None and gateway.vpc:
        message = f"The internetGateway '{id}' has dependencies and cannot be deleted."
        raise Refusal("DependencyViolation", message)


@refuses("ec2.ReleaseAddress", source=NAT_TROUBLE)
def a_gateways_address_stays(call: Call) -> None:
    """An address is not released while a NAT gateway has it."""
    id = call.arguments["AllocationId"]
    if any(id == address["allocationId"] for nat in _nats(call.aws) for address in nat.address_set):
        raise Refusal("InvalidIPAddress.InUse", f"The address with allocation id [{id}] is in use.")


@refuses("ec2.DeleteRouteTable", source=f"{API}/API_DeleteRouteTable.html")
def an_associated_table_stays(call: Call) -> None:
    """A route table is not deleted while subnets are associated with it."""
    id = call.arguments["RouteTableId"]
    table = backend().route_tables.get(id)
    if table is not None and table.associations:
        raise Refusal("DependencyViolation", f"The routeTable '{id}' has dependencies and cannot be deleted.")


@refuses("ec2.DeleteVpc", source=DELETE_VPC)
def a_vpc_goes_last(call: Call) -> None:
    """A VPC is not deleted while anything is in it but its main route table and its default group."""
    vpc = call.arguments["VpcId"]
    known = backend()
    inside = [
        *(each for each in known.describe_subnets() if each.vpc_id == vpc),
        *(each for each in known.internet_gateways.values() if each.vpc and each.vpc.id == vpc),
        *(g for g in known.describe_security_groups() if g.vpc_id == vpc and g.name != "default"),
        *(t for t in known.route_tables.values() if t.vpc_id == vpc and not t.main_association_id),
    ]
    if inside:
        raise Refusal("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted.")


def _in_use(aws: StrictAws) -> Uses:
    """Every security group and subnet with an interface in it, whoever's it is."""
    groups: set[str] = set()
    subnets: set[str] = {gateway.subnet_id for gateway in _nats(aws)}
    for instance in _instances(aws, lingering=True):
        groups |= {group.id for group in instance.security_groups}
        subnets.add(instance.subnet_id)
    for more_groups, more_subnets in (databases.in_use(aws), caches.in_use(aws)):
        groups |= more_groups
        subnets |= more_subnets
    return groups, subnets


def _instances(aws: StrictAws, *, lingering: bool = False) -> Iterator[Any]:
    """The instances that are not terminated, and those whose interfaces are still there."""
    for reservation in backend().reservations.values():
        for instance in reservation.instances:
            alive = instance.state != "terminated" or aws.lives.on_its_way("instance", instance.id)
            if alive or (lingering and aws.lives.on_its_way("interface", instance.id)):
                yield instance


def _nats(aws: StrictAws) -> Iterator[Any]:
    """The NAT gateways that hold an interface and an address."""
    for gateway in backend().nat_gateways.values():
        state = aws.lives.state("nat", gateway.id) or gateway.state
        if state not in ("deleted", "failed"):
            yield gateway


def _public(aws: StrictAws) -> Iterator[str]:
    """The subnets in which something has a public address."""
    yield from (gateway.subnet_id for gateway in _nats(aws))
    yield from (instance.subnet_id for instance in _instances(aws) if instance.public_ip)


def _vpc_of(subnet: str) -> str:
    return str(next(each.vpc_id for each in backend().describe_subnets() if each.id == subnet))


def _attached(vpc: str) -> bool:
    return any(each.vpc and each.vpc.id == vpc for each in backend().internet_gateways.values())
