"""What the emulated AWS lacks of the API calls that a stack makes; names and error codes are AWS's own."""

import functools

from local.gaps import ec2, elasticache, iam, quotas, rds, s3


@functools.cache
def fill_gaps() -> None:
    """Give moto's classes the missing calls, for `mock_aws` as for its server; a second call does nothing."""
    for service in (ec2, elasticache, iam, quotas, rds, s3):
        service.fill()
