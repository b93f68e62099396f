"""The one door to AWS: one session, one client per service, tags, error codes and the retry table.

Every call of the library goes through `Cloud`. botocore's own retries are off: the table below decides
what is repeated, how long, and why, and waits with a clock that tests can replace. A mutating call whose
answer was lost is never repeated here, since it may have worked: that is `AnswerLost`, and the engine looks
before it asks again.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    EndpointConnectionError,
    HTTPClientError,
)

from provisioner.errors import CredentialsRefused, Interrupted, ProvisionerError, Unreachable

STACK_TAG = "provisioner:stack"
RESOURCE_TAG = "provisioner:resource"


@dataclass(frozen=True)
class Retry:
    """Repeat `operation` (any, if empty) on this error code and message part, for so many seconds."""

    code: str
    seconds: float
    operation: str = ""
    message: str = ""


RETRIES = (
    # Every API, under load.
    *(Retry(code, 120) for code in ("RequestLimitExceeded", "Throttling", "ThrottlingException")),
    *(Retry(code, 120) for code in ("TooManyRequestsException", "SlowDown", "RequestThrottled")),
    # An instance profile, role or service-linked role that was just made is not known everywhere yet.
    Retry("InvalidParameterValue", 120, "run_instances", "iamInstanceProfile"),
    Retry("InvalidParameterValue", 120, "run_instances", "IAM Instance Profile"),
    Retry("NoSuchEntity", 30, "add_role_to_instance_profile"),
    Retry("ServiceLinkedRoleNotFoundFault", 120),
    Retry("InvalidParameterValue", 120, "create_db_subnet_group", "ServiceLinkedRoles"),
    Retry("InvalidParameterValue", 120, "create_db_instance", "service linked role"),
    # An agent reports some time after its instance's launch, and a command shows some time after it was sent.
    Retry("InvalidInstanceId", 180, "send_command"),
    Retry("InvocationDoesNotExist", 30, "get_command_invocation"),
    # Names stay reserved for a moment, even after a delete without recovery.
    Retry("InvalidRequestException", 120, "create_secret", "scheduled for deletion"),
    # Interfaces outlive their owner, and rules their group, for some minutes.
    *(
        Retry("DependencyViolation", 600, operation)
        for operation in (
            "delete_security_group",
            "delete_subnet",
            "detach_internet_gateway",
            "delete_internet_gateway",
            "delete_route_table",
            "delete_vpc",
        )
    ),
    Retry("InvalidIPAddress.InUse", 300, "release_address"),
    Retry("AuthFailure", 300, "release_address", "currently associated"),
    # What a change or a backup has begun is over in minutes; a status may lag behind it.
    *(Retry("InvalidDBInstanceState", 1200, f"{verb}_db_instance") for verb in ("modify", "delete")),
    Retry("InvalidParameterCombination", 300, "delete_db_instance", "disable deletion protection"),
    *(
        Retry("InvalidReplicationGroupState", 1200, operation)
        for operation in ("modify_replication_group", "delete_replication_group", "add_tags_to_resource")
    ),
    Retry("InvalidDBSubnetGroupStateFault", 600, "delete_db_subnet_group"),
    Retry("CacheSubnetGroupInUse", 600, "delete_cache_subnet_group"),
    Retry("InvalidCacheParameterGroupState", 600, "delete_cache_parameter_group"),
    Retry("DeleteConflict", 60),
    Retry("OperationAborted", 120, "create_bucket"),
)

READS = ("describe_", "get_", "list_", "head_")

CREDENTIALS = (
    *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
)
"""How the services say that they don't take the credentials: nothing but new ones will help."""


class AnswerLost(ProvisionerError):
    """A mutating call got no answer, or a server error: it may or may not have taken effect."""


class Service:
    """One service's boto3 client behind the retry table: `cloud.ec2.describe_vpcs(...)`."""

    def __init__(self, cloud: Cloud, client: Any) -> None:
        self._cloud = cloud
        self._client = client

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            return self._cloud.call(getattr(self._client, operation), operation, arguments)

        return call

    def all(self, operation: str, key: str, **arguments: Any) -> list[Any]:
        """Every item under `key` of every page."""

        def read() -> list[Any]:
            pages = self._client.get_paginator(operation).paginate(**arguments)
            return [item for page in pages for item in page.get(key, [])]

        items: list[Any] = self._cloud.call(lambda **_: read(), operation, {})
        return items


