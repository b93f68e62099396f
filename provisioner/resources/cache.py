"""ElastiCache: the subnet group, the parameters, and the replication group that is the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange, Invalid, NotOurs
from provisioner.model import Change, Condition, Found, Refs
from provisioner.resources.identity import ensure_service_linked_role
from provisioner.resources.network import Subnet
from provisioner.resources.secrets import Secret
from provisioner.resources.security import SecurityGroup
from provisioner.resources.tagged import TAGS, Tagged

PORT = 6379
CONDITIONS = {
    "available": Condition.READY,
    "deleting": Condition.GOING,
    "create-failed": Condition.FAILED,
}


class _Tagged(Tagged):
    """What ElastiCache tags by its ARN, a fact."""

    def tags(self, cloud: Cloud, arn: str) -> list[dict[str, str]]:
        """Its tags. Raises NotOurs if ours is not among them."""
        tags: list[dict[str, str]] = cloud.elasticache.list_tags_for_resource(ResourceName=arn)["TagList"]
        if not cloud.owns(tags):
            raise NotOurs(self.name, cloud.name(self.name), cloud.stack)
        return tags

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.elasticache.add_tags_to_resource(
            ResourceName=found.facts["arn"], Tags=cloud.tag_list(self.name)
        )


@dataclass(frozen=True)
class CacheSubnetGroup(_Tagged):
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
        facts = {
            "subnets": sorted(each["SubnetIdentifier"] for each in group["Subnets"]),
            "arn": group["ARN"],
            TAGS: self.tags(cloud, group["ARN"]),
        }
        return Found(group["CacheSubnetGroupName"], facts)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
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

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
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
class CacheParameterGroup(_Tagged):
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
        facts = {
            "family": group["CacheParameterGroupFamily"],
            "arn": group["ARN"],
            TAGS: self.tags(cloud, group["ARN"]),
        }
        return Found(group["CacheParameterGroupName"], facts)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
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

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
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
class Cache(_Tagged):
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
        # AWS shows the tags of nothing but what is available; until then the description says whose it is.
        if group["Description"] != self._description(cloud) and condition is Condition.FAILED:
            raise NotOurs(self.name, group["ReplicationGroupId"], cloud.stack)
        facts = {
            "arn": group["ARN"],
            "node type": group.get("CacheNodeType"),
            "node": next(iter(group.get("MemberClusters", [])), None),
            "snapshots kept": group.get("SnapshotRetentionLimit", 0),
            "encrypted": group["AtRestEncryptionEnabled"] and group["TransitEncryptionEnabled"],
        }
        if condition is Condition.READY:
            facts[TAGS] = unless("InvalidReplicationGroupState", self.tags, cloud=cloud, arn=group["ARN"])
            if facts[TAGS] is None:  # it began to change since
                condition = Condition.PENDING
        nodes = group.get("NodeGroups", [])
        if endpoint := (nodes[0].get("PrimaryEndpoint") if nodes else None):
            facts |= {"host": endpoint["Address"], "port": endpoint["Port"]}
            facts["endpoint"] = f"{endpoint['Address']}:{endpoint['Port']}"
        elif condition is Condition.READY:
            condition = Condition.PENDING
        return Found(group["ReplicationGroupId"], facts, state, condition)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if not found.facts["encrypted"]:
            raise CannotChange(self.name, "its encryption", "off", "on")
        # A replication group does not say which groups and parameters its nodes have.
        answer = cloud.elasticache.describe_cache_clusters(CacheClusterId=found.facts["node"])
        node = answer["CacheClusters"][0]
        if node["Engine"] != self.parameters.engine:
            raise CannotChange(self.name, "its engine", node["Engine"], self.parameters.engine)
        now = {
            # What is being changed shows its old value; asking for the new one again would be refused.
            "node type": node.get("PendingModifiedValues", {}).get("CacheNodeType", node["CacheNodeType"]),
            "snapshots kept": found.facts["snapshots kept"],
            "minor upgrades": node["AutoMinorVersionUpgrade"],
            "groups": [
                each["SecurityGroupId"] for each in node["SecurityGroups"] if each["Status"] != "removing"
            ],
            "parameters": node["CacheParameterGroup"]["CacheParameterGroupName"],
        }
        wanted = {
            "node type": self.node_type,
            "snapshots kept": 0,
            "minor upgrades": True,
            "groups": [refs.id(self.group)],
            "parameters": refs.id(self.parameters),
        }
        return [Change(key, now[key], value) for key, value in wanted.items() if now[key] != value]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        engine = self.parameters.engine
        # Not CreateCacheCluster: that one refuses Valkey.
        cloud.elasticache.create_replication_group(
            ReplicationGroupId=cloud.name(self.name),
            ReplicationGroupDescription=self._description(cloud),
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

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.elasticache.modify_replication_group(
            ReplicationGroupId=found.id,
            CacheNodeType=self.node_type,
            SnapshotRetentionLimit=0,
            AutoMinorVersionUpgrade=True,
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

    def _description(self, cloud: Cloud) -> str:
        return f"Cache of stack {cloud.stack}"


def newest_version(cloud: Cloud, engine: str, family: str = "") -> dict[str, Any]:
    """The engine's newest version, of this parameter family if one is given. Raises Invalid."""
    versions = cloud.elasticache.all("describe_cache_engine_versions", "CacheEngineVersions", Engine=engine)
    fitting = [each for each in versions if family in ("", each["CacheParameterGroupFamily"])]
    if not fitting:
        raise Invalid(f"{cloud.region} offers no {family or engine}: choose another --cache-engine")
    return max(fitting, key=lambda each: [int(part) for part in each["EngineVersion"].split(".")])
