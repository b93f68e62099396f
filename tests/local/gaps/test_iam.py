"""IAM answers as AWS does."""

from collections.abc import Callable
from typing import Any


def test_managed_policy_of_session_manager(client: Callable[[str], Any]) -> None:
    iam = client("iam")
    iam.create_role(RoleName="demo", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    iam.attach_role_policy(RoleName="demo", PolicyArn=policy)
    (attached,) = iam.list_attached_role_policies(RoleName="demo")["AttachedPolicies"]
    assert attached["PolicyArn"] == policy
    iam.detach_role_policy(RoleName="demo", PolicyArn=policy)
    iam.delete_role(RoleName="demo")
