"""The kinds of all services but EC2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from provisioner import cost
from provisioner.aws import STACK_TAG, Service, error_code
from provisioner.errors import DENIED
from provisioner.lock import LIFE
from provisioner.lock import NAME as LOCK
from provisioner.sweep.kinds import DAY, Item, Kind, Ours, Tags, daily, shown, stored

GONE = (
    *("DBSubnetGroupNotFoundFault", "CacheClusterNotFound", "ReplicationGroupNotFoundFault"),
    *("SnapshotNotFoundFault", "CacheSubnetGroupNotFoundFault", "CacheParameterGroupNotFound"),
    *("LoadBalancerNotFound", "NoSuchEntity", "NoSuchBucket", "InvalidResourceId"),
    "ResourceNotFoundException",
)
"""What has been deleted since it was listed."""

TAGLESS = ("NoSuchTagSet", "InvalidReplicationGroupState")
"""A bucket without tags; and ElastiCache shows none of what is on its way."""


def _ask(read: Callable[[], Tags]) -> Tags | None:
    """What `read` says; no tags for what shows none now, None for what is gone."""
    try:
        return read()
    except ClientError as error:
        if error_code(error) in GONE:
            return None
        if error_code(error) in TAGLESS:
            return []
        raise


def _asked(
    operation: str, argument: str, key: str, answer: str, **more: str
) -> Callable[[Service, Item], Tags | None]:
    """Tags that are a call of their own; `key` is the thing's ARN or name."""
    return lambda service, item: _ask(
        lambda: getattr(service, operation)(**{argument: item[key]}, **more)[answer]
    )


def _shown_one_by_one(operation: str, name: str, answer: str) -> Callable[[Service, Item], Tags | None]:
    """Tags that IAM shows of one thing, not in its lists."""
    return lambda service, item: _ask(
        lambda: getattr(service, operation)(**{name: item[name]})[answer].get("Tags", [])
    )


