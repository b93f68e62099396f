"""Names that stay reserved, buckets that are not empty, roles that others use, things that are gone."""

import json

import boto3
import pytest

from provisioner import engine
from provisioner.aws import Cloud
from provisioner.errors import Incomplete
from provisioner.events import Action
from provisioner.model import Refs
from provisioner.resources.artifact import Bucket
from tests.strict_aws.census import census
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import ACCOUNT
from tests.strict_aws.visibility import NAMED

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


def test_what_does_not_show_yet_is_not_made_twice(aws, site):
    stack, cloud = site()
    aws.strict.memory["invisible"] = 8
    engine.up(stack, cloud)
    assert {aws.calls.count(name.partition(".")[2]) for name in NAMED} == {1}


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


def test_a_secret_that_was_brought_back_and_not_overwritten_is_good_as_it_is(aws, site):
    """The run was cut off in between: whatever is made later is made with the passwords that are there."""
    stack, cloud = site()
    engine.up(stack, cloud)
    before = cloud.secretsmanager.get_secret_value(SecretId=SECRET)["SecretString"]
    engine.down(stack, cloud)
    aws.clock.pause(60)
    cloud.secretsmanager.create_secret(Name=SECRET, SecretString=before, Tags=cloud.tag_list("secret"))
    cloud.secretsmanager.delete_secret(SecretId=SECRET, RecoveryWindowInDays=30)
    refusal = deny("PutSecretValue")
    aws.strict.faults.append(refusal)
    with pytest.raises(Incomplete):
        engine.up(stack, cloud)
    aws.strict.faults.remove(refusal)
    aws.strict.calls.clear()
    engine.up(stack, cloud)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
    assert cloud.secretsmanager.get_secret_value(SecretId=SECRET)["SecretString"] == before
    (made,) = (call for call in aws.strict.calls if call.operation == "CreateDBInstance")
    assert made.arguments["MasterUserPassword"] == json.loads(before)["DATABASE_PASSWORD"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_bucket_that_is_made_twice_is_one(aws, region):
    """The first region answers that it is made, the others BucketAlreadyOwnedByYou."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    cloud = Cloud(session, "covid")
    bucket = Bucket("bucket")
    for _ in range(2):
        bucket.create(cloud, Refs())
    found = bucket.find(cloud)
    assert found.id == f"covid-{ACCOUNT}-{region}"
    assert cloud.s3.head_bucket(Bucket=found.id)["BucketRegion"] == region
    assert census()["bucket"] == 1


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


def test_what_is_gone_already_counts_as_deleted(aws, site):
    """Between our look and our call somebody else deleted it, or it was deleted twice."""
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    found = engine.status(stack, cloud)
    engine.down(stack, cloud)
    aws.clock.pause(3600)
    for name, resource in stack.resources.items():
        resource.delete(cloud, found[name])
    assert not census()
