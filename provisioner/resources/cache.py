"""ElastiCache: the subnet group, the parameters, and the replication group that is the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange, Invalid, NotOurs
from provisioner.model import Change, Condition, Found, Refs, Resource
from provisioner.resources.identity import ensure_service_linked_role
from provisioner.resources.network import Subnet
from provisioner.resources.secrets import Secret
from provisioner.resources.security import SecurityGroup

PORT = 6379
CONDITIONS = {
    "available": Condition.READY,
    "deleting": Condition.GOING,
    "create-failed": Condition.FAILED,
}


def _ours(cloud: Cloud, resource: Resource, arn: str, id: str) -> None:
    """Raises NotOurs for what lacks our tag."""
    if not cloud.owns(cloud.elasticache.list_tags_for_resource(ResourceName=arn)["TagList"]):
        raise NotOurs(resource.name, id, cloud.stack)


@dataclass(frozen=True)
class CacheSubnetGroup(Resource):
    """The subnets that the cache's nodes may stand in."""

    subnets: tuple[Subnet, ...]
    kind: ClassVar[str] = "cache subnet group"

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(
            "CacheSubnetGroupNotFoundFault",
            cloud.elasticache.describe_cache_subnet_groups,
            CacheSubnetGroupName=cloud.name(self.name),
        )
        if answer is None:
            return None
        group = answer["CacheSubnetGroups"][0]
        _ours(cloud, self, group["ARN"], group["CacheSubnetGroupName"])
        subnets = sorted(each["SubnetIdentifier"] for each in group["Subnets"])
        return Found(group["CacheSubnetGroupName"], {"subnets": subnets})

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        wanted, now = self._subnet_ids(refs), found.facts["subnets"]
        return [] if now == wanted else [Change("subnets", now, wanted)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        ensure_service_linked_role(cloud, "elasticache.amazonaws.com")
        cloud.elasticache.create_cache_subnet_group(
            CacheSubnetGroupName=cloud.name(self.name),
            CacheSubnetGroupDescription=f"Private subnets of stack {cloud.stack}",
            SubnetIds=self._subnet_ids(refs),
            Tags=cloud.tag_list(self.name),
        )

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.elasticache.modify_cache_subnet_group(
            CacheSubnetGroupName=found.id, SubnetIds=self._subnet_ids(refs)
        )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless(
            "CacheSubnetGroupNotFoundFault",
            cloud.elasticache.delete_cache_subnet_group,
            CacheSubnetGroupName=found.id,
        )

    def _subnet_ids(self, refs: Refs) -> list[str]:
        return sorted(refs.id(subnet) for subnet in self.subnets)


@dataclass(frozen=True)
class CacheParameterGroup(Resource):
    """The engine's settings: when memory is full, the least recently used key goes, whichever it is."""

    engine: str
    """valkey or redis."""
    policy: str = "allkeys-lru"
    kind: ClassVar[str] = "cache parameter group"

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(
            "CacheParameterGroupNotFound",
            cloud.elasticache.describe_cache_parameter_groups,
            CacheParameterGroupName=cloud.name(self.name),
        )
        if answer is None:
            return None
        group = answer["CacheParameterGroups"][0]
        _ours(cloud, self, group["ARN"], group["CacheParameterGroupName"])
        return Found(group["CacheParameterGroupName"], {"family": group["CacheParameterGroupFamily"]})

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if not found.facts["family"].startswith(self.engine):
            raise CannotChange(self.name, "its engine", found.facts["family"], self.engine)
        parameters = cloud.elasticache.all(
            "describe_cache_parameters", "Parameters", CacheParameterGroupName=found.id, Source="user"
        )
        now = {each["ParameterName"]: each.get("ParameterValue") for each in parameters}
        policy = now.get("maxmemory-policy")
        return [] if policy == self.policy else [Change("maxmemory-policy", policy, self.policy)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.elasticache.create_cache_parameter_group(
            CacheParameterGroupName=cloud.name(self.name),
            CacheParameterGroupFamily=newest_version(cloud, self.engine)["CacheParameterGroupFamily"],
            Description=f"Parameters of stack {cloud.stack}",
            Tags=cloud.tag_list(self.name),
        )

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.elasticache.modify_cache_parameter_group(
            CacheParameterGroupName=found.id,
            ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": self.policy}],
        )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless(
            "CacheParameterGroupNotFound",
            cloud.elasticache.delete_cache_parameter_group,
            CacheParameterGroupName=found.id,
        )


@dataclass(frozen=True)
class Cache(Resource):
    """One node, encrypted at rest and in transit, behind an authentication token."""

    subnets: CacheSubnetGroup
    parameters: CacheParameterGroup
    group: SecurityGroup
    secret: Secret
    password: str
    """The secret's key under which the token is kept."""
    node_type: str
    kind: ClassVar[str] = "cache"
    create_seconds: ClassVar[float] = 2400
    delete_seconds: ClassVar[float] = 2400

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(
            "ReplicationGroupNotFoundFault",
            cloud.elasticache.describe_replication_groups,
            ReplicationGroupId=cloud.name(self.name),
        )
        if answer is None:
            return None
        group = answer["ReplicationGroups"][0]
        state = group["Status"]
        condition = CONDITIONS.get(state, Condition.PENDING)
        if condition in (Condition.READY, Condition.FAILED):  # in between, AWS shows no tags
            _ours(cloud, self, group["ARN"], group["ReplicationGroupId"])
        facts = {
            "node type": group.get("CacheNodeType"),
            "node": next(iter(group.get("MemberClusters", [])), None),
            "snapshots kept": group.get("SnapshotRetentionLimit", 0),
            "encrypted": group["AtRestEncryptionEnabled"] and group["TransitEncryptionEnabled"],
        }
        nodes = group.get("NodeGroups", [])
        if endpoint := (nodes[0].get("PrimaryEndpoint") if nodes else None):
            facts |= {"host": endpoint["Address"], "port": endpoint["Port"]}
            facts["endpoint"] = f"{endpoint['Address']}:{endpoint['Port']}"
        elif condition is Condition.READY:
            condition = Condition.PENDING
        return Found(group["ReplicationGroupId"], facts, state, condition)

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if not found.facts["encrypted"]:
            raise CannotChange(self.name, "its encryption", "off", "on")
        # A replication group does not say which groups and parameters its nodes have.
        answer = cloud.elasticache.describe_cache_clusters(CacheClusterId=found.facts["node"])
        node = answer["CacheClusters"][0]
        if node["Engine"] != self.parameters.engine:
            raise CannotChange(self.name, "its engine", node["Engine"], self.parameters.engine)
        now = {
            "node type": found.facts["node type"],
            "snapshots kept": found.facts["snapshots kept"],
            "groups": sorted(each["SecurityGroupId"] for each in node["SecurityGroups"]),
            "parameters": node["CacheParameterGroup"]["CacheParameterGroupName"],
        }
        wanted = {
            "node type": self.node_type,
            "snapshots kept": 0,
            "groups": [refs.id(self.group)],
            "parameters": refs.id(self.parameters),
        }
        return [Change(key, now[key], value) for key, value in wanted.items() if now[key] != value]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        engine = self.parameters.engine
        # Not CreateCacheCluster: that one refuses Valkey.
        cloud.elasticache.create_replication_group(
            ReplicationGroupId=cloud.name(self.name),
            ReplicationGroupDescription=f"Cache of stack {cloud.stack}",
            Engine=engine,
            EngineVersion=newest_version(cloud, engine, refs[self.parameters].facts["family"])[
                "EngineVersion"
            ],
            CacheNodeType=self.node_type,
            NumCacheClusters=1,
            AutomaticFailoverEnabled=False,  # it needs a second node
            MultiAZEnabled=False,
            CacheParameterGroupName=refs.id(self.parameters),
            CacheSubnetGroupName=refs.id(self.subnets),
            SecurityGroupIds=[refs.id(self.group)],
            Port=PORT,
            AtRestEncryptionEnabled=True,
            TransitEncryptionEnabled=True,
            AuthToken=self.secret.read(cloud)[self.password],
            SnapshotRetentionLimit=0,
            AutoMinorVersionUpgrade=True,
            Tags=cloud.tag_list(self.name),
        )

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.elasticache.modify_replication_group(
            ReplicationGroupId=found.id,
            CacheNodeType=self.node_type,
            SnapshotRetentionLimit=0,
            SecurityGroupIds=[refs.id(self.group)],
            CacheParameterGroupName=refs.id(self.parameters),
            ApplyImmediately=True,
        )

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless(
            "ReplicationGroupNotFoundFault",
            cloud.elasticache.delete_replication_group,
            ReplicationGroupId=found.id,
            RetainPrimaryCluster=False,
        )

    def reason(self, cloud: Cloud, found: Found) -> str:
        events = cloud.elasticache.all(
            "describe_events",
            "Events",
            SourceIdentifier=found.id,
            SourceType="replication-group",
            Duration=180,
        )
        return str(events[-1]["Message"]) if events else ""


def newest_version(cloud: Cloud, engine: str, family: str = "") -> dict[str, Any]:
    """The engine's newest version, of this parameter family if one is given. Raises Invalid."""
    versions = cloud.elasticache.all("describe_cache_engine_versions", "CacheEngineVersions", Engine=engine)
    fitting = [each for each in versions if family in ("", each["CacheParameterGroupFamily"])]
    if not fitting:
        raise Invalid(f"{cloud.region} offers no {family or engine}: choose another --cache-engine")
    return max(fitting, key=lambda each: [int(part) for part in each["EngineVersion"].split(".")])
