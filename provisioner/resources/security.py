"""Security groups: who may talk to whom, on which port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange
from provisioner.model import Change, Found, Refs
from provisioner.resources.network import Vpc
from provisioner.resources.tagged import TAGS, Tagged


@dataclass(frozen=True)
class SecurityGroup(Tagged):
    """Lets TCP in on one port, from an IPv4 range or from the members of another group; lets all out."""

    vpc: Vpc
    description: str
    port: int
    source: str | SecurityGroup
    """A range in canonical form, such as 10.0.0.0/16: AWS stores no other."""
    kind: ClassVar[str] = "security group"
    delete_seconds: ClassVar[float] = 900

    def find(self, cloud: Cloud) -> Found | None:
        group = self.look_up(cloud, "describe_security_groups", "SecurityGroups", "GroupId")
        if group is None:
            return None
        facts = {
            "vpc": group["VpcId"],
            "rules": frozenset(_rules(group["IpPermissions"])),
            "permissions": group["IpPermissions"],
            TAGS: group["Tags"],
        }
        return Found(group["GroupId"], facts)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if found.facts["vpc"] != refs.id(self.vpc):
            raise CannotChange(self.name, "its VPC", found.facts["vpc"], refs.id(self.vpc))
        wanted = {self._rule(refs)}
        if found.facts["rules"] == wanted:
            return []
        return [Change("rules", sorted(found.facts["rules"]), sorted(wanted))]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.ec2.create_security_group(
            GroupName=cloud.name(self.name),
            Description=self.description,
            VpcId=refs.id(self.vpc),
            TagSpecifications=cloud.tag_specifications(self.name, "security-group"),
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        wanted = self._rule(refs)
        # What is missing is added before what is too much goes: the port is never shut in between.
        if wanted not in found.facts["rules"]:
            unless(
                "InvalidPermission.Duplicate",
                cloud.ec2.authorize_security_group_ingress,
                GroupId=found.id,
                IpPermissions=[_permission(wanted)],
            )
        if excess := found.facts["rules"] - {wanted}:
            self._revoke(cloud, found.id, [_permission(rule) for rule in sorted(excess)])

    def delete(self, cloud: Cloud, found: Found) -> None:
        # A rule that names another group would keep that group from being deleted.
        if found.facts["permissions"]:
            self._revoke(cloud, found.id, found.facts["permissions"])
        unless("InvalidGroup.NotFound", cloud.ec2.delete_security_group, GroupId=found.id)

    def _revoke(self, cloud: Cloud, id: str, permissions: list[dict[str, Any]]) -> None:
        unless(
            ("InvalidPermission.NotFound", "InvalidGroup.NotFound"),
            cloud.ec2.revoke_security_group_ingress,
            GroupId=id,
            IpPermissions=permissions,
        )

    def _rule(self, refs: Refs) -> Rule:
        source = self.source if isinstance(self.source, str) else refs.id(self.source)
        return ("tcp", self.port, self.port, source)


Rule = tuple[str, int, int, str]
"""Protocol, first port, last port (-1 for all), and a range or a group's id."""


def _rules(permissions: list[dict[str, Any]]) -> list[Rule]:
    """AWS's nested permissions, one flat rule for each source."""
    return [
        (each["IpProtocol"], each.get("FromPort", -1), each.get("ToPort", -1), source)
        for each in permissions
        for source in (
            *(item["CidrIp"] for item in each.get("IpRanges", [])),
            *(item["CidrIpv6"] for item in each.get("Ipv6Ranges", [])),
            *(item["PrefixListId"] for item in each.get("PrefixListIds", [])),
            *(item["GroupId"] for item in each.get("UserIdGroupPairs", [])),
        )
    ]


def _permission(rule: Rule) -> dict[str, Any]:
    protocol, first, last, source = rule
    if source.startswith("sg-"):
        where: dict[str, Any] = {"UserIdGroupPairs": [{"GroupId": source}]}
    elif source.startswith("pl-"):
        where = {"PrefixListIds": [{"PrefixListId": source}]}
    elif ":" in source:
        where = {"Ipv6Ranges": [{"CidrIpv6": source}]}
    else:
        where = {"IpRanges": [{"CidrIp": source}]}
    ports = {} if first == -1 else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **where}
