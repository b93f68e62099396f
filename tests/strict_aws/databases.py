"""RDS's rules."""

from tests.strict_aws.layer import StrictAws, Uses


def in_use(aws: StrictAws) -> Uses:
    """The security groups and subnets that hold an interface of one of these."""
    return set(), set()
