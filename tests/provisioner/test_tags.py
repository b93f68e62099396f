"""Tags that somebody took away come back, wherever AWS keeps them; those that others gave stay."""

from provisioner import engine
from provisioner.events import Action


def database(cloud, found):
    cloud.rds.remove_tags_from_resource(ResourceName=found.facts["arn"], TagKeys=["Name"])


def cache(cloud, found):
    cloud.elasticache.remove_tags_from_resource(ResourceName=found.facts["arn"], TagKeys=["Name"])


def secret(cloud, found):
    cloud.secretsmanager.untag_resource(SecretId=found.id, TagKeys=["Name"])


def bucket(cloud, found):
    tags = [tag for tag in found.facts["tags"] if tag["Key"] != "Name"]
    theirs = {"Key": "team", "Value": "theirs"}
    cloud.s3.put_bucket_tagging(Bucket=found.id, Tagging={"TagSet": [*tags, theirs]})


def role(cloud, found):
    cloud.iam.untag_role(RoleName=found.id, TagKeys=["provisioner:resource"])


def profile(cloud, found):
    cloud.iam.untag_instance_profile(InstanceProfileName=found.id, TagKeys=["provisioner:resource"])


HARM = {
    "database-subnets": database,
    "database": database,
    "cache-subnets": cache,
    "cache-parameters": cache,
    "cache": cache,
    "secret": secret,
    "bucket": bucket,
    "host-role": role,
    "host-profile": profile,
}


def test_a_tag_that_was_taken_away_comes_back(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    found = engine.status(stack, cloud)
    for resource, harm in HARM.items():
        harm(cloud, found[resource])
    changing = [step for step in engine.plan(stack, cloud) if step.action is not Action.KEEP]
    assert {step.resource.name for step in changing} == HARM.keys()
    assert {change.what for step in changing for change in step.changes} == {"tags"}
    aws.calls.clear()
    engine.up(stack, cloud)
    assert len(aws.mutating()) == len(HARM)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
    theirs = {"Key": "team", "Value": "theirs"}
    assert theirs in cloud.s3.get_bucket_tagging(Bucket=found["bucket"].id)["TagSet"]
