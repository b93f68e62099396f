"""IAM: the AWS managed policies that an instance's role attaches, and the names of services' own roles."""

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import SERVICE_NAME_CONVERSION, AWSManagedPolicy, IAMBackend

from local.gaps.graft import graft

# moto holds all of AWS's policies, but making 1,500 of them at every reset takes seconds.
POLICIES = ("AmazonSSMManagedInstanceCore",)


def fill() -> None:
    """Let the managed policies that instances use be attached, and services' roles be found again."""
    graft(IAMBackend, _Backend)
    SERVICE_NAME_CONVERSION.update(rds="RDS", elasticache="ElastiCache")


class _Backend:
    def _init_aws_policies(self: Any) -> list[AWSManagedPolicy]:
        """AWS's own policies of an account, as far as instances need them."""
        return [
            AWSManagedPolicy.from_data(name, self.account_id, self.region_name, _documents()[name])
            for name in POLICIES
        ]


@functools.cache
def _documents() -> dict[str, Any]:
    documents: dict[str, Any] = json.loads(aws_managed_policies_data)
    return {name: documents[name] for name in POLICIES}
