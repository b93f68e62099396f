"""One of each kind of thing that can be left, planted by whoever: under any name, with any tags.

`make` is given a cloud, a name such as a resource of a stack has, and tags; the answer is the id.
"""

from collections.abc import Callable
from dataclasses import dataclass

from provisioner.aws import Cloud
from tests.strict_aws.layer import ACCOUNT, REGION

Tags = list[dict[str, str]]
ZONE = "us-east-1a"
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def with_name(kind: str, name: str, tags: Tags):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, *tags]}]


def default_subnets(cloud: Cloud):
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    found = cloud.ec2.describe_subnets(Filters=filters)["Subnets"]
    return sorted(each["SubnetId"] for each in found)[:2]


def instance(cloud, name, tags):
    answer = cloud.ec2.run_instances(
        ImageId="ami-1",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        SubnetId=default_subnets(cloud)[0],
        TagSpecifications=with_name("instance", name, tags),
    )
    return answer["Instances"][0]["InstanceId"]


def volume(cloud, name, tags):
    answer = cloud.ec2.create_volume(
        AvailabilityZone=ZONE, Size=100, VolumeType="gp3", TagSpecifications=with_name("volume", name, tags)
    )
    return answer["VolumeId"]


def snapshot(cloud, name, tags):
    source = cloud.ec2.create_volume(AvailabilityZone=ZONE, Size=100)["VolumeId"]
    answer = cloud.ec2.create_snapshot(VolumeId=source, TagSpecifications=with_name("snapshot", name, tags))
    return answer["SnapshotId"]


def address(cloud, name, tags):
    answer = cloud.ec2.allocate_address(Domain="vpc", TagSpecifications=with_name("elastic-ip", name, tags))
    return answer["AllocationId"]


def nat_gateway(cloud, name, tags):
    answer = cloud.ec2.create_nat_gateway(
        SubnetId=default_subnets(cloud)[0],
        ConnectivityType="private",
        TagSpecifications=with_name("natgateway", name, tags),
    )
    return answer["NatGateway"]["NatGatewayId"]


def interface(cloud, name, tags):
    """With no Name of its own: RDS and ElastiCache make theirs in our groups, and that is all there is."""
    group = cloud.ec2.create_security_group(GroupName=f"{name}", Description="x")["GroupId"]
    answer = cloud.ec2.create_network_interface(
        SubnetId=default_subnets(cloud)[0],
        Groups=[group],
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": tags}] if tags else [],
    )
    return answer["NetworkInterface"]["NetworkInterfaceId"]


def vpc(cloud, name, tags):
    specification = with_name("vpc", name, tags)
    return cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"]


def subnet(cloud, name, tags):
    within = cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    answer = cloud.ec2.create_subnet(
        VpcId=within, CidrBlock="10.9.1.0/24", TagSpecifications=with_name("subnet", name, tags)
    )
    return answer["Subnet"]["SubnetId"]


def security_group(cloud, name, tags):
    """With no Name tag: a group has a name."""
    answer = cloud.ec2.create_security_group(
        GroupName=name,
        Description="x",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}] if tags else [],
    )
    return answer["GroupId"]


def route_table(cloud, name, tags):
    within = cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    answer = cloud.ec2.create_route_table(
        VpcId=within, TagSpecifications=with_name("route-table", name, tags)
    )
    return answer["RouteTable"]["RouteTableId"]


def internet_gateway(cloud, name, tags):
    answer = cloud.ec2.create_internet_gateway(TagSpecifications=with_name("internet-gateway", name, tags))
    return answer["InternetGateway"]["InternetGatewayId"]


def load_balancer(cloud, name, tags):
    answer = cloud.service("elbv2").create_load_balancer(
        Name=name, Subnets=default_subnets(cloud), **({"Tags": tags} if tags else {})
    )
    return answer["LoadBalancers"][0]["LoadBalancerArn"]


