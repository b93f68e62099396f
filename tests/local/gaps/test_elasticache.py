"""ElastiCache answers as AWS does."""

from collections.abc import Callable
from typing import Any

from local.gaps import fill_gaps

TAGS = [{"Key": "provisioner:stack", "Value": "demo"}]


def create_group(elasticache: Any, **more: Any) -> dict[str, Any]:
    return elasticache.create_replication_group(
        ReplicationGroupId="demo",
        ReplicationGroupDescription="d",
        Engine="valkey",
        EngineVersion="8.1",
        CacheNodeType="cache.t3.small",
        NumCacheClusters=1,
        AuthToken="a" * 32,
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AutoMinorVersionUpgrade=True,
        SecurityGroupIds=["sg-1"],
        Tags=TAGS,
        **more,
    )["ReplicationGroup"]


def test_filling_twice_is_filling_once(client: Callable[[str], Any]) -> None:
    fill_gaps()
    assert client("elasticache").describe_events()["Events"] == []


def test_cache_subnet_group(
    client: Callable[[str], Any], code: Callable[..., str], subnets: list[str]
) -> None:
    elasticache = client("elasticache")
    name = {"CacheSubnetGroupName": "demo"}
    made = elasticache.create_cache_subnet_group(
        **name, CacheSubnetGroupDescription="d", SubnetIds=subnets, Tags=TAGS
    )["CacheSubnetGroup"]
    zones = [subnet["SubnetAvailabilityZone"]["Name"] for subnet in made["Subnets"]]
    assert zones == ["us-east-1a", "us-east-1b"]
    assert elasticache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == TAGS

    changed = elasticache.modify_cache_subnet_group(**name, SubnetIds=subnets[:1])["CacheSubnetGroup"]
    assert [subnet["SubnetIdentifier"] for subnet in changed["Subnets"]] == subnets[:1]
    assert changed["CacheSubnetGroupDescription"] == "d"

    create_group(elasticache, CacheSubnetGroupName="demo")
    assert code(elasticache.delete_cache_subnet_group, **name) == "CacheSubnetGroupInUse"
    elasticache.delete_replication_group(ReplicationGroupId="demo")
    elasticache.delete_cache_subnet_group(**name)
    for call in (elasticache.delete_cache_subnet_group, elasticache.describe_cache_subnet_groups):
        assert code(call, **name) == "CacheSubnetGroupNotFoundFault"
    assert code(elasticache.modify_cache_subnet_group, **name) == "CacheSubnetGroupNotFoundFault"
    assert elasticache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == []


def test_cache_parameter_group(client: Callable[[str], Any], code: Callable[..., str]) -> None:
    elasticache = client("elasticache")
    name = {"CacheParameterGroupName": "demo"}
    new = {**name, "CacheParameterGroupFamily": "valkey8", "Description": "d"}
    made = elasticache.create_cache_parameter_group(**new, Tags=TAGS)["CacheParameterGroup"]
    assert made["CacheParameterGroupFamily"] == "valkey8"
    assert elasticache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == TAGS
    assert code(elasticache.create_cache_parameter_group, **new) == "CacheParameterGroupAlreadyExists"

    def policy(**source: str) -> list[tuple[str, str, str]]:
        found = elasticache.describe_cache_parameters(**name, **source)["Parameters"]
        return [(each["ParameterName"], each["ParameterValue"], each["Source"]) for each in found]

    assert policy() == [("maxmemory-policy", "volatile-lru", "system")]
    assert policy(Source="user") == []
    wrong = [{"ParameterName": "maxmemory-policy", "ParameterValue": "at-random"}]
    modify = elasticache.modify_cache_parameter_group
    assert code(modify, **name, ParameterNameValues=wrong) == "InvalidParameterValue"
    modify(
        **name, ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    )
    assert policy(Source="user") == [("maxmemory-policy", "allkeys-lru", "user")]

    create_group(elasticache, CacheParameterGroupName="demo")
    assert code(elasticache.delete_cache_parameter_group, **name) == "InvalidCacheParameterGroupState"
    elasticache.delete_replication_group(ReplicationGroupId="demo")
    elasticache.delete_cache_parameter_group(**name)
    calls = (elasticache.delete_cache_parameter_group, elasticache.describe_cache_parameter_groups)
    assert [code(call, **name) for call in calls] == ["CacheParameterGroupNotFound"] * 2


def test_replication_group_of_one_node(client: Callable[[str], Any], code: Callable[..., str]) -> None:
    elasticache = client("elasticache")
    made = create_group(elasticache)
    assert (made["Engine"], made["MemberClusters"]) == ("valkey", ["demo-001"])
    for switch in ("AuthTokenEnabled", "TransitEncryptionEnabled", "AtRestEncryptionEnabled"):
        assert made[switch] is True
    (nodes,) = made["NodeGroups"]
    assert nodes["PrimaryEndpoint"]["Port"] == 6379
    assert elasticache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == TAGS

    (member,) = elasticache.describe_cache_clusters()["CacheClusters"]
    assert member["EngineVersion"] == "8.1.0"
    assert member["ReplicationGroupId"] == "demo"
    assert member["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]

    elasticache.modify_replication_group(
        ReplicationGroupId="demo",
        EngineVersion="8.2",
        SecurityGroupIds=["sg-2"],
        AutoMinorVersionUpgrade=False,
    )
    (member,) = elasticache.describe_cache_clusters(CacheClusterId="demo-001")["CacheClusters"]
    assert member["EngineVersion"] == "8.2.0"
    assert member["SecurityGroups"] == [{"SecurityGroupId": "sg-2", "Status": "active"}]
    assert member["AutoMinorVersionUpgrade"] is False

    gone = elasticache.delete_replication_group(ReplicationGroupId="demo")["ReplicationGroup"]
    assert gone["Status"] == "deleting"
    for call in (elasticache.describe_replication_groups, elasticache.delete_replication_group):
        assert code(call, ReplicationGroupId="demo") == "ReplicationGroupNotFoundFault"
    assert code(elasticache.describe_cache_clusters, CacheClusterId="demo-001") == "CacheClusterNotFound"


def test_cache_engine_versions(client: Callable[[str], Any]) -> None:
    def versions(**wanted: str) -> list[str]:
        found = client("elasticache").describe_cache_engine_versions(**wanted)["CacheEngineVersions"]
        return [f"{each['Engine']} {each['EngineVersion']}" for each in found]

    assert versions(Engine="valkey") == ["valkey 7.2", "valkey 8.0", "valkey 8.1", "valkey 8.2"]
    assert versions(Engine="redis") == ["redis 7.1"]
    assert versions(CacheParameterGroupFamily="valkey7") == ["valkey 7.2"]
