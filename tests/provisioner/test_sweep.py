"""A sweep finds what a teardown could not have known of, and never takes a neighbour's for ours."""

import pytest

from provisioner import engine
from provisioner.aws import STACK_TAG
from provisioner.resources.artifact import Bucket
from provisioner.sweep import sweep
from tests.provisioner.test_ownership import TRUST, subnets
from tests.strict_aws.faults import deny

TAG = [{"Key": STACK_TAG, "Value": "covid"}]
"""Ours, as somebody may have copied it."""

ZONE = "us-east-1a"


def ec2_tags(kind):
    return [{"ResourceType": kind, "Tags": TAG}]


def default_subnet(cloud):
    return subnets(cloud)[0]


def instance(cloud):
    answer = cloud.ec2.run_instances(
        ImageId="ami-1",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        SubnetId=default_subnet(cloud),
        TagSpecifications=ec2_tags("instance"),
    )
    return answer["Instances"][0]["InstanceId"]


def volume(cloud):
    answer = cloud.ec2.create_volume(AvailabilityZone=ZONE, Size=100, TagSpecifications=ec2_tags("volume"))
    return answer["VolumeId"]


def snapshot(cloud):
    source = cloud.ec2.create_volume(AvailabilityZone=ZONE, Size=100)["VolumeId"]
    return cloud.ec2.create_snapshot(VolumeId=source, TagSpecifications=ec2_tags("snapshot"))["SnapshotId"]


def address(cloud):
    return cloud.ec2.allocate_address(Domain="vpc", TagSpecifications=ec2_tags("elastic-ip"))["AllocationId"]


def nat_gateway(cloud):
    answer = cloud.ec2.create_nat_gateway(
        SubnetId=default_subnet(cloud),
        ConnectivityType="private",
        TagSpecifications=ec2_tags("natgateway"),
    )
    return answer["NatGateway"]["NatGatewayId"]


def interface(cloud):
    answer = cloud.ec2.create_network_interface(
        SubnetId=default_subnet(cloud), TagSpecifications=ec2_tags("network-interface")
    )
    return answer["NetworkInterface"]["NetworkInterfaceId"]


def vpc_by_its_name(cloud):
    named = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "covid-vpc"}]}]
    return cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=named)["Vpc"]["VpcId"]


def security_group(cloud):
    answer = cloud.ec2.create_security_group(
        GroupName="x", Description="x", TagSpecifications=ec2_tags("security-group")
    )
    return answer["GroupId"]


def load_balancer(cloud):
    elbv2 = cloud.service("elbv2")
    answer = elbv2.create_load_balancer(Name="theirs", Subnets=subnets(cloud), Tags=TAG)
    return answer["LoadBalancers"][0]["LoadBalancerName"]


def make_database(cloud, id, tags):
    cloud.rds.create_db_instance(
        DBInstanceIdentifier=id,
        Engine="mysql",
        EngineVersion="8.4.7",
        DBInstanceClass="db.t3.medium",
        AllocatedStorage=20,
        StorageType="gp3",
        MasterUsername="them",
        MasterUserPassword="their-password",
        Tags=tags,
    )
    return id


def database_by_its_tag(cloud):
    return make_database(cloud, "restored", TAG)


def database_by_its_name(cloud):
    return make_database(cloud, "covid-database", [])


def database_snapshot(cloud):
    make_database(cloud, "another", [])
    cloud.rds.create_db_snapshot(DBInstanceIdentifier="another", DBSnapshotIdentifier="last", Tags=TAG)
    return "last"


def cache(cloud):
    cloud.elasticache.create_replication_group(
        ReplicationGroupId="restored",
        ReplicationGroupDescription="x",
        Engine="valkey",
        CacheNodeType="cache.t3.small",
        NumCacheClusters=1,
        AutomaticFailoverEnabled=False,
        TransitEncryptionEnabled=True,
        Tags=TAG,
    )
    return "restored"


def cache_cluster(cloud):
    cloud.elasticache.create_cache_cluster(
        CacheClusterId="covid-cache", Engine="redis", CacheNodeType="cache.t3.small", NumCacheNodes=1
    )
    return "covid-cache"


def cache_snapshot(cloud):
    cache_cluster(cloud)
    cloud.elasticache.create_snapshot(CacheClusterId="covid-cache", SnapshotName="kept")
    return "kept"


def bucket(cloud):
    name = Bucket("bucket").id(cloud)
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_object(Bucket=name, Key="x", Body=b"x" * 2**20)
    return name


def secret(cloud):
    cloud.secretsmanager.create_secret(Name="covid/other", SecretString="x")
    return "covid/other"


def parameter(cloud):
    cloud.ssm.put_parameter(Name="/covid/settings/OLD", Value="x", Type="String")
    return "/covid/settings/OLD"


def log_group(cloud):
    cloud.service("logs").create_log_group(logGroupName="/aws/rds/instance/covid-database/error")
    return "/aws/rds/instance/covid-database/error"


def role(cloud):
    cloud.iam.create_role(RoleName="covid-host-role-us-east-1", AssumeRolePolicyDocument=TRUST, Tags=TAG)
    return "covid-host-role-us-east-1"


