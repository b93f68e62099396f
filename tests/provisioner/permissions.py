"""What each AWS call needs in IAM, and how a policy differs from what a set of calls needs."""

from provisioner.policy import policy

PREFIXES = {
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "cloudwatch-logs": "logs",
    "resource-groups-tagging-api": "tag",
    "secrets-manager": "secretsmanager",
    "service-quotas": "servicequotas",
}
"""IAM's names of services, where botocore has others."""

ACTIONS = {
    "sts.GetCallerIdentity": (),  # needs no permission
    "ec2.AllocateAddress": ("ec2:AllocateAddress", "ec2:CreateTags"),
    "ec2.CreateInternetGateway": ("ec2:CreateInternetGateway", "ec2:CreateTags"),
    "ec2.CreateNatGateway": ("ec2:CreateNatGateway", "ec2:CreateTags"),
    "ec2.CreateRouteTable": ("ec2:CreateRouteTable", "ec2:CreateTags"),
    "ec2.CreateSecurityGroup": ("ec2:CreateSecurityGroup", "ec2:CreateTags"),
    "ec2.CreateSubnet": ("ec2:CreateSubnet", "ec2:CreateTags"),
    "ec2.CreateVpc": ("ec2:CreateVpc", "ec2:CreateTags"),
    "ec2.RunInstances": ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"),
    "ec2.AssociateIamInstanceProfile": ("ec2:AssociateIamInstanceProfile", "iam:PassRole"),
    "ec2.ReplaceIamInstanceProfileAssociation": (
        "ec2:ReplaceIamInstanceProfileAssociation",
        "iam:PassRole",
    ),
    "elasticache.CreateCacheParameterGroup": (
        "elasticache:CreateCacheParameterGroup",
        "elasticache:AddTagsToResource",
    ),
    "elasticache.CreateCacheSubnetGroup": (
        "elasticache:CreateCacheSubnetGroup",
        "elasticache:AddTagsToResource",
    ),
    "elasticache.CreateReplicationGroup": (
        "elasticache:CreateReplicationGroup",
        "elasticache:AddTagsToResource",
    ),
    "iam.CreateInstanceProfile": ("iam:CreateInstanceProfile", "iam:TagInstanceProfile"),
    "iam.CreateRole": ("iam:CreateRole", "iam:TagRole"),
    "iam.AddRoleToInstanceProfile": ("iam:AddRoleToInstanceProfile", "iam:PassRole"),
    "rds.CreateDBInstance": ("rds:CreateDBInstance", "rds:AddTagsToResource"),
    "rds.CreateDBSubnetGroup": ("rds:CreateDBSubnetGroup", "rds:AddTagsToResource"),
    "s3.CreateBucket": ("s3:CreateBucket", "s3:TagResource"),
    "s3.DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3.GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3.PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3.HeadObject": ("s3:GetObject", "s3:ListBucket"),  # without the latter what is missing is a 403
    "s3.ListBuckets": ("s3:ListAllMyBuckets",),
    "s3.ListObjectVersions": ("s3:ListBucketVersions",),
    "s3.ListObjectsV2": ("s3:ListBucket",),
    "secrets-manager.CreateSecret": ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
    "ssm.PutParameter": ("ssm:PutParameter", "ssm:AddTagsToResource"),
}
"""The IAM actions of calls that have others than their own name, from the Service Authorization Reference."""


def actions_of(call):
    service, _, operation = call.partition(".")
    return ACTIONS.get(call, (f"{PREFIXES.get(service, service)}:{operation}",))


def library(document):
    """The policy without what the user's own AWS command line does, which no test of the library calls."""
    session = policy("covid", part="session")["Statement"]
    return {"Statement": [each for each in document["Statement"] if each not in session]}


def allowed(document):
    return {action for statement in document["Statement"] for action in statement["Action"]}


def differences(calls, document, whole=True):
    """One line for each action too few, and, if these are all the calls there are, for each too many."""
    needed = {action for call in calls for action in actions_of(call)}
    have = allowed(document)
    lacks = [f"the policy lacks {action}" for action in sorted(needed - have)]
    spare = [f"the policy allows {action}, which nothing calls" for action in sorted(have - needed)]
    return lacks + spare if whole else lacks
