"""What lacks our stack's tag is never changed or deleted, whatever its name; two stacks do not touch."""

import pytest

from provisioner import engine
from provisioner.errors import Incomplete, NotOurs
from tests.strict_aws.layer import ACCOUNT, READS

TRUST = '{"Version": "2012-10-17", "Statement": []}'
BUCKET = f"covid-{ACCOUNT}-us-east-1"


def subnets(cloud):
    return [each["SubnetId"] for each in cloud.ec2.describe_subnets()["Subnets"][:2]]


def secret(cloud):
    cloud.secretsmanager.create_secret(Name="covid/secret", SecretString="somebody's")


def settings(cloud):
    cloud.ssm.put_parameter(Name="/covid/settings/THEIRS", Value="1", Type="String")


def database_subnets(cloud):
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName="covid-database-subnets", DBSubnetGroupDescription="x", SubnetIds=subnets(cloud)
    )


def database(cloud):
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName="theirs", DBSubnetGroupDescription="x", SubnetIds=subnets(cloud)
    )
    cloud.rds.create_db_instance(
        DBInstanceIdentifier="covid-database",
        Engine="mysql",
        EngineVersion="8.4.7",
        EngineLifecycleSupport="open-source-rds-extended-support-disabled",
        DBInstanceClass="db.t3.medium",
        AllocatedStorage=20,
        StorageType="gp3",
        MasterUsername="them",
        MasterUserPassword="their-password",
        DBSubnetGroupName="theirs",
    )


def cache_subnets(cloud):
    cloud.elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="covid-cache-subnets", CacheSubnetGroupDescription="x", SubnetIds=subnets(cloud)
    )


def cache_parameters(cloud):
    cloud.elasticache.create_cache_parameter_group(
        CacheParameterGroupName="covid-cache-parameters", CacheParameterGroupFamily="valkey8", Description="x"
    )


def cache(cloud):
    cloud.elasticache.create_replication_group(
        ReplicationGroupId="covid-cache",
        ReplicationGroupDescription="x",
        Engine="valkey",
        CacheNodeType="cache.t3.small",
        NumCacheClusters=1,
        AutomaticFailoverEnabled=False,
        TransitEncryptionEnabled=True,
    )


def bucket(cloud):
    cloud.s3.create_bucket(Bucket=BUCKET)
    cloud.s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"theirs")


def host_role(cloud):
    cloud.iam.create_role(RoleName="covid-host-role-us-east-1", AssumeRolePolicyDocument=TRUST)


def host_profile(cloud):
    cloud.iam.create_instance_profile(InstanceProfileName="covid-host-profile-us-east-1")


STRANGERS = {
    "secret": (secret, "covid/secret"),
    "settings": (settings, "/covid/settings"),
    "database-subnets": (database_subnets, "covid-database-subnets"),
    "database": (database, "covid-database"),
    "cache-subnets": (cache_subnets, "covid-cache-subnets"),
    "cache-parameters": (cache_parameters, "covid-cache-parameters"),
    "cache": (cache, "covid-cache"),
    "bucket": (bucket, BUCKET),
    "host-role": (host_role, "covid-host-role-us-east-1"),
    "host-profile": (host_profile, "covid-host-profile-us-east-1"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_with_our_name_is_named_and_left_alone(aws, site, name):
    make, id = STRANGERS[name]
    stack, cloud = site()
    make(cloud)
    aws.clock.pause(3600)  # whatever it is, it is there by now
    first = len(aws.strict.calls)
    for run in (engine.up, engine.down):
        with pytest.raises(Incomplete) as caught:
            run(stack, cloud)
        error = caught.value.errors[name]
        assert isinstance(error, NotOurs)
        assert id in str(error)
        assert "choose another --name" in str(error)
    for call in aws.strict.calls[first:]:
        if not call.operation.startswith(READS):
            assert id not in map(str, call.arguments.values()), call.name
    assert name in {step.resource.name for step in engine.plan(stack, cloud) if step.blocked}


def test_tearing_one_stack_down_leaves_every_byte_of_the_other(aws, site):
    one, cloud_one = site(name="left-hand", nat=True)
    two, cloud_two = site(name="right-hand", nat=True)
    engine.up(one, cloud_one)
    engine.up(two, cloud_two)
    before = everything_of("right-hand", cloud_two)
    engine.down(one, cloud_one)
    assert everything_of("right-hand", cloud_two) == before
    assert len(before) > 15
    assert not everything_of("left-hand", cloud_one)


def everything_of(stack, cloud):
    """Each thing that AWS lists with its description, where the stack's name is in it."""
    ec2, rds, elasticache, iam = cloud.ec2, cloud.rds, cloud.elasticache, cloud.iam
    listed = {
        "vpcs": ec2.all("describe_vpcs", "Vpcs"),
        "subnets": ec2.all("describe_subnets", "Subnets"),
        "gateways": ec2.all("describe_internet_gateways", "InternetGateways"),
        "tables": ec2.all("describe_route_tables", "RouteTables"),
        "groups": ec2.all("describe_security_groups", "SecurityGroups"),
        "addresses": ec2.describe_addresses()["Addresses"],
        "nat": [g for g in ec2.all("describe_nat_gateways", "NatGateways") if g["State"] != "deleted"],
        "instances": [
            instance
            for reservation in ec2.all("describe_instances", "Reservations")
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ],
        "volumes": ec2.all("describe_volumes", "Volumes"),
        "databases": [  # the emulator says "now" at each look
            {key: value for key, value in each.items() if key != "LatestRestorableTime"}
            for each in rds.all("describe_db_instances", "DBInstances")
        ],
        "database subnets": rds.all("describe_db_subnet_groups", "DBSubnetGroups"),
        "caches": elasticache.all("describe_replication_groups", "ReplicationGroups"),
        "cache subnets": elasticache.all("describe_cache_subnet_groups", "CacheSubnetGroups"),
        "parameters of caches": elasticache.all("describe_cache_parameter_groups", "CacheParameterGroups"),
        "roles": iam.all("list_roles", "Roles"),
        "profiles": iam.all("list_instance_profiles", "InstanceProfiles"),
        "secrets": cloud.secretsmanager.all("list_secrets", "SecretList"),
        "parameters": cloud.ssm.all("get_parameters_by_path", "Parameters", Path=f"/{stack}", Recursive=True),
        "objects": [
            cloud.s3.get_object(Bucket=each["Name"], Key=key["Key"])["Body"].read()
            for each in cloud.s3.list_buckets()["Buckets"]
            if each["Name"].startswith(f"{stack}-")
            for key in cloud.s3.list_objects_v2(Bucket=each["Name"]).get("Contents", [])
        ],
    }
    return {
        f"{kind} {number}": str(thing)
        for kind, things in listed.items()
        for number, thing in enumerate(each for each in things if kind == "objects" or stack in str(each))
    }
