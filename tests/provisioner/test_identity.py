"""Names that stay reserved, buckets that are not empty, roles that others use, things that are gone."""

import json

import pytest

from provisioner import engine
from provisioner.events import Action
from tests.strict_aws.census import census

ROLE, PROFILE = "covid-host-role-us-east-1", "covid-host-profile-us-east-1"
SECRET = "covid/secret"


def test_a_profile_that_ec2_does_not_know_yet_is_waited_for(aws, site):
    stack, cloud = site()
    aws.strict.seconds["profile", "unknown"] = 20
    aws.strict.seconds["database", "creating"] = aws.strict.seconds["cache", "creating"] = 0
    engine.up(stack, cloud)
    assert census()["instance"] == 1
    instance = cloud.ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert instance["IamInstanceProfile"]["Arn"].endswith(PROFILE)


def test_roles_that_do_not_show_yet_are_not_made_twice(aws, site):
    stack, cloud = site()
    aws.strict.memory["invisible"] = 8
    engine.up(stack, cloud)
    assert aws.calls.count("CreateRole") == aws.calls.count("CreateInstanceProfile") == 1


def test_a_role_goes_with_what_others_gave_it(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    cloud.iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed)
    look = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [look]})
    cloud.iam.put_role_policy(RoleName=ROLE, PolicyName="theirs", PolicyDocument=policy)
    cloud.iam.create_instance_profile(InstanceProfileName="theirs")
    cloud.iam.remove_role_from_instance_profile(InstanceProfileName=PROFILE, RoleName=ROLE)
    cloud.iam.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName=ROLE)
    engine.down(stack, cloud)
    assert census() == {"instance profile": 1}  # theirs, without the role


def test_a_secret_whose_name_is_still_reserved_is_waited_for(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds["secret", "deleting"] = aws.strict.seconds["bucket", "deleting"] = 30
    engine.down(stack, cloud)
    engine.up(stack, cloud)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_a_secret_that_waits_for_its_deletion_is_brought_back_with_new_values(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    before = cloud.secretsmanager.get_secret_value(SecretId=SECRET)["SecretString"]
    engine.down(stack, cloud)
    cloud.secretsmanager.create_secret(Name=SECRET, SecretString=before, Tags=cloud.tag_list("secret"))
    cloud.secretsmanager.delete_secret(SecretId=SECRET, RecoveryWindowInDays=30)
    aws.calls.clear()
    engine.up(stack, cloud)
    assert aws.calls.count("RestoreSecret") == 1
    assert cloud.secretsmanager.get_secret_value(SecretId=SECRET)["SecretString"] != before
    assert "DeletedDate" not in cloud.secretsmanager.describe_secret(SecretId=SECRET)


def test_a_bucket_goes_with_every_version_of_what_is_in_it(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    bucket = engine.status(stack, cloud)["bucket"].id
    cloud.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        cloud.s3.put_object(Bucket=bucket, Key="theirs", Body=body)
    cloud.s3.delete_object(Bucket=bucket, Key="theirs")
    versions = cloud.s3.list_object_versions(Bucket=bucket)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (3, 1)
    engine.down(stack, cloud)
    assert not census()


@pytest.mark.parametrize(
    "resource", ["secret", "host-role", "nat-address", "vpc", "cache", "database", "host"]
)
def test_what_is_gone_already_counts_as_deleted(aws, site, resource):
    """Between our look and our call somebody else deleted it, or it was deleted twice."""
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    found = engine.status(stack, cloud)[resource]
    engine.down(stack, cloud)
    aws.clock.pause(3600)
    stack.resources[resource].delete(cloud, found)
    assert not census()


@pytest.mark.parametrize("resource", ["web", "to-cache", "private-1", "internet-gateway", "public-routes"])
def test_a_network_that_is_gone_already_counts_as_deleted(aws, site, resource):
    stack, cloud = site()
    engine.up(stack, cloud)
    found = engine.status(stack, cloud)[resource]
    engine.down(stack, cloud)
    stack.resources[resource].delete(cloud, found)
    assert not census()
