"""IAM's rules: what was just made is not known everywhere, and some roles belong to the account."""

from __future__ import annotations

from typing import Any

from tests.strict_aws.layer import Call, Instead, Refusal, StrictAws, answers, refuses

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
EVENTUAL = f"{GUIDE}/troubleshoot.html#troubleshoot_general_eventual-consistency"
LAUNCH = "https://github.com/hashicorp/terraform-provider-aws/issues/15341"
WITHOUT = "https://github.com/ansible-collections/amazon.aws/issues/1061"
LINKED = f"{GUIDE}/using-service-linked-roles.html"

SERVICES = {
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
    "AWSServiceRoleForElastiCache": "elasticache.amazonaws.com",
}


def knows_role(aws: StrictAws, service: str) -> bool:
    """Has the account this service's role, and has the service heard of it?"""
    missing = service in aws.memory.get("roles that are missing", ())
    return not missing and aws.lives.state("service role", service) is None


@answers("iam.CreateInstanceProfile", source=EVENTUAL)
def a_new_profile_is_spread_slowly(call: Call, answer: dict[str, Any]) -> None:
    """EC2 hears of it some seconds later."""
    name, seconds = call.arguments["InstanceProfileName"], call.aws.takes("profile", "unknown")
    call.aws.lives.pass_through("profile", name, "unknown", seconds, None)


@refuses("ec2.RunInstances", source=LAUNCH)
def a_new_profile_is_unknown_to_ec2(call: Call) -> None:
    """A launch with a profile that was made seconds ago is refused."""
    name = call.arguments.get("IamInstanceProfile", {}).get("Name", "")
    if call.aws.lives.state("profile", name) is not None:
        message = f"Value ({name}) for parameter iamInstanceProfile.name is invalid. "
        raise Refusal("InvalidParameterValue", message + "Invalid IAM Instance Profile name")


@refuses("ec2.RunInstances", source=WITHOUT)
def a_launch_may_forget_its_profile(call: Call) -> None:
    """Or it goes through, without the profile: where a test sets memory["forgets the profile"]."""
    if call.aws.memory.pop("forgets the profile", False):
        del call.request["body"]["IamInstanceProfile.Name"]


@refuses("iam.GetRole", source=LINKED)
def an_account_has_its_services_roles(call: Call) -> None:
    """But a new one has none: where a test puts the services into memory["roles that are missing"]."""
    name = call.arguments["RoleName"]
    if name not in SERVICES:
        return
    if SERVICES[name] in call.aws.memory.get("roles that are missing", ()):
        raise Refusal("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    raise Instead({"Role": {"RoleName": name, "Path": f"/aws-service-role/{SERVICES[name]}/"}})


@refuses("iam.CreateServiceLinkedRole", source=LINKED)
def a_services_role_is_made_once(call: Call) -> None:
    """The second time it is refused; and the service hears of the first some seconds later."""
    missing = call.aws.memory.get("roles that are missing", set())
    service = call.arguments["AWSServiceName"]
    if service not in missing:
        message = "Service role name has been taken in this account, please try a different suffix."
        raise Refusal("InvalidInput", message)
    missing.remove(service)
    seconds = call.aws.takes("service role", "unknown")
    call.aws.lives.pass_through("service role", service, "unknown", seconds, None)
