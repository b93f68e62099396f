"""What the host may do: a role with one policy, and the instance profile that carries it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import NotOurs
from provisioner.model import Change, Fact, Found, Refs, Resource
from provisioner.resources.tagged import TAGS, Tagged

MISSING = "NoSuchEntity"
POLICY = "host"

SERVICE_ROLES = {
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
}
"""The roles by which the services act in the account; a new account has none."""


@dataclass(frozen=True)
class Grant:
    """Actions on one resource: an ARN, or a Fact that is one, with a suffix; {partition}, {region},
    {account} and {stack} are filled in."""

    actions: tuple[str, ...]
    resource: str | Fact
    suffix: str = ""


@dataclass(frozen=True)
class Role(Tagged):
    """What an EC2 instance may do, as one inline policy."""

    grants: tuple[Grant, ...]
    kind: ClassVar[str] = "role"

    def id(self, cloud: Cloud) -> str:
        return _global_name(cloud, self)

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(MISSING, cloud.iam.get_role, RoleName=self.id(cloud))
        if answer is None:
            return None
        role = answer["Role"]
        if not cloud.owns(role.get("Tags", [])):
            raise NotOurs(self.name, role["RoleName"], cloud.stack)
        return Found(role["RoleName"], {"arn": role["Arn"], TAGS: role["Tags"]})

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        answer = unless(MISSING, cloud.iam.get_role_policy, RoleName=found.id, PolicyName=POLICY)
        now, wanted = answer and answer["PolicyDocument"], self._policy(cloud, refs)
        return [] if now == wanted else [Change("policy", "another" if now else None, "ours")]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        cloud.iam.create_role(
            RoleName=self.id(cloud),
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            Description=f"The web host of stack {cloud.stack}",
            Tags=cloud.tag_list(self.name),
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.iam.put_role_policy(
            RoleName=found.id, PolicyName=POLICY, PolicyDocument=json.dumps(self._policy(cloud, refs))
        )

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.iam.tag_role(RoleName=found.id, Tags=cloud.tag_list(self.name))

    def delete(self, cloud: Cloud, found: Found) -> None:
        # A role can't be deleted while it has policies or profiles, ours or anybody's.
        name = {"RoleName": found.id}

        def listed(operation: str, key: str) -> list[Any]:
            return unless(MISSING, cloud.iam.all, operation=operation, key=key, **name) or []

        for profile in listed("list_instance_profiles_for_role", "InstanceProfiles"):
            unless(
                MISSING,
                cloud.iam.remove_role_from_instance_profile,
                InstanceProfileName=profile["InstanceProfileName"],
                **name,
            )
        for attached in listed("list_attached_role_policies", "AttachedPolicies"):
            unless(MISSING, cloud.iam.detach_role_policy, PolicyArn=attached["PolicyArn"], **name)
        for policy in listed("list_role_policies", "PolicyNames"):
            unless(MISSING, cloud.iam.delete_role_policy, PolicyName=policy, **name)
        unless(MISSING, cloud.iam.delete_role, **name)

    def _policy(self, cloud: Cloud, refs: Refs) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": list(grant.actions),
                    "Resource": refs.value(grant.resource).format(
                        partition=cloud.partition,
                        region=cloud.region,
                        account=cloud.account,
                        stack=cloud.stack,
                    )
                    + grant.suffix,
                }
                for grant in self.grants
            ],
        }


@dataclass(frozen=True)
class InstanceProfile(Tagged):
    """The role in the form that an instance can carry."""

    role: Role
    kind: ClassVar[str] = "instance profile"

    def id(self, cloud: Cloud) -> str:
        return _global_name(cloud, self)

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(MISSING, cloud.iam.get_instance_profile, InstanceProfileName=self.id(cloud))
        if answer is None:
            return None
        profile = answer["InstanceProfile"]
        if not cloud.owns(profile.get("Tags", [])):
            raise NotOurs(self.name, profile["InstanceProfileName"], cloud.stack)
        roles = [role["RoleName"] for role in profile["Roles"]]
        return Found(
            profile["InstanceProfileName"], {"roles": roles, "arn": profile["Arn"], TAGS: profile["Tags"]}
        )

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        wanted = [refs.id(self.role)]
        return [] if found.facts["roles"] == wanted else [Change("role", found.facts["roles"], wanted)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.iam.create_instance_profile(InstanceProfileName=self.id(cloud), Tags=cloud.tag_list(self.name))

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        self._empty(cloud, found)  # a profile holds one role at most
        cloud.iam.add_role_to_instance_profile(InstanceProfileName=found.id, RoleName=refs.id(self.role))

    def delete(self, cloud: Cloud, found: Found) -> None:
        self._empty(cloud, found)
        unless(MISSING, cloud.iam.delete_instance_profile, InstanceProfileName=found.id)

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.iam.tag_instance_profile(InstanceProfileName=found.id, Tags=cloud.tag_list(self.name))

    def _empty(self, cloud: Cloud, found: Found) -> None:
        for role in found.facts["roles"]:
            unless(
                MISSING,
                cloud.iam.remove_role_from_instance_profile,
                InstanceProfileName=found.id,
                RoleName=role,
            )


def ensure_service_linked_role(cloud: Cloud, service: str) -> None:
    """Make the role that a service needs in an account, where it is the first to need it.

    It belongs to the account and is never deleted. The services make it themselves, but their first call may
    fail meanwhile. https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html
    """
    if unless(MISSING, cloud.iam.get_role, RoleName=SERVICE_ROLES[service]) is None:
        # InvalidInput: somebody made it since.
        unless("InvalidInput", cloud.iam.create_service_linked_role, AWSServiceName=service)


def _global_name(cloud: Cloud, resource: Resource) -> str:
    """IAM has no regions: the same stack in two of them must not share a role."""
    return f"{cloud.name(resource.name)}-{cloud.region}"
