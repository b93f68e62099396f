"""One of each kind of thing that can be left, planted by whoever: under any name, with any tags.

A function is given a cloud, a name such as a resource of a stack has, and tags; the answer is the id.
"""

from provisioner.aws import Cloud
from tests.provisioner.leftovers.compute import (
    address,
    instance,
    interface,
    internet_gateway,
    nat_gateway,
    route_table,
    security_group,
    snapshot,
    subnet,
    volume,
    vpc,
)
from tests.provisioner.leftovers.managed import (
    bucket,
    cache,
    cache_cluster,
    cache_parameters,
    cache_snapshot,
    cache_subnets,
    database,
    database_backup,
    database_snapshot,
    database_subnets,
    load_balancer,
    log_group,
    parameter,
    profile,
    role,
    secret,
)
from tests.provisioner.leftovers.plant import Plant, Tags
from tests.strict_aws.layer import ACCOUNT, REGION

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


def plant_all(aws, cloud: Cloud, stack: str, tags: Tags) -> dict[tuple[str, str], Plant]:
    """One of each kind; the answer is each one's kind and id, with its plant."""
    planted = {}
    for plant in PLANTS:
        planted[plant.kind, plant.make(cloud, plant.name.format(stack=stack), tags)] = plant
    aws.clock.pause(3600)  # whatever it is, it is there by now
    return planted
