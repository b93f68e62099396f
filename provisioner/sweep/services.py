"""The other services' kinds: those with our tag, and those with one of our names and no stack's tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from provisioner import cost
from provisioner.aws import STACK_TAG, Cloud, unless
from provisioner.lock import NAME as LOCK
from provisioner.sweep.kinds import DAY, Leftover, daily, stored

Look = Callable[[Cloud, set[str]], Iterator[Leftover]]


def _why(cloud: Cloud, id: str, names: set[str], tags: Iterable[Mapping[str, str]]) -> str:
    """Is it ours by tag, by name, or (empty) not at all? Another stack's tag settles it."""
    for tag in tags:
        if tag["Key"] == STACK_TAG:
            return "tag" if tag["Value"] == cloud.stack else ""
    return "name" if id in names else ""


def _databases(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.rds.all("describe_db_instances", "DBInstances"):
        id, state = item["DBInstanceIdentifier"], item["DBInstanceStatus"]
        if why := _why(cloud, id, names, item.get("TagList", [])):
            price = daily(cost.DATABASES.get(item["DBInstanceClass"]))
            disk = cost.DATABASE_DISK * DAY * item["AllocatedStorage"]
            yield Leftover(
                "database",
                id,
                why,
                None if price is None else price + disk,
                f"aws rds delete-db-instance --db-instance-identifier {id} --skip-final-snapshot "
                f"--region {cloud.region}",
                leaving=state == "deleting",
            )


def _database_snapshots(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.rds.all("describe_db_snapshots", "DBSnapshots"):
        id, owner = item["DBSnapshotIdentifier"], item["DBInstanceIdentifier"]
        if why := _why(cloud, owner, names, item.get("TagList", [])):
            # Automatic ones go with their database; those of a database that is there cost nothing.
            yield Leftover(
                "database snapshot",
                id,
                why,
                stored(item["AllocatedStorage"], cost.DATABASE_BACKUP),
                f"aws rds delete-db-snapshot --db-snapshot-identifier {id} --region {cloud.region}",
                leaving=item.get("Status") == "deleting",
            )


def _database_backups(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.rds.all("describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"):
        id, owner = item.get("DbiResourceId", ""), item["DBInstanceIdentifier"]
        if owner in names and item.get("Status") == "retained":
            yield Leftover(
                "retained database backup",
                id,
                "name",
                stored(item.get("AllocatedStorage", 0), cost.DATABASE_BACKUP),
                f"aws rds delete-db-instance-automated-backup --dbi-resource-id {id} --region {cloud.region}",
            )


def _named(kind: str, operation: str, items: str, id: str, arn: str, remove: str, service: str) -> Look:
    """Things of RDS and ElastiCache that cost nothing and whose tags are a call of their own."""

    def look(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
        client = cloud.service(service)
        for item in client.all(operation, items):
            if item[id].startswith("default"):  # AWS's own
                continue
            tags = client.list_tags_for_resource(ResourceName=item[arn])["TagList"]
            if why := _why(cloud, item[id], names, tags):
                command = f"aws {service} {remove} {item[id]} --region {cloud.region}"
                yield Leftover(kind, item[id], why, 0.0, command)

    return look


def _caches(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.elasticache.all("describe_replication_groups", "ReplicationGroups"):
        id, state = item["ReplicationGroupId"], item["Status"]
        if why := _why_cache(cloud, names, id, item["ARN"]):
            nodes = len(item.get("MemberClusters", [])) or 1
            price = cost.cache_price(item.get("CacheNodeType", ""), item.get("Engine", "redis"))
            yield Leftover(
                "cache",
                id,
                why,
                None if price is None else price * DAY * nodes,
                f"aws elasticache delete-replication-group --replication-group-id {id} "
                f"--region {cloud.region}",
                leaving=state == "deleting",
            )


def _cache_clusters(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.elasticache.all("describe_cache_clusters", "CacheClusters"):
        id = item["CacheClusterId"]
        if "ReplicationGroupId" not in item and id in names:
            price = cost.cache_price(item["CacheNodeType"], item["Engine"])
            yield Leftover(
                "cache cluster",
                id,
                "name",
                daily(price),
                f"aws elasticache delete-cache-cluster --cache-cluster-id {id} --region {cloud.region}",
                leaving=item["CacheClusterStatus"] == "deleting",
            )


def _why_cache(cloud: Cloud, names: set[str], id: str, arn: str) -> str:
    # Tags can't be read while it is on its way; its name is then all there is.
    answer = unless(
        ("InvalidReplicationGroupState", "InvalidReplicationGroupStateFault"),
        cloud.elasticache.list_tags_for_resource,
        ResourceName=arn,
    )
    return _why(cloud, id, names, answer["TagList"] if answer else [])


def _cache_snapshots(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.elasticache.all("describe_snapshots", "Snapshots"):
        if item.get("ReplicationGroupId") in names or item.get("CacheClusterId") in names:
            id = item["SnapshotName"]
            command = f"aws elasticache delete-snapshot --snapshot-name {id} --region {cloud.region}"
            yield Leftover("cache snapshot", id, "name", None, command)


def _load_balancers(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    elbv2 = cloud.service("elbv2")
    for item in elbv2.all("describe_load_balancers", "LoadBalancers"):
        arn = item["LoadBalancerArn"]
        (tags,) = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        if why := _why(cloud, item["LoadBalancerName"], names, tags["Tags"]):
            command = f"aws elbv2 delete-load-balancer --load-balancer-arn {arn} --region {cloud.region}"
            yield Leftover("load balancer", item["LoadBalancerName"], why, cost.LOAD_BALANCER * DAY, command)


def _buckets(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.s3.list_buckets()["Buckets"]:
        bucket = item["Name"]
        if bucket not in names:
            continue
        answer = unless("NoSuchTagSet", cloud.s3.get_bucket_tagging, Bucket=bucket)
        if why := _why(cloud, bucket, names, answer["TagSet"] if answer else []):
            sizes = [each["Size"] for each in cloud.s3.all("list_objects_v2", "Contents", Bucket=bucket)]
            price = stored(sum(sizes) / 2**30, cost.S3)
            yield Leftover("bucket", bucket, why, price, f"aws s3 rb s3://{bucket} --force")


def _secrets(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.secretsmanager.all("list_secrets", "SecretList"):
        name = item["Name"]
        mine = {name} if name.startswith(f"{cloud.stack}/") else names
        if why := _why(cloud, name, mine, item.get("Tags", [])):
            yield Leftover(
                "secret",
                name,
                why,
                cost.SECRET * DAY,
                f"aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery "
                f"--region {cloud.region}",
            )


def _parameters(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    path = f"/{cloud.stack}"
    for item in cloud.ssm.all("get_parameters_by_path", "Parameters", Path=path, Recursive=True):
        if item["Name"] != f"{path}/{LOCK}":  # the runner's own
            command = f"aws ssm delete-parameter --name {item['Name']} --region {cloud.region}"
            yield Leftover("parameter", item["Name"], "name", 0.0, command)


def _log_groups(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    logs = cloud.service("logs")
    for item in logs.all("describe_log_groups", "logGroups"):
        name = item["logGroupName"]
        if set(name.split("/")) & names or name.startswith((f"/{cloud.stack}/", f"{cloud.stack}/")):
            price = stored(item.get("storedBytes", 0) / 2**30, cost.LOG_STORAGE)
            command = f"aws logs delete-log-group --log-group-name {name} --region {cloud.region}"
            yield Leftover("log group", name, "name", price, command)


def _roles(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for name in sorted(name for name in names if name.endswith(cloud.region)):
        answer = unless("NoSuchEntity", cloud.iam.get_role, RoleName=name)
        if answer and (why := _why(cloud, name, names, answer["Role"].get("Tags", []))):
            yield Leftover("role", name, why, 0.0, f"aws iam delete-role --role-name {name}")


def _profiles(cloud: Cloud, names: set[str]) -> Iterator[Leftover]:
    for item in cloud.iam.all("list_instance_profiles", "InstanceProfiles"):
        name = item["InstanceProfileName"]
        if why := _why(cloud, name, names, item.get("Tags", [])):
            command = f"aws iam delete-instance-profile --instance-profile-name {name}"
            yield Leftover("instance profile", name, why, 0.0, command)


LOOKS: dict[str, Look] = {
    "database": _databases,
    "database snapshot": _database_snapshots,
    "database backup": _database_backups,
    "DB subnet group": _named(
        *("DB subnet group", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        *("DBSubnetGroupArn", "delete-db-subnet-group --db-subnet-group-name", "rds"),
    ),
    "cache": _caches,
    "cache cluster": _cache_clusters,
    "cache snapshot": _cache_snapshots,
    "cache subnet group": _named(
        *("cache subnet group", "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"),
        *("ARN", "delete-cache-subnet-group --cache-subnet-group-name", "elasticache"),
    ),
    "cache parameter group": _named(
        *("cache parameter group", "describe_cache_parameter_groups", "CacheParameterGroups"),
        *("CacheParameterGroupName", "ARN"),
        *("delete-cache-parameter-group --cache-parameter-group-name", "elasticache"),
    ),
    "load balancer": _load_balancers,
    "bucket": _buckets,
    "secret": _secrets,
    "parameter": _parameters,
    "log group": _log_groups,
    "role": _roles,
    "instance profile": _profiles,
}
"""How each of the other kinds is looked at."""
