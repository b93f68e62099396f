"""ElastiCache with something behind it: each replication group is a Redis of its own."""

from pathlib import Path
from typing import Any

from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend

from local.gaps.cache_parameters import parameter
from local.plane import Plane
from local.servers import HOST, Redis

BUSY = ("creating", "modifying", "deleting")


class InvalidReplicationGroupState(ElastiCacheException):
    code = "InvalidReplicationGroupState"


def attach(plane: Plane) -> None:
    """Let creating, modifying and deleting a replication group start, change and end a server."""
    elasticache: Any = ElastiCacheBackend
    create = elasticache.create_replication_group
    modify = elasticache.modify_replication_group
    delete = elasticache.delete_replication_group

    def create_replication_group(backend: Any, *args: Any, **kwargs: Any) -> Any:
        group = create(backend, *args, **kwargs)
        group.token = kwargs["auth_token"] or ""
        _hide_endpoints(group)
        _later(plane, group, "creating", lambda: _start(plane, backend, group))
        return group

    def modify_replication_group(backend: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_if_busy(backend, kwargs["replication_group_id"])
        group = modify(backend, *args, **kwargs)
        if (token := kwargs.get("auth_token")) is not None:
            group.token = token
        if token is not None or kwargs.get("cache_parameter_group_name"):
            _later(plane, group, "modifying", lambda: _change(plane, backend, group))
        return group

    def delete_replication_group(backend: Any, replication_group_id: str, *args: Any, **kwargs: Any) -> Any:
        _refuse_if_busy(backend, replication_group_id)
        group = delete(backend, replication_group_id, *args, **kwargs)
        # Still to be seen until the server is gone, as on AWS.
        backend.replication_groups[replication_group_id] = group
        _later(plane, group, "deleting", lambda: _end(plane, backend, group))
        return group

    elasticache.create_replication_group = create_replication_group
    elasticache.modify_replication_group = modify_replication_group
    elasticache.delete_replication_group = delete_replication_group


def _later(plane: Plane, group: Any, status: str, job: Any) -> None:
    def failed() -> None:
        group.status = "create-failed"

    group.status = status
    plane.later(_name(group), job, failed)


def _name(group: Any) -> str:
    return f"cache-{group.replication_group_id}"


def _refuse_if_busy(backend: Any, group_id: str) -> None:
    group = backend.replication_groups.get(group_id)
    if group and group.status in BUSY:
        raise InvalidReplicationGroupState(f"Replication group {group_id} is currently {group.status}.")


def _hide_endpoints(group: Any) -> None:
    for node_group in group.node_groups:
        node_group["status"] = "creating"
        node_group.pop("primary_endpoint", None)
        node_group["node_group_members"] = []


def _show_endpoints(group: Any, port: int) -> None:
    endpoint = {"address": HOST, "port": port}
    for node_group in group.node_groups:
        node_group["status"] = "available"
        node_group["primary_endpoint"] = node_group["reader_endpoint"] = endpoint
        node_group["node_group_members"] = [
            {
                "cache_cluster_id": member,
                "cache_node_id": node_group["node_group_id"],
                "read_endpoint": endpoint,
                "current_role": "primary",
            }
            for member in group.member_clusters[:1]
        ]
    group.status = "available"


def _server(plane: Plane, backend: Any, group: Any, directory: Path, port: int) -> Redis:
    return Redis(
        directory,
        port,
        password=group.token,
        policy=parameter(backend, group.cache_parameter_group_name, "maxmemory-policy"),
        tls=plane.tls if group.transit_encryption_enabled else None,
    )


def _start(plane: Plane, backend: Any, group: Any) -> None:
    name = _name(group)
    server = plane.serve(name, lambda directory, port: _server(plane, backend, group, directory, port))
    _show_endpoints(group, server.port)


def _change(plane: Plane, backend: Any, group: Any) -> None:
    port = group.node_groups[0]["primary_endpoint"]["port"]
    name = _name(group)
    plane.again(name, _server(plane, backend, group, plane.files(name), port))
    group.status = "available"


def _end(plane: Plane, backend: Any, group: Any) -> None:
    plane.end(_name(group))
    backend.replication_groups.pop(group.replication_group_id, None)
