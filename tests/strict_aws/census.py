"""What is there, counted by asking the emulator itself: not the code that is tested."""

from __future__ import annotations

from collections import Counter

from moto.ec2 import ec2_backends
from moto.elasticache import elasticache_backends
from moto.iam import iam_backends
from moto.rds import rds_backends
from moto.s3 import s3_backends
from moto.secretsmanager import secretsmanager_backends
from moto.ssm import ssm_backends

from local.gaps.cache_parameters import _groups
from tests.strict_aws.layer import ACCOUNT, REGION


def census() -> Counter[str]:
    """How many there are of each kind, without what an account has from the beginning."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    rds = rds_backends[ACCOUNT][REGION]
    elasticache = elasticache_backends[ACCOUNT][REGION]
    iam = iam_backends[ACCOUNT]["global"]
    s3 = s3_backends[ACCOUNT]["global"]
    default = {vpc.id for vpc in ec2.vpcs.values() if vpc.is_default}
    instances = [each for reservation in ec2.reservations.values() for each in reservation.instances]
    counted = {
        "vpc": [each for each in ec2.vpcs if each not in default],
        "subnet": [each for each in ec2.describe_subnets() if each.vpc_id not in default],
        "internet gateway": ec2.internet_gateways,
        "route table": [each for each in ec2.route_tables.values() if not each.main_association_id],
        "security group": [g for g in ec2.describe_security_groups() if g.name != "default"],
        "address": ec2.addresses,
        "NAT gateway": [
            each for each in ec2.nat_gateways.values() if each.state not in ("deleted", "failed")
        ],
        "instance": [each for each in instances if each.state != "terminated"],
        "volume": ec2.volumes,
        "interface": ec2.enis,
        "database": rds.databases,
        "DB subnet group": rds.subnet_groups,
        "cache": elasticache.replication_groups,
        "cache subnet group": elasticache.cache_subnet_groups,
        "cache parameter group": _groups(elasticache),
        "role": [each for each in iam.roles.values() if not each.path.startswith("/aws-service-role/")],
        "instance profile": iam.instance_profiles,
        "bucket": s3.buckets,
        "object": [key for bucket in s3.buckets.values() for key in bucket.keys],
        "secret": secretsmanager_backends[ACCOUNT][REGION].secrets,
        # And of what is only right when it is finished.
        "attachment": [each for each in ec2.internet_gateways.values() if each.vpc],
        "association": [
            id for t in ec2.route_tables.values() if t.vpc_id not in default for id in t.associations
        ],
        "route": [r for t in ec2.route_tables.values() if t.vpc_id not in default for r in t.routes],
        "rule": [r for g in ec2.describe_security_groups() if g.name != "default" for r in g.ingress_rules],
        "host name": [
            v for v in ec2.vpcs.values() if v.id not in default and v.enable_dns_hostnames == "true"
        ],
        "public subnet": [
            s for s in ec2.describe_subnets() if s.vpc_id not in default and s.map_public_ip_on_launch
        ],
        "policy": [policy for role in iam.roles.values() for policy in role.policies],
        "carried role": [role for profile in iam.instance_profiles.values() for role in profile.roles],
        "private bucket": [bucket for bucket in s3.buckets.values() if bucket.public_access_block],
        "parameter": [n for n in ssm_backends[ACCOUNT][REGION]._parameters if not n.startswith("/aws/")],
    }
    return Counter({kind: len(there) for kind, there in counted.items() if len(there)})
