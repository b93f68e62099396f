"""The smallest IAM policy under which the commands work, as data.

What a stack makes is known by its tag or its name, wherever IAM can tell: what may be changed or deleted
carries `provisioner:stack`, or has a name that the stack's blueprint gives. What can't be scoped only looks.
What AWS encrypts with its own keys, and what the services do in their own roles, needs no permission.
Which action takes which resource and condition is in the Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from typing import Any

from provisioner.aws import STACK_TAG
from provisioner.run_command import DOCUMENT

MANAGED, INLINE = 6144, 10240
"""Characters that a managed policy, and a role's inline ones, may have, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

PARTS = ("look", "network", "services", "session")
"""Each fits into a managed policy of its own; together they fit into a role.

`session` is what `connect` and `admin` have the AWS command line do; whoever makes the stack may do without.
"""

PORT_FORWARD = "AWS-StartPortForwardingSession"
SHELL = "SSM-SessionManagerRunShell"
"""Session documents: Amazon's, and the account's settings of a shell, meant where no document is named."""

Statement = dict[str, Any]

LOOK = {
    "ec2": (
        *("Addresses", "AvailabilityZones", "IamInstanceProfileAssociations", "InstanceTypeOfferings"),
        *("InstanceTypes", "Instances", "InternetGateways", "NatGateways", "NetworkInterfaces", "Regions"),
        *("RouteTables", "SecurityGroups", "Snapshots", "Subnets", "Volumes", "VpcAttribute", "Vpcs"),
    ),
    "elasticache": (
        *("CacheClusters", "CacheEngineVersions", "CacheParameterGroups", "CacheParameters"),
        *("CacheSubnetGroups", "Events", "ReplicationGroups", "ReservedCacheNodesOfferings", "Snapshots"),
    ),
    "elasticloadbalancing": ("LoadBalancers", "Tags"),
    "logs": ("LogGroups",),
    "rds": (
        *("DBInstanceAutomatedBackups", "DBInstances", "DBSnapshots", "DBSubnetGroups", "Events"),
        "OrderableDBInstanceOptions",
    ),
}
"""What is described, of whomever: a look finds what is there before it can know whose it is."""

LOOK_OTHERWISE = (
    *("elasticache:ListTagsForResource", "iam:ListInstanceProfiles", "iam:ListRoles"),
    *("logs:ListTagsForResource", "rds:ListTagsForResource", "ssm:DescribeParameters"),
    "ssm:GetCommandInvocation",
    *("s3:ListAllMyBuckets", "secretsmanager:ListSecrets", "tag:GetResources"),
    *("servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"),
)

MAKE = {
    "vpc": "CreateVpc",
    "internet-gateway": "CreateInternetGateway",
    "elastic-ip": "AllocateAddress",
    "subnet": "CreateSubnet",
    "route-table": "CreateRouteTable",
    "security-group": "CreateSecurityGroup",
    "natgateway": "CreateNatGateway",
    "instance": "RunInstances",
}
"""EC2's creates by what they make: it gets our tag in the same call, or the call is refused."""

WITHIN = ("CreateSubnet", "CreateRouteTable", "CreateSecurityGroup", "CreateNatGateway", "RunInstances")
"""Those that also name something that is there already: it has to be ours."""

CHANGE = (
    *("AssociateIamInstanceProfile", "AssociateRouteTable", "AttachInternetGateway"),
    *("AuthorizeSecurityGroupIngress", "CreateRoute", "CreateTags", "DeleteInternetGateway"),
    *("DeleteNatGateway", "DeleteRoute", "DeleteRouteTable", "DeleteSecurityGroup", "DeleteSubnet"),
    *("DeleteVpc", "DetachInternetGateway", "DisassociateRouteTable", "GetConsoleOutput"),
    *("ModifyInstanceAttribute", "ModifyInstanceMetadataOptions", "ModifySubnetAttribute"),
    *("ModifyVpcAttribute", "ReleaseAddress", "ReplaceIamInstanceProfileAssociation", "ReplaceRoute"),
    *("RevokeSecurityGroupIngress", "TerminateInstances"),
)