def database(cloud, name, tags):
    cloud.rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="mysql",
        EngineVersion="8.4.7",
        DBInstanceClass="db.t3.medium",
        AllocatedStorage=20,
        StorageType="gp3",
        MasterUsername="them",
        MasterUserPassword="their-password",
        CopyTagsToSnapshot=True,
        Tags=tags,
    )
    return name


def end_database(cloud, name, *, backups):
    cloud.sleep(3600)
    cloud.rds.delete_db_instance(
        DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=not backups
    )
    cloud.sleep(3600)


def database_snapshot(cloud, name, tags):
    """Of a database that is gone, under a name that says nothing."""
    database(cloud, name, [])
    cloud.sleep(3600)
    cloud.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier="before-1", Tags=tags)
    end_database(cloud, name, backups=False)
    return "before-1"


def database_backup(cloud, name, tags):
    database(cloud, name, tags)
    id = cloud.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DbiResourceId"]
    end_database(cloud, name, backups=True)
    return id


def database_subnets(cloud, name, tags):
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=default_subnets(cloud), Tags=tags
    )
    return name


def cache(cloud, name, tags):
    cloud.elasticache.create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="x",
        Engine="valkey",
        CacheNodeType="cache.t3.small",
        NumCacheClusters=1,
        AutomaticFailoverEnabled=False,
        TransitEncryptionEnabled=True,
        Tags=tags,
    )
    return name


def cache_cluster(cloud, name, tags):
    """What is left of a group that was deleted without its first node."""
    id = f"{name}-001"
    cloud.elasticache.create_cache_cluster(
        CacheClusterId=id, Engine="redis", CacheNodeType="cache.t3.small", NumCacheNodes=1, Tags=tags
    )
    return id


def cache_snapshot(cloud, name, tags):
    """Of a cache that is gone, under a name that says nothing."""
    cloud.sleep(7200)
    cache(cloud, name, [])
    cloud.sleep(3600)
    cloud.elasticache.create_snapshot(ReplicationGroupId=name, SnapshotName="before-2", Tags=tags)
    cloud.elasticache.delete_replication_group(ReplicationGroupId=name)
    cloud.sleep(3600)
    return "before-2"


def cache_subnets(cloud, name, tags):
    cloud.elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription="x",
        SubnetIds=default_subnets(cloud),
        Tags=tags,
    )
    return name


def cache_parameters(cloud, name, tags):
    cloud.elasticache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="x", Tags=tags
    )
    return name


def bucket(cloud, name, tags):
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_object(Bucket=name, Key="x", Body=b"x" * 2**20)
    if tags:
        cloud.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    return name


def secret(cloud, name, tags):
    cloud.secretsmanager.create_secret(Name=name, SecretString="x", Tags=tags)
    return name


def parameter(cloud, name, tags):
    cloud.ssm.put_parameter(Name=name, Value="x", Type="String", Tags=tags)
    return name


def log_group(cloud, name, tags):
    tags = {tag["Key"]: tag["Value"] for tag in tags}
    cloud.service("logs").create_log_group(logGroupName=name, **({"tags": tags} if tags else {}))
    return name


def role(cloud, name, tags):
    cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags)
    return name


def profile(cloud, name, tags):
    cloud.iam.create_instance_profile(InstanceProfileName=name, Tags=tags)
    return name


@dataclass(frozen=True)
class Plant:
    """`name` is one that stack {stack} has for such a thing; `price` is in dollars a day."""

    kind: str
    make: Callable[[Cloud, str, Tags], str]
    name: str
    remove: str
    price: float | None = 0
    tag_needs_name: bool = False
    """AWS shows its tag only to who asks for it by its name, or the emulated tagging API does not know it."""


