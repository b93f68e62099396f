"""ElastiCache: subnet and parameter groups, engine versions, member clusters, and deletes that delete."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult, PaginatedResult
from moto.elasticache.exceptions import (
    CacheClusterNotFound,
    CacheSubnetGroupNotFound,
    ElastiCacheException,
    ReplicationGroupNotFound,
)
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from local.gaps import cache_parameters
from local.gaps.graft import graft

ENGINE_VERSIONS = {"redis": ("7.1",), "valkey": ("7.2", "8.0", "8.1", "8.2")}
NODE_TYPES = tuple(
    f"cache.{family}.{size}" for family in ("t3", "t4g") for size in ("micro", "small", "medium")
)
ENGINE_NAMES = {"redis": "Redis", "valkey": "Valkey"}

_create_subnet_group: Any = ElastiCacheBackend.create_cache_subnet_group
_describe_clusters: Any = ElastiCacheBackend.describe_cache_clusters
_modify_group: Any = ElastiCacheBackend.modify_replication_group


class CacheSubnetGroupInUse(ElastiCacheException):
    code = "CacheSubnetGroupInUse"


def fill() -> None:
    """Add the missing calls and correct the ones that answer wrongly."""
    graft(ElastiCacheResponse, _Responses)
    graft(ElastiCacheBackend, _Backend)
    cache_parameters.fill()


class _Responses:
    def delete_cache_subnet_group(self: Any) -> ActionResult:
        """Delete a group that nothing uses."""
        self.elasticache_backend.delete_cache_subnet_group(self._get_param("CacheSubnetGroupName"))
        return EmptyResult()

    def modify_cache_subnet_group(self: Any) -> ActionResult:
        """Replace a group's description, its subnets or both."""
        group = self.elasticache_backend.modify_cache_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return ActionResult({"CacheSubnetGroup": group})

    def describe_cache_engine_versions(self: Any) -> ActionResult:
        """The versions of Valkey and Redis OSS that can be ordered."""
        wanted = {
            key: self._get_param(key) for key in ("Engine", "EngineVersion", "CacheParameterGroupFamily")
        }
        versions = [
            _engine_version(engine, number)
            for engine in ENGINE_VERSIONS
            for number in ENGINE_VERSIONS[engine]
        ]
        matching = [v for v in versions if all(w in (None, v[key]) for key, w in wanted.items())]
        if self._get_bool_param("DefaultOnly"):
            matching = matching[-1:]
        return PaginatedResult({"CacheEngineVersions": matching})

    def describe_reserved_cache_nodes_offerings(self: Any) -> ActionResult:
        """What can be reserved can be ordered: one offering for each node type."""
        wanted = self._get_param("CacheNodeType")
        offerings = [
            {"ReservedCacheNodesOfferingId": size, "CacheNodeType": size, "Duration": 31536000}
            for size in NODE_TYPES
            if wanted in (None, size)
        ]
        return PaginatedResult({"ReservedCacheNodesOfferings": offerings})

    def describe_events(self: Any) -> ActionResult:
        """No event ever happens here."""
        return PaginatedResult({"Events": []})

    def modify_replication_group(self: Any) -> ActionResult:
        """Change what the request names, at once."""
        group = self.elasticache_backend.modify_replication_group(
            replication_group_id=self._get_param("ReplicationGroupId"),
            replication_group_description=self._get_param("ReplicationGroupDescription"),
            engine=self._get_param("Engine"),
            cache_node_type=self._get_param("CacheNodeType"),
            automatic_failover_enabled=self._get_bool_param("AutomaticFailoverEnabled"),
            multi_az_enabled=self._get_bool_param("MultiAZEnabled"),
            snapshot_retention_limit=self._get_int_param("SnapshotRetentionLimit"),
            engine_version=self._get_param("EngineVersion"),
            cache_parameter_group_name=self._get_param("CacheParameterGroupName"),
            security_group_ids=self._get_param("SecurityGroupIds"),
            auto_minor_version_upgrade=self._get_bool_param("AutoMinorVersionUpgrade"),
            snapshot_window=self._get_param("SnapshotWindow"),
            preferred_maintenance_window=self._get_param("PreferredMaintenanceWindow"),
            transit_encryption_enabled=self._get_bool_param("TransitEncryptionEnabled"),
            transit_encryption_mode=self._get_param("TransitEncryptionMode"),
            auth_token=self._get_param("AuthToken"),
        )
        return ActionResult({"ReplicationGroup": group})