NAMES = {
    "rds": ("db:{}-database", "subgrp:{}-database-subnets"),
    "elasticache": (
        *("replicationgroup:{}-cache", "cluster:{}-cache-*"),
        *("subnetgroup:{}-cache-subnets", "parametergroup:{}-cache-parameters"),
    ),
    "secretsmanager": ("secret:{}/*",),
    "ssm": ("parameter/{}", "parameter/{}/*"),
}
"""The stack's names in services that have a region, in full: covid-2-database is not covid's."""


def policy(stack: str, region: str = "*", account: str = "*", part: str = "") -> dict[str, Any]:
    """The policy's document for one stack, or one of its PARTS; `*` for a region or account not known yet."""
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0])
    partition = partition or "aws"

    def arn(service: str, rest: str, *, of: str = account, where: str = region) -> str:
        return f"arn:{partition}:{service}:{where}:{of}:{rest}"

    def named(service: str) -> list[str]:
        return [arn(service, name.format(stack)) for name in NAMES[service]]

    def ec2(*kinds: str) -> list[str]:
        return [arn("ec2", f"{kind}/*") for kind in kinds]

    role = arn("iam", f"role/{stack}-host-role-{region}", where="")
    profile = arn("iam", f"instance-profile/{stack}-host-profile-{region}", where="")
    service_roles = arn("iam", "role/aws-service-role/*", where="")
    bucket = f"arn:{partition}:s3:::{stack}-{account}-{region}"
    asked, ours = (
        {"StringEquals": {f"aws:{which}/{STACK_TAG}": stack}} for which in ("RequestTag", "ResourceTag")
    )
    looks = [f"{service}:Describe{what}" for service, kinds in LOOK.items() for what in kinds]
    look = _allow("Look", (*looks, *LOOK_OTHERWISE), "*")
    network = [
        _allow("Make", _of("ec2", MAKE.values()), ec2(*MAKE, "volume", "network-interface"), asked),
        _allow("Within", _of("ec2", WITHIN), ec2("vpc", "subnet", "security-group", "elastic-ip"), ours),
        _allow("Image", ("ec2:RunInstances",), arn("ec2", "image/*", of="")),
        _allow(
            "TagWhatIsMade",
            ("ec2:CreateTags",),
            arn("ec2", "*/*"),
            {"StringEquals": {"ec2:CreateAction": sorted(MAKE.values()), **asked["StringEquals"]}},
        ),
        _allow("Change", _of("ec2", CHANGE), "*", ours),
    ]
    services = [
        _allow(
            "Database",
            _of(
                "rds",
                (
                    *("AddTagsToResource", "CreateDBInstance", "CreateDBSubnetGroup", "DeleteDBInstance"),
                    *("DeleteDBSubnetGroup", "ModifyDBInstance", "ModifyDBSubnetGroup"),
                ),
            ),
            named("rds"),
        ),
        _allow(
            "DatabaseDefaults",
            _of("rds", ("CreateDBInstance", "ModifyDBInstance")),
            [arn("rds", "og:default*"), arn("rds", "pg:default*")],
        ),
        _allow(
            "Cache",
            _of(
                "elasticache",
                (
                    *("AddTagsToResource", "CreateCacheParameterGroup", "CreateCacheSubnetGroup"),
                    *("CreateReplicationGroup", "DeleteCacheParameterGroup", "DeleteCacheSubnetGroup"),
                    *("DeleteReplicationGroup", "ModifyCacheParameterGroup", "ModifyCacheSubnetGroup"),
                    "ModifyReplicationGroup",
                ),
            ),
            named("elasticache"),
        ),
        _allow(
            "Role",
            _of(
                "iam",
                (
                    *("AddRoleToInstanceProfile", "CreateInstanceProfile", "CreateRole"),
                    *("DeleteInstanceProfile", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy"),
                    *("GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole"),
                    *("ListRolePolicies", "PutRolePolicy"),
                    *("RemoveRoleFromInstanceProfile", "TagInstanceProfile", "TagRole"),
                ),
            ),
            [role, profile],
        ),
        _allow(
            "LookAtRoles",  # by their tags, a sweep tells those of a neighbour such as covid-2
            ("iam:GetInstanceProfile", "iam:GetRole"),
            [
                *(
                    arn("iam", f"{kind}/{stack}-*-{region}", where="")
                    for kind in ("role", "instance-profile")
                ),
                service_roles,
            ],
        ),
        _allow("PassRole", ("iam:PassRole",), role, _equals("iam:PassedToService", "ec2.amazonaws.com")),
        _allow(
            "MakeServiceRoles",
            ("iam:CreateServiceLinkedRole",),
            service_roles,
            _equals("iam:AWSServiceName", ["rds.amazonaws.com", "elasticache.amazonaws.com"]),
        ),
        _allow(
            "Bucket",
            _of(
                "s3",
                (
                    *("CreateBucket", "DeleteBucket", "GetBucketPublicAccessBlock", "GetBucketTagging"),
                    *("ListBucket", "ListBucketVersions", "PutBucketPublicAccessBlock", "PutBucketTagging"),
                    "TagResource",
                ),
            ),
            bucket,
        ),
        _allow(
            "Objects",
            _of("s3", ("DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject")),
            f"{bucket}/*",
        ),
        _allow(
            "Secret",
            _of(
                "secretsmanager",
                (
                    *("CreateSecret", "DeleteSecret", "DescribeSecret", "GetSecretValue"),
                    *("PutSecretValue", "RestoreSecret", "TagResource"),
                ),
            ),
            named("secretsmanager"),
        ),
        _allow(
            "Parameters",
            _of(
                "ssm",
                (
                    *("AddTagsToResource", "DeleteParameter", "DeleteParameters", "GetParameter"),
                    *("GetParametersByPath", "ListTagsForResource", "PutParameter"),
                ),
            ),
            named("ssm"),
        ),
        _allow(
            "Command",
            ("ssm:SendCommand",),
            arn("ec2", "instance/*"),
            _equals(f"ssm:resourceTag/{STACK_TAG}", stack),
        ),
        _allow("CommandDocument", ("ssm:SendCommand",), arn("ssm", f"document/{DOCUMENT}", of="")),
        _allow(
            "ImageParameter",
            ("ssm:GetParameter",),
            arn("ssm", "parameter/aws/service/ami-amazon-linux-latest/*", of=""),
        ),
    ]
    session = [
        _allow(
            "Session",
            ("ssm:StartSession",),
            arn("ec2", "instance/*"),
            _equals(f"ssm:resourceTag/{STACK_TAG}", stack),
        ),
        _allow(
            "SessionDocuments",
            ("ssm:StartSession",),
            [arn("ssm", f"document/{PORT_FORWARD}", of=""), arn("ssm", f"document/{SHELL}")],
        ),
        _allow(
            "OwnSessions",  # their names begin with the user's, or with the role session's
            ("ssm:ResumeSession", "ssm:TerminateSession", "ssmmessages:OpenDataChannel"),
            [arn("ssm", f"session/${{aws:{who}}}-*") for who in ("username", "userid")],
        ),
    ]
    whole = [look, *network, *services, *session]
    parts = {"look": [look], "network": network, "services": services, "session": session}
    statements = parts.get(part, whole)
    return {"Version": "2012-10-17", "Statement": statements}


def _of(service: str, actions: Any) -> list[str]:
    return [f"{service}:{action}" for action in actions]


def _equals(key: str, value: str | list[str]) -> Statement:
    return {"StringEquals": {key: value}}


def _allow(
    sid: str, actions: Any, resources: str | list[str], condition: Statement | None = None
) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})