class Cloud:
    """An AWS account and region as one stack sees them.

    `clock` gives seconds, `pause` sleeps that many; both can be replaced. `stop` ends all waiting.
    """

    def __init__(
        self,
        session: boto3.Session,
        stack: str,
        *,
        endpoint_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        if not session.region_name:
            raise Unreachable("no region: give --region, or set AWS_DEFAULT_REGION")
        self.session = session
        self.stack = stack
        self.region: str = session.region_name
        self.clock = clock
        self.stop = threading.Event()
        self._pause = pause
        self._endpoint_url = endpoint_url
        self._services: dict[str, Service] = {}
        self._guard = threading.Lock()

    def service(self, name: str) -> Service:
        with self._guard:  # a session makes clients one at a time; clients themselves are thread-safe
            if name not in self._services:
                config = ClientConfig(
                    retries={"mode": "standard", "total_max_attempts": 1},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=20,
                    user_agent_extra="provisioner",
                )
                client = self.session.client(name, config=config, endpoint_url=self._endpoint_url)
                self._services[name] = Service(self, client)
            return self._services[name]

    ec2 = property(lambda self: self.service("ec2"))
    elasticache = property(lambda self: self.service("elasticache"))
    iam = property(lambda self: self.service("iam"))
    rds = property(lambda self: self.service("rds"))
    s3 = property(lambda self: self.service("s3"))
    secretsmanager = property(lambda self: self.service("secretsmanager"))
    ssm = property(lambda self: self.service("ssm"))
    sts = property(lambda self: self.service("sts"))

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """Who we are: `Account` and `Arn`."""
        answer: Mapping[str, str] = self.sts.get_caller_identity()
        return answer

    @property
    def account(self) -> str:
        return self.identity["Account"]

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`: the second part of every ARN."""
        return self.identity["Arn"].split(":")[1]

    def name(self, resource: str) -> str:
        """The deterministic name of a resource that is found by name: unique in the account and region."""
        return f"{self.stack}-{resource}"

    def tags(self, resource: str) -> dict[str, str]:
        return {"Name": self.name(resource), STACK_TAG: self.stack, RESOURCE_TAG: resource}

    def tag_list(self, resource: str) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tags(resource).items()]

    def tag_specifications(self, resource: str, *kinds: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": self.tag_list(resource)} for kind in kinds]

    def tag_filters(self, resource: str) -> list[dict[str, Any]]:
        """EC2's filters for what carries our tags as this resource."""
        return [
            {"Name": f"tag:{STACK_TAG}", "Values": [self.stack]},
            {"Name": f"tag:{RESOURCE_TAG}", "Values": [resource]},
        ]

    def token(self, resource: str, vpc: str, dead: int) -> str:
        """A client token: the same after a crash, a new one after each dead predecessor."""
        return hashlib.sha256(f"{vpc} {resource} {dead}".encode()).hexdigest()[:32]

    def owns(self, tags: Iterable[Mapping[str, str]]) -> bool:
        """Do these tags say that the thing is this stack's?"""
        return any(tag["Key"] == STACK_TAG and tag["Value"] == self.stack for tag in tags)

    def sleep(self, seconds: float) -> None:
        """Wait; raises Interrupted once somebody asked to stop."""
        if not self.stop.is_set():
            (self._pause or self.stop.wait)(seconds)
        if self.stop.is_set():
            raise Interrupted("stopped")

    def unstopped(self) -> Cloud:
        """The same account for the calls that are still made after a stop, such as giving the lock back."""
        twin = Cloud(
            self.session, self.stack, endpoint_url=self._endpoint_url, clock=self.clock, pause=self._pause
        )
        twin._services = {name: Service(twin, service._client) for name, service in self._services.items()}
        return twin

    def call(self, method: Callable[..., Any], operation: str, arguments: Mapping[str, Any]) -> Any:
        """One call, repeated as the table says. Raises ClientError, AnswerLost or Unreachable."""
        reads = operation.startswith(READS)
        begun = self.clock()
        attempt = 0
        while True:
            if self.stop.is_set():
                raise Interrupted("stopped")
            try:
                return method(**arguments)
            except ClientError as error:
                if error_code(error) in CREDENTIALS:
                    raise CredentialsRefused(error_code(error)) from error
                lost = error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500
                seconds = 60 if lost and reads else _retry_seconds(operation, error)
                if lost and not reads and not seconds:
                    raise AnswerLost(f"{operation}: {error}") from error
                if self.clock() - begun >= seconds:
                    raise
            except EndpointConnectionError as error:
                raise Unreachable(f"can't reach {error.kwargs.get('endpoint_url', 'AWS')}") from error
            except (ConnectionError, HTTPClientError) as error:
                if not reads:
                    raise AnswerLost(f"{operation}: {error}") from error
                if self.clock() - begun >= 60:
                    raise Unreachable(f"{operation}: {error}") from error
            except BotoCoreError as error:
                raise Unreachable(str(error)) from error
            attempt += 1
            self.sleep(random.uniform(0.5, 1) * min(10, 0.2 * 2**attempt))


def _retry_seconds(operation: str, error: ClientError) -> float:
    """How long this error is worth repeating: 0 for what no repetition mends."""
    details = error.response["Error"]
    return max(
        (
            retry.seconds
            for retry in RETRIES
            if retry.code == details["Code"]
            and retry.operation in ("", operation)
            and retry.message in details["Message"]
        ),
        default=0,
    )


def error_code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def unless(codes: str | tuple[str, ...], call: Callable[..., Any], **arguments: Any) -> Any | None:
    """The call's answer, or None if AWS answers with (one of) these codes: how 'not there' is said.

    A delete that finds nothing is as good as one that worked: unless("InvalidVpcID.NotFound", delete_vpc, …).
    """
    try:
        return call(**arguments)
    except ClientError as error:
        if error_code(error) in ((codes,) if isinstance(codes, str) else codes):
            return None
        raise