class _Backend:
    def create_cache_subnet_group(self: Any, *args: Any, **kwargs: Any) -> CacheSubnetGroup:
        """Make it, with its subnets' zones as AWS names them."""
        return _with_zones(_create_subnet_group(self, *args, **kwargs))

    def modify_cache_subnet_group(
        self: Any, name: str, description: str | None, subnet_ids: list[str] | None
    ) -> CacheSubnetGroup:
        """Replace it by a group of the same name and tags."""
        if name not in self.cache_subnet_groups:
            raise CacheSubnetGroupNotFound(name)
        old = self.cache_subnet_groups[name]
        self.cache_subnet_groups[name] = CacheSubnetGroup(
            account_id=self.account_id,
            region_name=self.region_name,
            cache_subnet_group_name=name,
            cache_subnet_group_description=description or old.cache_subnet_group_description,
            subnet_ids=subnet_ids or old.subnet_ids,
            tags=old.tags,
        )
        return _with_zones(self.cache_subnet_groups[name])

    def delete_cache_subnet_group(self: Any, name: str) -> None:
        """Forget it, unless a replication group is still there that names it."""
        if name not in self.cache_subnet_groups:
            raise CacheSubnetGroupNotFound(name)
        if any(group.cache_subnet_group_name == name for group in self.replication_groups.values()):
            raise CacheSubnetGroupInUse(f"Cache subnet group {name} is currently in use by a cache cluster.")
        group = self.cache_subnet_groups.pop(name)
        self.tagging_service.delete_all_tags_for_resource(group.arn)

    def delete_replication_group(
        self: Any, replication_group_id: str, retain_primary_cluster: bool | None
    ) -> Any:
        """Delete it, its clusters and its tags; the next look finds nothing."""
        if replication_group_id not in self.replication_groups:
            raise ReplicationGroupNotFound(replication_group_id)
        group = self.replication_groups.pop(replication_group_id)
        group.status = "deleting"
        self.tagging_service.delete_all_tags_for_resource(group.arn)
        return group

    def delete_cache_cluster(self: Any, cache_cluster_id: str) -> Any:
        """Delete a cluster of its own; the next look finds nothing."""
        if cache_cluster_id not in self.cache_clusters:
            raise CacheClusterNotFound(cache_cluster_id)
        cluster = self.cache_clusters.pop(cache_cluster_id)
        cluster.cache_cluster_status = "deleting"
        self.tagging_service.delete_all_tags_for_resource(cluster.arn)
        return cluster

    def describe_cache_clusters(self: Any, cache_cluster_id: str | None = None) -> Any:
        """Clusters of their own, and those that a replication group consists of."""
        members = {
            member: _member_cluster(self, group, member)
            for group in self.replication_groups.values()
            for member in group.member_clusters
        }
        if cache_cluster_id in members:
            return [members[cache_cluster_id]]
        own = _describe_clusters(self, cache_cluster_id)
        return own if cache_cluster_id else own + list(members.values())

    def modify_replication_group(
        self: Any,
        replication_group_id: str,
        replication_group_description: str | None,
        engine: str | None,
        cache_node_type: str | None,
        automatic_failover_enabled: bool | None,
        multi_az_enabled: bool | None,
        snapshot_retention_limit: int | None,
        auth_token: str | None = None,
        **others: Any,
    ) -> Any:
        """Change every attribute that is given."""
        group = _modify_group(
            self,
            replication_group_id,
            replication_group_description,
            engine,
            cache_node_type,
            automatic_failover_enabled,
            multi_az_enabled,
            snapshot_retention_limit,
        )
        for name, value in others.items():
            if value is not None:
                setattr(group, name, value)
        if auth_token is not None:
            group.auth_token_enabled = True
        return group


def _with_zones(group: CacheSubnetGroup) -> CacheSubnetGroup:
    for subnet in group.subnets:
        zone = subnet["subnet_availability_zone"]
        if isinstance(zone, str):
            subnet["subnet_availability_zone"] = {"Name": zone}
    return group


def _member_cluster(backend: Any, group: Any, member: str) -> dict[str, Any]:
    version = group.engine_version or ENGINE_VERSIONS[group.engine][-1]
    parameters = group.cache_parameter_group_name or f"default.{_family(group.engine, version)}"
    return {
        "CacheClusterId": member,
        "CacheClusterStatus": group.status,
        "CacheNodeType": group.cache_node_type,
        "NumCacheNodes": 1,
        "Engine": group.engine,
        # '8.1' is ordered, '8.1.0' is what then runs.
        "EngineVersion": version if version.count(".") == 2 else f"{version}.0",
        "ReplicationGroupId": group.replication_group_id,
        "CacheParameterGroup": {
            "CacheParameterGroupName": parameters,
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        },
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "SecurityGroups": [
            {"SecurityGroupId": id_, "Status": "active"} for id_ in group.security_group_ids or []
        ],
        "AuthTokenEnabled": group.auth_token_enabled,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "TransitEncryptionMode": group.transit_encryption_mode,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "AutoMinorVersionUpgrade": group.auto_minor_version_upgrade,
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "CacheClusterCreateTime": group.replication_group_create_time,
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:cluster:{member}",
    }


def _family(engine: str, version: str) -> str:
    return f"{engine}{version.partition('.')[0]}"


def _engine_version(engine: str, version: str) -> dict[str, str]:
    return {
        "Engine": engine,
        "EngineVersion": version,
        "CacheParameterGroupFamily": _family(engine, version),
        "CacheEngineDescription": ENGINE_NAMES[engine],
        "CacheEngineVersionDescription": f"{engine} version {version}",
    }
