"""IAM: the AWS managed policies that an instance's role attaches."""

import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

# moto holds all of AWS's policies, but making 1,500 of them at every reset takes seconds.
POLICIES = ("AmazonSSMManagedInstanceCore",)


def fill() -> None:
    """Let the managed policies that instances use be attached."""
    documents = json.loads(aws_managed_policies_data)
    data = {name: documents[name] for name in POLICIES}

    def init_aws_policies(backend: Any) -> list[AWSManagedPolicy]:
        return [
            AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, policy)
            for name, policy in data.items()
        ]

    IAMBackend._init_aws_policies = init_aws_policies
