"""Before the first create every problem is known, all at once, and nothing is made."""

from functools import partial

import pytest

from local.gaps.elasticache import ENGINE_VERSIONS
from provisioner import engine
from provisioner.archive import Archive
from provisioner.blueprint import django_site
from provisioner.config import Config
from provisioner.errors import CredentialsRefused, Invalid
from provisioner.model import Refs
from provisioner.preflight import identify, prepare
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import Instead


@pytest.fixture
def look(aws):
    """Run the preflight of a configuration, as the command line does."""

    def run(**choices):
        config = Config(**choices)
        cloud = aws.cloud(config.name)
        try:
            return prepare(config, cloud, partial(django_site, config, cloud, archive=Archive(b"archive")))
        finally:
            assert aws.mutating() == []

    return run


def answer(operation, **values):
    """AWS says this whenever it is asked."""

    def fault(call):
        if call.operation == operation:
            raise Instead(values)

    return fault


def problems(look, **choices):
    with pytest.raises(Invalid) as caught:
        look(**choices)
    assert all("\n" not in problem for problem in caught.value.problems)
    return list(caught.value.problems)


def test_an_account_that_is_fit_gives_two_zones_that_offer_everything(look):
    ready = look()
    assert ready.zones == ("us-east-1a", "us-east-1b")
    assert ready.notes == []


def refuse_to_know(aws):
    """As a region does that is not enabled, or any with a wrong key."""
    aws.strict.faults.append(
        deny("GetCallerIdentity", "InvalidClientTokenId", "The security token is invalid")
    )


@pytest.mark.parametrize("status", ["opted-in", "not-opted-in"])
def test_a_region_that_is_not_enabled_is_told_from_a_wrong_key(aws, status):
    refuse_to_know(aws)
    aws.strict.faults.append(
        answer("DescribeRegions", Regions=[{"RegionName": "us-east-1", "OptInStatus": status}])
    )
    error = {"opted-in": CredentialsRefused, "not-opted-in": Invalid}[status]
    with pytest.raises(error, match={"opted-in": "sign in", "not-opted-in": "enable it, or"}[status]):
        identify(aws.cloud(), aws.cloud)
    assert aws.calls == ["GetCallerIdentity", "DescribeRegions"]


@pytest.mark.parametrize("code", ["AuthFailure", "UnauthorizedOperation"])
def test_a_key_that_no_region_knows_is_refused(aws, code):
    refuse_to_know(aws)
    aws.strict.faults.append(deny("DescribeRegions", code))
    with pytest.raises(CredentialsRefused, match="InvalidClientTokenId"):
        identify(aws.cloud(), aws.cloud)


def test_who_is_known_is_asked_for_nothing_more(aws):
    identify(aws.cloud(), aws.cloud)
    assert aws.calls == ["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"zones": ("us-east-1a", "us-east-1e")}, "zone us-east-1e offers no db.t3.medium: choose two of"),
        ({"zones": ("us-east-1a", "us-east-1e")}, "zone us-east-1e offers no cache.t3.small: choose two of"),
        (
            {"zones": ("us-east-1a", "us-east-1-bos-1a")},
            "us-east-1-bos-1a is no availability zone of us-east-1",
        ),
        ({"database_class": "db.t9.medium"}, "has no two zones with all"),
        (
            {"database_class": "db.t9.medium"},
            "MySQL 8.4 as db.t9.medium can't be ordered in us-east-1: choose",
        ),
        ({"instance_type": "t9.small"}, "t9.small in none"),
        ({"mysql_version": "5.7"}, "MySQL 5.7 as db.t3.medium can't be ordered in us-east-1: choose"),
        (
            {"cache_class": "cache.t9.small"},
            "us-east-1 offers no cache.t9.small: choose another --cache-class",
        ),
    ],
)
def test_what_the_region_does_not_offer(look, choices, says):
    assert any(says in problem for problem in problems(look, **choices))


def test_an_engine_that_the_region_does_not_offer(look, monkeypatch):
    monkeypatch.setitem(ENGINE_VERSIONS, "valkey", ())
    assert problems(look) == ["us-east-1 offers no valkey: choose another --cache-engine"]


def test_local_zones_are_never_chosen(aws, look):
    zones = [
        {"ZoneName": name, "State": state}
        for name, state in (
            ("us-east-1a", "available"),
            ("us-east-1b", "impaired"),
            ("us-east-1c", "available"),
        )
    ]
    aws.strict.faults.append(answer("DescribeAvailabilityZones", AvailabilityZones=zones))
    assert look().zones == ("us-east-1a", "us-east-1c")
    asked = [call.arguments for call in aws.strict.calls if call.operation == "DescribeAvailabilityZones"]
    assert asked == [{"Filters": [{"Name": "zone-type", "Values": ["availability-zone"]}]}]


def quota_of(code, value):
    def fault(call):
        if call.operation == "GetServiceQuota" and call.arguments["QuotaCode"] == code:
            raise Instead({"Quota": {"Value": value}})

    return fault


