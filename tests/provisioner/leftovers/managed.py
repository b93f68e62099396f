"""The other services' kinds, planted."""

from tests.provisioner.leftovers.compute import default_subnets

TRUST = '{"Version": "2012-10-17", "Statement": []}'


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
