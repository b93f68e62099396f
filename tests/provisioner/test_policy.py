"""The policy is scoped to its stack, fits where it is meant to go, and is held against every call."""

import json
import re
from fnmatch import fnmatchcase

import pytest

from cli import session as cli_session
from provisioner import engine
from provisioner.policy import INLINE, MANAGED, PARTS, policy
from tests.provisioner.permissions import differences
from tests.strict_aws.layer import ACCOUNT, REGION


def test_a_permission_too_few_and_one_too_many_are_both_seen():
    document = {"Statement": [{"Action": ["ec2:DescribeVpcs", "ec2:DeleteVpc"]}]}
    calls = {"ec2.DescribeVpcs", "ec2.CreateVpc"}
    assert differences(calls, document) == [
        "the policy lacks ec2:CreateTags",
        "the policy lacks ec2:CreateVpc",
        "the policy allows ec2:DeleteVpc, which nothing calls",
    ]
    assert differences(calls, document, whole=False) == [
        "the policy lacks ec2:CreateTags",
        "the policy lacks ec2:CreateVpc",
    ]


SCOPED_BY_ANOTHER = ("ec2:RunInstances", "ssm:SendCommand", "ssm:StartSession")
"""They name several things at once: a statement of its own says of which host, or with which tag."""


def resources(statement):
    return statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]


def test_what_changes_something_is_scoped_to_the_stack():
    document = policy("covid", "eu-west-1", ACCOUNT)
    for statement in document["Statement"]:
        condition = json.dumps(statement.get("Condition", {}))
        by_tag = "covid" in condition or "iam:AWSServiceName" in condition
        by_name = all("covid" in arn or ":default" in arn for arn in resources(statement))
        changes = [action for action in statement["Action"] if not re.search(":(Describe|Get|List)", action)]
        public = ("Image", "ImageParameter", "Look", "CommandDocument", "SessionDocuments")
        if statement["Sid"] in public:  # AWS's own: it is the launch, or the host, that is scoped
            changes = [each for each in changes if each not in SCOPED_BY_ANOTHER]
        own = all("session/${aws:user" in arn for arn in resources(statement))
        assert not changes or by_tag or by_name or own, statement["Sid"]
        assert statement["Sid"] in public or all(ACCOUNT in arn or arn == "*" for arn in resources(statement))


def test_its_names_are_those_of_the_stack_and_not_of_its_neighbour(aws, site):
    def arns():
        cloud = aws.cloud()
        databases = cloud.rds.describe_db_instances()["DBInstances"]
        caches = cloud.elasticache
        yield from (each["DBInstanceArn"] for each in databases)
        yield from (each["DBSubnetGroup"]["DBSubnetGroupArn"] for each in databases)
        yield from (each["ARN"] for each in caches.describe_replication_groups()["ReplicationGroups"])
        yield from (each["ARN"] for each in caches.describe_cache_subnet_groups()["CacheSubnetGroups"])
        yield from (each["ARN"] for each in caches.describe_cache_parameter_groups()["CacheParameterGroups"])
        yield from (each["Arn"] for each in cloud.iam.list_roles()["Roles"])
        yield from (each["Arn"] for each in cloud.iam.list_instance_profiles()["InstanceProfiles"])
        yield from (f"arn:aws:s3:::{each['Name']}" for each in cloud.s3.list_buckets()["Buckets"])
        yield from (each["ARN"] for each in cloud.secretsmanager.list_secrets()["SecretList"])
        for path in ("/covid", "/covid-2"):
            parameters = cloud.ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
            yield from (each["ARN"] for each in parameters)

    engine.up(*site(name="covid"))
    ours = {arn for arn in arns() if "covid" in arn}
    engine.up(*site(name="covid-2"))
    theirs = {arn for arn in arns() if "covid-2" in arn}
    named = [
        arn
        for statement in policy("covid", REGION, ACCOUNT)["Statement"]
        if statement["Sid"] != "LookAtRoles"
        for arn in resources(statement)
        if arn != "*" and not arn.endswith("*/*")
    ]
    assert len(ours) == len(theirs) > 8
    assert {arn for arn in ours if not any(fnmatchcase(arn, each) for each in named)} == set()
    assert {arn for arn in theirs if any(fnmatchcase(arn, each) for each in named)} == set()


@pytest.mark.parametrize(("part", "limit"), [("", INLINE), *((part, MANAGED) for part in PARTS)])
def test_it_fits_where_it_is_meant_to_go_even_with_the_longest_names(part, limit):
    document = policy("a" * 30, "ap-southeast-1", "123456789012", part)
    assert len(re.sub(r"\s", "", json.dumps(document))) <= limit
    assert all(re.fullmatch("[A-Za-z0-9]+", statement["Sid"]) for statement in document["Statement"])


def test_its_parts_are_the_whole():
    whole = policy("covid")["Statement"]
    assert [each for part in PARTS for each in policy("covid", part=part)["Statement"]] == whole


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("*", "aws")],
)
def test_each_partition_has_its_own_names(region, partition):
    text = json.dumps(policy("covid", region))
    assert set(re.findall(r"arn:([^:]+):", text)) == {partition}


def test_a_session_leads_to_the_stacks_hosts_only_by_the_documents_that_connect_and_admin_use():
    session, documents, own = policy("covid", "eu-west-1", ACCOUNT, "session")["Statement"]
    assert session["Condition"] == {"StringEquals": {"ssm:resourceTag/provisioner:stack": "covid"}}
    assert session["Resource"] == f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/*"
    forward = cli_session.port_forward("i-1", 8009, 8009, "eu-west-1", None)
    shell = cli_session.shell("i-1", "eu-west-1", None)
    assert [arn.rpartition("/")[2] for arn in documents["Resource"]] == [
        forward[forward.index("--document-name") + 1],
        "SSM-SessionManagerRunShell",
    ]
    assert "--document-name" not in shell
    assert "ssm:TerminateSession" in own["Action"]