@pytest.mark.parametrize(
    ("code", "value", "choices", "says"),
    [
        (
            "L-F678F1CE",
            1.0,
            {},
            "VPCs: others use 1 of 1 in us-east-1 and this needs 1: free some, or ask",
        ),
        ("L-A4707A72", 0.0, {}, "internet gateways: others use 0 of 0 in"),
        ("L-0263D0A3", 0.0, {"nat": True}, "elastic addresses: others use 0 of 0 in"),
        (
            "L-1216C47A",
            1.0,
            {},
            "vCPUs of standard instances: others use 0 of 1 in us-east-1 and this needs 2",
        ),
        ("L-7B6409FD", 0.0, {}, "databases: others use 0 of 0 in"),
    ],
)
def test_a_quota_that_would_be_passed(aws, look, code, value, choices, says):
    aws.strict.faults.append(quota_of(code, value))
    (problem,) = problems(look, **choices)
    assert says in problem
    assert code in problem


def test_addresses_matter_only_with_a_nat_gateway(aws, look):
    aws.strict.faults.append(quota_of("L-0263D0A3", 0.0))
    assert look().zones


def test_vcpus_of_what_runs_are_counted(aws, look):
    cloud = aws.cloud()
    subnet = cloud.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    cloud.ec2.run_instances(ImageId="ami-1", InstanceType="t3.large", MinCount=2, MaxCount=2, SubnetId=subnet)
    aws.calls.clear()
    aws.strict.faults.append(quota_of("L-1216C47A", 5.0))
    (problem,) = problems(look)
    assert "others use 4 of 5" in problem


def test_a_quota_that_nobody_raised_is_known_as_a_default(aws, look):
    aws.strict.faults.append(deny("GetServiceQuota", "NoSuchResourceException"))
    aws.strict.faults.append(answer("GetAWSDefaultServiceQuota", Quota={"Value": 0.0}))
    assert len(problems(look)) == 4


def test_what_the_stack_has_already_is_a_part_of_what_it_needs(aws, site):
    stack, cloud = site(nat=True)
    aws.strict.faults += [
        quota_of("L-F678F1CE", 2.0),
        quota_of("L-A4707A72", 1.0),
        quota_of("L-0263D0A3", 1.0),
    ]
    vpc = stack.resources["vpc"]
    vpc.create(cloud, None)
    refs = Refs({"vpc": vpc.find(cloud)})
    stack.resources["internet-gateway"].create(cloud, refs)
    stack.resources["nat-address"].create(cloud, refs)
    assert prepare(Config(nat=True), cloud).zones


def test_a_strangers_thing_with_our_name(aws, look):
    cloud = aws.cloud()
    cloud.secretsmanager.create_secret(Name="covid/secret", SecretString="x")
    cloud.s3.create_bucket(Bucket="covid-123456789012-us-east-1")
    aws.calls.clear()
    found = problems(look)
    assert [problem.split(":")[0] for problem in sorted(found)] == ["bucket", "secret"]
    assert all("choose another --name" in problem for problem in found)


def test_all_problems_come_together(aws, look):
    aws.strict.faults += [quota_of("L-F678F1CE", 0.0), quota_of("L-7B6409FD", 0.0)]
    choices = {"mysql_version": "5.7", "cache_class": "cache.t9.small", "zones": ("us-east-1a", "us-east-1e")}
    assert len(problems(look, **choices)) == 6


def test_services_roles_that_are_missing_are_a_note(aws, look):
    aws.strict.memory["roles that are missing"] = {"rds.amazonaws.com"}
    assert look().notes == [
        "the account has no AWSServiceRoleForRDS yet: create makes it for rds.amazonaws.com"
    ]


def test_what_may_not_be_looked_at_is_a_note(aws, look):
    aws.strict.faults += [deny("GetServiceQuota", "AccessDeniedException"), deny("GetRole", "AccessDenied")]
    notes = look().notes
    assert "the quota of VPCs could not be looked at: AccessDeniedException" in notes
    assert "the services' own roles could not be looked at: AccessDenied" in notes


def test_a_stack_that_stands_is_not_looked_at_again(aws, site):
    stack, cloud = site(zones=("us-east-1b", "us-east-1c"))
    engine.up(stack, cloud)
    aws.calls.clear()
    assert prepare(Config(), cloud).zones == ("us-east-1b", "us-east-1c")
    assert aws.calls == ["DescribeSubnets"]


def test_zones_of_a_create_that_was_cut_off_are_taken_again(aws, site):
    stack, cloud = site(zones=("us-east-1c", "us-east-1d"))
    vpc = stack.resources["vpc"]
    vpc.create(cloud, None)
    refs = Refs({"vpc": vpc.find(cloud)})
    stack.resources["public-2"].create(cloud, refs)
    assert "us-east-1d" in prepare(Config(), cloud).zones
