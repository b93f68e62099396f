"""A replication group of the region is a Redis that lives and dies with it."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.local.processes import programs

Eventually = Callable[[Callable[[], bool]], None]
TOKEN = "a-token-of-32-characters-or-more"


@pytest.fixture(scope="module")
def elasticache(client: Callable[[str], Any]) -> Any:
    return client("elasticache")


@pytest.fixture(scope="module")
def endpoint(elasticache: Any, eventually: Eventually) -> dict[str, Any]:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="lfu", CacheParameterGroupFamily="valkey8", Description="test"
    )
    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="lfu",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lfu"}],
    )
    made = elasticache.create_replication_group(
        ReplicationGroupId="demo",
        ReplicationGroupDescription="test",
        Engine="valkey",
        CacheNodeType="cache.t3.small",
        NumCacheClusters=1,
        CacheParameterGroupName="lfu",
        TransitEncryptionEnabled=True,
        AuthToken=TOKEN,
    )["ReplicationGroup"]
    assert made["Status"] == "creating"
    assert "PrimaryEndpoint" not in made["NodeGroups"][0]
    eventually(lambda: group(elasticache)["Status"] == "available")
    return group(elasticache)["NodeGroups"][0]["PrimaryEndpoint"]


def group(elasticache: Any) -> dict[str, Any]:
    (found,) = elasticache.describe_replication_groups(ReplicationGroupId="demo")["ReplicationGroups"]
    return found


def connect(endpoint: dict[str, Any], var: Path, password: str = TOKEN) -> redis.Redis:
    return redis.Redis(
        host=endpoint["Address"],
        port=endpoint["Port"],
        password=password,
        ssl=True,
        ssl_ca_certs=str(var / "local/ca.pem"),
        ssl_check_hostname=True,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
    )


def test_speaks_tls_for_the_token_alone(endpoint: dict[str, Any], var: Path) -> None:
    with connect(endpoint, var) as cache:
        assert cache.ping()
    with connect(endpoint, var, password="wrong") as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=5) as plain:
        plain.sendall(b"PING\r\n")
        with pytest.raises(ConnectionResetError):
            plain.recv(100)


def test_evicts_as_its_parameter_group_says(endpoint: dict[str, Any], var: Path) -> None:
    with connect(endpoint, var) as cache:
        assert cache.info("memory")["maxmemory_policy"] == "allkeys-lfu"


def test_comes_back_when_killed(endpoint: dict[str, Any], var: Path, eventually: Eventually) -> None:
    with connect(endpoint, var) as cache:
        process = cache.info()["process_id"]
        os.kill(process, signal.SIGKILL)
        eventually(lambda: answers(cache) and cache.info()["process_id"] != process)


def test_takes_a_new_token(
    elasticache: Any, endpoint: dict[str, Any], var: Path, eventually: Eventually
) -> None:
    elasticache.modify_replication_group(
        ReplicationGroupId="demo",
        AuthToken="b" * 32,
        AuthTokenUpdateStrategy="SET",
        ApplyImmediately=True,
    )
    eventually(lambda: group(elasticache)["Status"] == "available")
    with connect(endpoint, var, password="b" * 32) as cache:
        assert cache.ping()


def test_is_gone_when_deleted(
    elasticache: Any, endpoint: dict[str, Any], var: Path, eventually: Eventually
) -> None:
    process = programs(var)["redis-server"]
    os.kill(process, signal.SIGSTOP)  # so that it cannot end before we have looked
    elasticache.delete_replication_group(ReplicationGroupId="demo")
    assert group(elasticache)["Status"] == "deleting"
    with pytest.raises(ClientError) as refused:
        elasticache.delete_replication_group(ReplicationGroupId="demo")
    os.kill(process, signal.SIGCONT)
    assert refused.value.response["Error"]["Code"] == "InvalidReplicationGroupState"
    eventually(lambda: elasticache.describe_replication_groups()["ReplicationGroups"] == [])
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []
    assert "redis-server" not in programs(var)
    assert list((var / "local").glob("*demo*")) == []


def answers(cache: redis.Redis) -> bool:
    try:
        return bool(cache.ping())
    except redis.ConnectionError:
        return False
