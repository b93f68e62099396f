"""ElastiCache's parameter groups, as far as one parameter goes: what to evict when memory is full."""

from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult, EmptyResult, PaginatedResult
from moto.elasticache.exceptions import ElastiCacheException, InvalidParameterValueException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from local.gaps.graft import graft

# The parameters that are known here, with AWS's own default values.
DEFAULTS = {"maxmemory-policy": "volatile-lru"}
POLICIES = (
    *("volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu"),
    *("volatile-random", "allkeys-random", "volatile-ttl", "noeviction"),
)

_list_tags: Any = ElastiCacheBackend.list_tags_for_resource


class CacheParameterGroupAlreadyExists(ElastiCacheException):
    code = "CacheParameterGroupAlreadyExists"


class CacheParameterGroupNotFound(ElastiCacheException):
    code = "CacheParameterGroupNotFound"


class InvalidCacheParameterGroupState(ElastiCacheException):
    code = "InvalidCacheParameterGroupState"


@dataclass
class CacheParameterGroup:
    """A named set of engine parameters; `values` holds those that were set by the user."""

    cache_parameter_group_name: str
    cache_parameter_group_family: str
    description: str
    arn: str
    is_global: bool = False
    values: dict[str, str] = field(default_factory=dict)


def fill() -> None:
    """Add the calls on parameter groups."""
    graft(ElastiCacheResponse, _Responses)
    graft(ElastiCacheBackend, _Backend)


def parameter(backend: Any, group_name: str | None, name: str) -> str:
    """The value in force for a cache that uses this group, or AWS's default groups (None)."""
    group = _groups(backend).get(group_name)
    return (group.values if group else {}).get(name, DEFAULTS[name])


def _groups(backend: Any) -> dict[str | None, CacheParameterGroup]:
    # On the backend itself, so that moto's reset forgets the groups too.
    groups: dict[str | None, CacheParameterGroup] = vars(backend).setdefault("cache_parameter_groups", {})
    return groups


def _group(backend: Any, name: str) -> CacheParameterGroup:
    try:
        return _groups(backend)[name]
    except KeyError:
        raise CacheParameterGroupNotFound(f"CacheParameterGroup not found: {name}") from None


class _Responses:
    def create_cache_parameter_group(self: Any) -> ActionResult:
        """Make an empty group."""
        group = self.elasticache_backend.create_cache_parameter_group(
            self._get_param("CacheParameterGroupName"),
            self._get_param("CacheParameterGroupFamily"),
            self._get_param("Description"),
            self._get_param("Tags", []),
        )
        return ActionResult({"CacheParameterGroup": group})

    def modify_cache_parameter_group(self: Any) -> ActionResult:
        """Set parameters, all or none."""
        name = self._get_param("CacheParameterGroupName")
        self.elasticache_backend.modify_cache_parameter_group(
            name, self._get_param("ParameterNameValues", [])
        )
        return ActionResult({"CacheParameterGroupName": name})

    def describe_cache_parameter_groups(self: Any) -> ActionResult:
        """All groups, or the one that is named."""
        name = self._get_param("CacheParameterGroupName")
        backend = self.elasticache_backend
        groups = [_group(backend, name)] if name else list(_groups(backend).values())
        return PaginatedResult({"CacheParameterGroups": groups})

    def describe_cache_parameters(self: Any) -> ActionResult:
        """A group's parameters, from `user` or `system` when Source says so."""
        group = _group(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
        source = self._get_param("Source")
        parameters = [
            {
                "ParameterName": name,
                "ParameterValue": group.values.get(name, default),
                "Source": "user" if name in group.values else "system",
                "DataType": "string",
                "AllowedValues": ",".join(POLICIES),
                "IsModifiable": True,
                "ChangeType": "immediate",
            }
            for name, default in DEFAULTS.items()
        ]
        return PaginatedResult({"Parameters": [p for p in parameters if source in (None, p["Source"])]})

    def delete_cache_parameter_group(self: Any) -> ActionResult:
        """Delete a group that nothing uses."""
        self.elasticache_backend.delete_cache_parameter_group(self._get_param("CacheParameterGroupName"))
        return EmptyResult()


class _Backend:
    def create_cache_parameter_group(
        self: Any, name: str, family: str, description: str, tags: list[dict[str, str]]
    ) -> CacheParameterGroup:
        """Make an empty group under a name that is free."""
        if name in _groups(self):
            raise CacheParameterGroupAlreadyExists(f"Cache parameter group {name} already exists.")
        arn = f"arn:aws:elasticache:{self.region_name}:{self.account_id}:parametergroup:{name}"
        self.tagging_service.tag_resource(arn, tags)
        _groups(self)[name] = CacheParameterGroup(name, family, description, arn)
        return _groups(self)[name]

    def modify_cache_parameter_group(self: Any, name: str, changes: list[dict[str, str]]) -> None:
        """Set parameters; an unknown one, or a policy that Redis does not have, changes nothing."""
        group = _group(self, name)
        for change in changes:
            if change["ParameterName"] not in DEFAULTS or change["ParameterValue"] not in POLICIES:
                raise InvalidParameterValueException(
                    f"{change['ParameterName']} cannot be set to {change['ParameterValue']} here"
                )
        group.values.update({change["ParameterName"]: change["ParameterValue"] for change in changes})

    def delete_cache_parameter_group(self: Any, name: str) -> None:
        """Forget it, unless a replication group is still there that names it."""
        group = _group(self, name)
        if any(user.cache_parameter_group_name == name for user in self.replication_groups.values()):
            raise InvalidCacheParameterGroupState(f"One or more cache clusters are still members of {name}")
        del _groups(self)[name]
        self.tagging_service.delete_all_tags_for_resource(group.arn)

    def list_tags_for_resource(self: Any, arn: str) -> Any:
        """Tags of a parameter group too, whose ARN moto takes for a wrong one."""
        if ":parametergroup:" in arn:
            return self.tagging_service.list_tags_for_resource(arn)
        return _list_tags(self, arn)