def _load_balancer_tags(service: Service, item: Item) -> Tags | None:
    arn = item["LoadBalancerArn"]
    return _ask(lambda: service.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def _log_group_tags(service: Service, item: Item) -> Tags | None:
    arn = item["arn"].removesuffix(":*")
    tags = _ask(lambda: [service.list_tags_for_resource(resourceArn=arn)["tags"]])
    return tags and [{"Key": key, "Value": value} for each in tags for key, value in each.items()]


def _bucket_contents(service: Service, item: Item) -> tuple[float | None, str]:
    try:
        versions = service.all("list_object_versions", "Versions", Bucket=item["Name"])
    except ClientError as error:
        if error_code(error) not in DENIED:
            raise
        return None, "these credentials may not look into it"
    size = sum(each["Size"] for each in versions)
    objects = f"{len(versions)} object{'' if len(versions) == 1 else 's'}"
    return stored(size / 2**30, cost.OBJECTS), f"{objects}, {size / 2**20:.1f} MiB"


def _database_price(item: Item) -> float | None:
    disk = cost.DATABASE_DISK * DAY * item["AllocatedStorage"]
    server = daily(cost.DATABASES.get(item["DBInstanceClass"]))
    if item["DBInstanceStatus"] == "stopped":
        server = 0.0
    return None if server is None else (server + disk) * (2 if item["MultiAZ"] else 1)


def _group_price(item: Item) -> float | None:
    node = daily(cost.cache_price(item.get("CacheNodeType", ""), item.get("Engine", "redis")))
    return None if node is None else node * len(item.get("MemberClusters", []))


def _cluster_price(item: Item) -> float | None:
    node = daily(cost.cache_price(item["CacheNodeType"], item["Engine"]))
    return None if node is None else node * item["NumCacheNodes"]


SIZE = re.compile(r"([\d.]+) ?([KMG])B")
UNITS = {"K": 2**-20, "M": 2**-10, "G": 1}


def _cache_snapshot_price(item: Item) -> float | None:
    """ElastiCache says "12 MB" for each node, and at first nothing."""
    sizes = [SIZE.fullmatch(node.get("CacheSize", "")) for node in item.get("NodeSnapshots", [])]
    if not sizes or not all(sizes):
        return None
    return stored(sum(float(size[1]) * UNITS[size[2]] for size in sizes if size), cost.CACHE_SNAPSHOT)


def _group_of(*keys: str) -> Callable[[Item], Iterable[str]]:
    """The cache that it was made of, or that it was a node of: those are called <group>-001."""
    return lambda item: [re.sub(r"-\d{3}$", "", item.get(key, "")) for key in keys]


def _parameters(ours: Ours) -> Iterable[dict[str, Any]]:
    yield {"ParameterFilters": [{"Key": f"tag:{STACK_TAG}", "Values": [ours.stack]}]}
    yield {"ParameterFilters": [{"Key": "Path", "Option": "Recursive", "Values": [f"/{ours.stack}"]}]}


def _is_no_lock(item: Item) -> bool:
    """A lock says that somebody works on the stack; one that is older than a lock lives is left over."""
    return not item["Name"].endswith(f"/{LOCK}") or datetime.now(UTC) - item["LastModifiedDate"] > LIFE


def _log_groups(ours: Ours) -> Iterable[dict[str, Any]]:
    for start in (f"/aws/rds/instance/{ours.stack}-", f"/{ours.stack}/", f"{ours.stack}/", f"{ours.stack}-"):
        yield {"logGroupNamePrefix": start}
    for tail in sorted(ours.tagged):
        if tail.startswith("logs:log-group:"):
            yield {"logGroupNamePrefix": tail.removeprefix("logs:log-group:")}


_rds_tags = _asked("list_tags_for_resource", "ResourceName", "DBSubnetGroupArn", "TagList")
_cache_tags = _asked("list_tags_for_resource", "ResourceName", "ARN", "TagList")

KINDS = (
    Kind(
        *("database", "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier", "rds:db:"),
        "rds delete-db-instance --db-instance-identifier {id} --skip-final-snapshot"
        " --delete-automated-backups",
        tags=shown("TagList"),
        price=_database_price,
        leaving=lambda item: item["DBInstanceStatus"] == "deleting",
    ),
    Kind(
        *("database snapshot", "rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
        *("rds:snapshot:", "rds delete-db-snapshot --db-snapshot-identifier {id}"),
        names=lambda item: [item["DBInstanceIdentifier"]],
        tags=shown("TagList"),
        # At most: blocks that are empty are not billed.
        price=lambda item: stored(item["AllocatedStorage"], cost.DATABASE_BACKUP),
        there=lambda item: item["SnapshotType"] != "automated",  # a part of the automated backup
        leaving=lambda item: item["Status"] == "deleting",
    ),
    Kind(
        *("database backup", "rds", "describe_db_instance_automated_backups"),
        *("DBInstanceAutomatedBackups", "DbiResourceId", "rds:auto-backup:"),
        "rds delete-db-instance-automated-backup --dbi-resource-id {id}",
        names=lambda item: [item["DBInstanceIdentifier"]],
        tags=shown("TagList"),
        price=lambda item: stored(item["AllocatedStorage"], cost.DATABASE_BACKUP),
        # Those of a database that is there cost nothing up to its size, and go with it.
        there=lambda item: item["Status"] not in ("active", "creating"),
        leaving=lambda item: item["Status"] == "deleting",
    ),
    Kind(
        *("DB subnet group", "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        *("rds:subgrp:", "rds delete-db-subnet-group --db-subnet-group-name {id}"),
        tags=_rds_tags,
        asks=("{stack}-*",),
    ),
    Kind(
        *("cache", "elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
        "elasticache:replicationgroup:",
        "elasticache delete-replication-group --replication-group-id {id} --no-retain-primary-cluster",
        tags=_cache_tags,
        asks=("{stack}-*",),
        price=_group_price,
        leaving=lambda item: item["Status"] == "deleting",
    ),
    Kind(
        *("cache cluster", "elasticache", "describe_cache_clusters", "CacheClusters", "CacheClusterId"),
        *("elasticache:cluster:", "elasticache delete-cache-cluster --cache-cluster-id {id}"),
        names=_group_of("CacheClusterId"),
        tags=_cache_tags,
        asks=("{stack}-*",),
        price=_cluster_price,
        there=lambda item: "ReplicationGroupId" not in item,  # else a part of that
        leaving=lambda item: item["CacheClusterStatus"] == "deleting",
    ),
    Kind(
        *("cache snapshot", "elasticache", "describe_snapshots", "Snapshots", "SnapshotName"),
        *("elasticache:snapshot:", "elasticache delete-snapshot --snapshot-name {id}"),
        names=_group_of("ReplicationGroupId", "CacheClusterId"),
        tags=_cache_tags,
        asks=("{stack}-*",),
        price=_cache_snapshot_price,
        leaving=lambda item: item["SnapshotStatus"] == "deleting",
    ),
    Kind(
        *("cache subnet group", "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups"),
        *("CacheSubnetGroupName", "elasticache:subnetgroup:"),
        "elasticache delete-cache-subnet-group --cache-subnet-group-name {id}",
        tags=_cache_tags,
        asks=("{stack}-*",),
    ),
    Kind(
        *("cache parameter group", "elasticache", "describe_cache_parameter_groups", "CacheParameterGroups"),
        *("CacheParameterGroupName", "elasticache:parametergroup:"),
        "elasticache delete-cache-parameter-group --cache-parameter-group-name {id}",
        tags=_cache_tags,
        asks=("{stack}-*",),
    ),
    Kind(
        *("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
        tuple(f"elasticloadbalancing:loadbalancer/{type}/" for type in ("app", "net", "gwy")),
        "elbv2 delete-load-balancer --load-balancer-arn {id}",
        names=lambda item: [item["LoadBalancerName"]],
        tags=_load_balancer_tags,
        asks=("{stack}-*",),
        price=lambda item: daily(cost.LOAD_BALANCERS.get(item["Type"])),
    ),
    Kind(
        *("bucket", "s3", "list_buckets", "Buckets", "Name", "s3:", "s3 rb s3://{id} --force"),
        tags=_asked("get_bucket_tagging", "Bucket", "Name", "TagSet"),
        asks=("{stack}-{account}-{region}",),
        contents=_bucket_contents,
    ),
    Kind(
        # Not those that are scheduled for deletion: they cost nothing, and go by themselves.
        *("secret", "secretsmanager", "list_secrets", "SecretList", "Name", "secretsmanager:secret:"),
        "secretsmanager delete-secret --secret-id {id} --force-delete-without-recovery",
        price=lambda item: daily(cost.SECRET),
    ),
    Kind(
        *("parameter", "ssm", "describe_parameters", "Parameters", "Name", "ssm:parameter/"),
        "ssm delete-parameter --name {id}",
        queries=_parameters,
        tags=_asked("list_tags_for_resource", "ResourceId", "Name", "TagList", ResourceType="Parameter"),
        asks=("/{stack}/*",),
        there=_is_no_lock,
    ),
    Kind(
        *("log group", "logs", "describe_log_groups", "logGroups", "logGroupName", "logs:log-group:"),
        "logs delete-log-group --log-group-name {id}",
        queries=_log_groups,
        names=lambda item: item["logGroupName"].split("/")[4:5],  # /aws/rds/instance/<name>/<log>
        tags=_log_group_tags,
        asks=("{stack}-*", "{stack}/*", "/{stack}/*"),
        price=lambda item: stored(item.get("storedBytes", 0) / 2**30, cost.LOGS),
    ),
    Kind(
        *("role", "iam", "list_roles", "Roles", "RoleName", "iam:role/", "iam delete-role --role-name {id}"),
        tags=_shown_one_by_one("get_role", "RoleName", "Role"),
        asks=("{stack}-*-{region}",),
    ),
    Kind(
        *("instance profile", "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
        *("iam:instance-profile/", "iam delete-instance-profile --instance-profile-name {id}"),
        tags=_shown_one_by_one("get_instance_profile", "InstanceProfileName", "InstanceProfile"),
        asks=("{stack}-*-{region}",),
    ),
)