DATABASE = "{stack}-database"
PLANTS = (
    Plant("instance", instance, "{stack}-host", "ec2 terminate-instances --instance-ids", 0.4992),
    Plant("volume", volume, "{stack}-host", "ec2 delete-volume --volume-id", 8 / 730 * 24),
    Plant("snapshot", snapshot, "{stack}-host", "ec2 delete-snapshot --snapshot-id", 5 / 730 * 24),
    Plant("address", address, "{stack}-nat-address", "ec2 release-address --allocation-id", 0.12),
    Plant("NAT gateway", nat_gateway, "{stack}-nat-gateway", "ec2 delete-nat-gateway --nat-gateway-id", 1.08),
    Plant(
        *("network interface", interface, "{stack}-to-cache"),
        "ec2 delete-network-interface --network-interface-id",
    ),
    Plant("VPC", vpc, "{stack}-vpc", "ec2 delete-vpc --vpc-id"),
    Plant("subnet", subnet, "{stack}-public-1", "ec2 delete-subnet --subnet-id"),
    Plant("security group", security_group, "{stack}-web", "ec2 delete-security-group --group-id"),
    Plant("route table", route_table, "{stack}-public-routes", "ec2 delete-route-table --route-table-id"),
    Plant(
        *("internet gateway", internet_gateway, "{stack}-internet-gateway"),
        "ec2 delete-internet-gateway --internet-gateway-id",
    ),
    Plant(
        "load balancer", load_balancer, "{stack}-web", "elbv2 delete-load-balancer --load-balancer-arn", 0.54
    ),
    Plant(
        *("database snapshot", database_snapshot, DATABASE),
        *("rds delete-db-snapshot --db-snapshot-identifier", 1.9 / 730 * 24),
    ),
    Plant(
        # Any name of the stack's: the emulator has no two databases of one name in one minute.
        *("database backup", database_backup, "{stack}-to-database"),
        *("rds delete-db-instance-automated-backup --dbi-resource-id", 1.9 / 730 * 24),
    ),
    Plant(
        *("database", database, DATABASE, "rds delete-db-instance --db-instance-identifier"),
        0.068 * 24 + 20 * 0.115 / 730 * 24,
    ),
    Plant(
        *("DB subnet group", database_subnets, "{stack}-database-subnets"),
        "rds delete-db-subnet-group --db-subnet-group-name",
        tag_needs_name=True,
    ),
    Plant(
        *("cache snapshot", cache_snapshot, "{stack}-cache"),
        *("elasticache delete-snapshot --snapshot-name", None),
    ),
    Plant(
        *("cache", cache, "{stack}-cache", "elasticache delete-replication-group --replication-group-id"),
        0.034 * 0.8 * 24,
    ),
    Plant(
        *("cache cluster", cache_cluster, "{stack}-cache"),
        *("elasticache delete-cache-cluster --cache-cluster-id", 0.034 * 24),
    ),
    Plant(
        *("cache subnet group", cache_subnets, "{stack}-cache-subnets"),
        "elasticache delete-cache-subnet-group --cache-subnet-group-name",
    ),
    Plant(
        *("cache parameter group", cache_parameters, "{stack}-cache-parameters"),
        "elasticache delete-cache-parameter-group --cache-parameter-group-name",
        tag_needs_name=True,
    ),
    Plant("bucket", bucket, f"{{stack}}-{ACCOUNT}-{REGION}", "s3 rb", 0.023 / 1024 / 730 * 24),
    Plant("secret", secret, "{stack}/other", "secretsmanager delete-secret --secret-id", 0.4 / 730 * 24),
    Plant("parameter", parameter, "/{stack}/settings/OLD", "ssm delete-parameter --name"),
    Plant(
        *("log group", log_group, "/aws/rds/instance/{stack}-database/error"),
        "logs delete-log-group --log-group-name",
    ),
    Plant("role", role, f"{{stack}}-host-role-{REGION}", "iam delete-role --role-name", tag_needs_name=True),
    Plant(
        *("instance profile", profile, f"{{stack}}-host-profile-{REGION}"),
        "iam delete-instance-profile --instance-profile-name",
        tag_needs_name=True,
    ),
)
