"""IAM answers as AWS does."""

from collections.abc import Callable
from typing import Any


def test_a_services_role_is_found_by_its_name(client: Callable[[str], Any]) -> None:
    iam = client("iam")
    for service, role in (
        ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
        ("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache"),
    ):
        iam.create_service_linked_role(AWSServiceName=service)
        assert iam.get_role(RoleName=role)["Role"]["Path"] == f"/aws-service-role/{service}/"


def test_managed_policy_of_session_manager(client: Callable[[str], Any]) -> None:
    iam = client("iam")
    iam.create_role(RoleName="demo", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    iam.attach_role_policy(RoleName="demo", PolicyArn=policy)
    (attached,) = iam.list_attached_role_policies(RoleName="demo")["AttachedPolicies"]
    assert attached["PolicyArn"] == policy
    iam.detach_role_policy(RoleName="demo", PolicyArn=policy)
    iam.delete_role(RoleName="demo")