def profile(cloud):
    cloud.iam.create_instance_profile(InstanceProfileName="covid-host-profile-us-east-1")
    return "covid-host-profile-us-east-1"


def database_subnets(cloud):
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName="theirs", DBSubnetGroupDescription="x", SubnetIds=subnets(cloud), Tags=TAG
    )
    return "theirs"


def cache_parameters(cloud):
    cloud.elasticache.create_cache_parameter_group(
        CacheParameterGroupName="covid-cache-parameters", CacheParameterGroupFamily="valkey8", Description="x"
    )
    return "covid-cache-parameters"


@pytest.mark.parametrize(
    ("plant", "kind", "dollars_a_day"),
    [
        (instance, "instance", 0.0208 * 24),
        (volume, "volume", 100 * 0.08 * 24 / 730),
        (snapshot, "snapshot", 100 * 0.05 * 24 / 730),
        (address, "address", 0.12),
        (nat_gateway, "NAT gateway", 1.08),
        (interface, "network interface", 0),
        (vpc_by_its_name, "VPC", 0),
        (security_group, "security group", 0),
        (load_balancer, "load balancer", 0.54),
        (database_by_its_tag, "database", 0.068 * 24 + 20 * 0.115 * 24 / 730),
        (database_by_its_name, "database", 0.068 * 24 + 20 * 0.115 * 24 / 730),
        (database_snapshot, "database snapshot", 20 * 0.095 * 24 / 730),
        (cache, "cache", 0.034 * 0.8 * 24),
        (cache_cluster, "cache cluster", 0.034 * 24),
        (cache_snapshot, "cache snapshot", None),
        (bucket, "bucket", 0.023 / 1024 * 24 / 730),
        (secret, "secret", 0.40 * 24 / 730),
        (parameter, "parameter", 0),
        (log_group, "log group", 0),
        (role, "role", 0),
        (profile, "instance profile", 0),
        (database_subnets, "DB subnet group", 0),
        (cache_parameters, "cache parameter group", 0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_kind_is_found_with_what_it_costs_and_how_to_remove_it(aws, site, plant, kind, dollars_a_day):
    stack, cloud = site(nat=True)
    id = plant(cloud)
    aws.clock.pause(600)
    aws.calls.clear()
    found = {(each.kind, each.id): each for each in sweep(stack, cloud).leftovers}
    assert aws.mutating() == []
    left = found[kind, id]
    assert left.dollars_a_day == (None if dollars_a_day is None else pytest.approx(dollars_a_day))
    assert left.remove.startswith("aws ")
    assert id in left.remove or kind == "load balancer"


def test_what_nothing_here_makes_is_found_by_its_tag(site):
    stack, cloud = site()
    queue = cloud.service("sqs").create_queue(QueueName="theirs", tags={STACK_TAG: "covid"})["QueueUrl"]
    found = sweep(stack, cloud).leftovers
    assert [(each.kind, each.id.rpartition(":")[2]) for each in found] == [("sqs", queue.rpartition("/")[2])]


def test_a_clean_account_has_nothing_left(site):
    stack, cloud = site(nat=True)
    assert sweep(stack, cloud).clean
    engine.up(stack, cloud)
    assert len(sweep(stack, cloud).leftovers) >= 20
    engine.down(stack, cloud)
    assert sweep(stack, cloud).leftovers == []
    assert sweep(stack, cloud).clean


def test_a_neighbours_things_are_never_ours(site):
    """Not even those of a stack whose name begins with ours."""
    other, cloud_two = site(name="covid-2", nat=True)
    engine.up(other, cloud_two)
    stack, cloud = site()
    assert sweep(stack, cloud).leftovers == []


def test_strangers_are_never_ours(site):
    stack, cloud = site()
    make_database(cloud, "covid-19", [])
    cloud.secretsmanager.create_secret(Name="covidsecret", SecretString="x")
    cloud.ssm.put_parameter(Name="/covid-19/x", Value="x", Type="String")
    cloud.service("logs").create_log_group(logGroupName="/aws/rds/instance/covid-database-2/error")
    cloud.s3.create_bucket(Bucket="covid-data")
    cloud.ec2.create_volume(AvailabilityZone=ZONE, Size=1)
    assert sweep(stack, cloud).leftovers == []


def test_what_is_on_its_way_out_is_waited_for(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds["database", "deleting"] = 60
    cloud.rds.delete_db_instance(DBInstanceIdentifier="covid-database", SkipFinalSnapshot=True)
    kinds = {each.kind for each in sweep(stack, cloud).leftovers}
    assert "cache" in kinds
    assert "database" not in kinds


def test_what_may_not_be_looked_at_is_told_and_is_not_clean(aws, site):
    stack, cloud = site()
    aws.strict.faults.append(deny("DescribeLoadBalancers", "AccessDenied"))
    found = sweep(stack, cloud)
    assert found.leftovers == []
    assert found.unseen == {"load balancer": "AccessDenied"}
    assert not found.clean
