"""What somebody changed by hand comes back, in place where AWS can; what can't says what to do."""

import json

import pytest

from provisioner import engine
from provisioner.errors import Incomplete
from provisioner.events import Action
from provisioner.logs import console
from provisioner.model import Change, Refs
from tests.strict_aws.census import census


@pytest.fixture
def standing(site):
    """A stack that is there, its cloud, and the ids of what it is made of."""
    stack, cloud = site()
    engine.up(stack, cloud)
    return stack, cloud, {name: found.id for name, found in engine.status(stack, cloud).items()}


def open_a_port(cloud, ids):
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    cloud.ec2.authorize_security_group_ingress(GroupId=ids["web"], IpPermissions=[rule])


def close_the_port(cloud, ids):
    groups = cloud.ec2.describe_security_groups(GroupIds=[ids["web"]])["SecurityGroups"]
    cloud.ec2.revoke_security_group_ingress(GroupId=ids["web"], IpPermissions=groups[0]["IpPermissions"])


def rename(cloud, ids):
    cloud.ec2.create_tags(Resources=[ids["vpc"]], Tags=[{"Key": "Name", "Value": "renamed"}])


def unname(cloud, ids):
    cloud.ec2.delete_tags(Resources=[ids["to-cache"]], Tags=[{"Key": "Name"}])


def drop_the_route(cloud, ids):
    cloud.ec2.delete_route(RouteTableId=ids["public-routes"], DestinationCidrBlock="0.0.0.0/0")


def no_public_addresses(cloud, ids):
    cloud.ec2.modify_subnet_attribute(SubnetId=ids["public-1"], MapPublicIpOnLaunch={"Value": False})


def no_host_names(cloud, ids):
    cloud.ec2.modify_vpc_attribute(VpcId=ids["vpc"], EnableDnsHostnames={"Value": False})


def take_the_profile(cloud, ids):
    ours = [{"Name": "instance-id", "Values": [ids["host"]]}]
    answer = cloud.ec2.describe_iam_instance_profile_associations(Filters=ours)
    id = answer["IamInstanceProfileAssociations"][0]["AssociationId"]
    cloud.ec2.disassociate_iam_instance_profile(AssociationId=id)


def another_group(cloud, ids):
    cloud.ec2.modify_instance_attribute(InstanceId=ids["host"], Groups=[ids["to-cache"]])


def old_metadata(cloud, ids):
    cloud.ec2.modify_instance_metadata_options(InstanceId=ids["host"], HttpTokens="optional")


def empty_the_profile(cloud, ids):
    profile, role = ids["host-profile"], ids["host-role"]
    cloud.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)


def widen_the_role(cloud, ids):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    cloud.iam.put_role_policy(RoleName=ids["host-role"], PolicyName="host", PolicyDocument=policy)


def another_setting(cloud, ids):
    cloud.ssm.put_parameter(Name="/covid/settings/DATABASE_NAME", Value="other", Overwrite=True)


def a_setting_too_many(cloud, ids):
    cloud.ssm.put_parameter(Name="/covid/settings/DEBUG", Value="1", Type="String")


def open_the_bucket(cloud, ids):
    cloud.s3.delete_public_access_block(Bucket=ids["bucket"])


def another_policy(cloud, ids):
    cloud.elasticache.modify_cache_parameter_group(
        CacheParameterGroupName=ids["cache-parameters"],
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}],
    )


def another_route(cloud, ids):
    other = cloud.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    cloud.ec2.replace_route(
        RouteTableId=ids["public-routes"], DestinationCidrBlock="0.0.0.0/0", GatewayId=other
    )


def cache_in_public(cloud, ids):
    cloud.elasticache.modify_cache_subnet_group(
        CacheSubnetGroupName=ids["cache-subnets"], SubnetIds=[ids["public-1"], ids["public-2"]]
    )


@pytest.mark.parametrize(
    ("harm", "resource"),
    [
        (another_route, "public-routes"),
        (cache_in_public, "cache-subnets"),
        (open_a_port, "web"),
        (close_the_port, "web"),
        (rename, "vpc"),
        (unname, "to-cache"),
        (drop_the_route, "public-routes"),
        (no_public_addresses, "public-1"),
        (no_host_names, "vpc"),
        (take_the_profile, "host"),
        (another_group, "host"),
        (old_metadata, "host"),
        (empty_the_profile, "host-profile"),
        (widen_the_role, "host-role"),
        (another_setting, "settings"),
        (a_setting_too_many, "settings"),
        (open_the_bucket, "bucket"),
        (another_policy, "cache-parameters"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_it_is_seen_by_plan_and_repaired_in_place(standing, aws, harm, resource):
    stack, cloud, ids = standing
    harm(cloud, ids)
    aws.calls.clear()
    steps = {step.resource.name: step for step in engine.plan(stack, cloud) if step.action is not Action.KEEP}
    assert aws.mutating() == []
    assert steps.keys() == {resource}
    assert steps[resource].action is Action.CHANGE
    actions = engine.up(stack, cloud)
    assert {name for name, action in actions.items() if action is not Action.KEEP} == {resource}
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
    assert {name: found.id for name, found in engine.status(stack, cloud).items()} == ids


@pytest.mark.parametrize(
    ("choices", "resource", "says"),
    [
        (
            {"cidr": "10.1.0.0/16"},
            "vpc",
            "its range is .* can't become 10.1.0.0/16; tear",
        ),
        ({"zones": ("us-east-1c", "us-east-1d")}, "public-1", "its zone is us-east-1a .* us-east-1c; tear"),
    ],
)
def test_what_can_not_be_changed_says_what_to_do(standing, site, aws, choices, resource, says):
    other, cloud = site(**choices)
    aws.calls.clear()
    blocked = {step.resource.name: step.blocked for step in engine.plan(other, cloud) if step.blocked}
    assert resource in blocked
    with pytest.raises(Incomplete, match=says):
        engine.up(other, cloud)
    assert aws.mutating() == []


def test_what_is_no_longer_described_is_shown_and_deleted(site, aws):
    """A NAT gateway is dear: without --nat it goes, and what led to it before it."""
    whole, _ = site(nat=True)
    engine.up(whole, aws.cloud())
    stack, cloud = site()
    aws.calls.clear()
    steps = [step for step in engine.plan(stack, cloud, whole) if step.action is not Action.KEEP]
    assert aws.mutating() == []
    assert [(step.resource.name, step.action) for step in steps] == [
        ("private-routes", Action.CHANGE),
        ("nat-gateway", Action.DELETE),
        ("nat-address", Action.DELETE),
    ]
    actions = engine.up(stack, cloud, whole=whole)
    assert actions["nat-gateway"] is actions["nat-address"] is Action.DELETE
    assert not {"NAT gateway", "address"} & census().keys()
    assert {step.action for step in engine.plan(stack, cloud, whole)} == {Action.KEEP}


def test_plan_down_names_what_would_go_and_touches_nothing(standing, aws):
    stack, cloud, ids = standing
    aws.calls.clear()
    steps = engine.plan_down(stack.order(), cloud)
    assert aws.mutating() == []
    assert {step.action for step in steps} == {Action.DELETE}
    assert [step.found.id for step in steps][-1] == ids["vpc"]
    engine.down(stack, cloud)
    assert engine.plan_down(stack.order(), cloud) == []


def test_a_plan_shows_what_is_not_ours_beside_everything_else(site):
    stack, cloud = site()
    cloud.secretsmanager.create_secret(Name="covid/secret", SecretString="somebody's")
    steps = {step.resource.name: step for step in engine.plan(stack, cloud)}
    assert "not of stack 'covid'" in steps["secret"].blocked
    assert steps["vpc"].action is Action.CREATE
    assert len(steps) == len(stack.resources)


def test_an_instance_that_was_launched_without_its_profile_gets_it(site, aws):
    """As happens when the profile was made a moment before."""
    stack, cloud = site()
    aws.strict.memory["forgets the profile"] = True
    engine.up(stack, cloud)
    assert "AssociateIamInstanceProfile" in aws.calls
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


@pytest.mark.parametrize(
    ("resource", "what", "operation"),
    [
        ("host", "profile", "ReplaceIamInstanceProfileAssociation"),
        ("database-subnets", "subnets", "ModifyDBSubnetGroup"),
    ],
)
def test_it_is_put_back_with_one_call(standing, aws, resource, what, operation):
    stack, cloud, _ = standing
    found = engine.status(stack, cloud)
    aws.calls.clear()
    stack.resources[resource].change(cloud, found[resource], Refs(found), [Change(what, "others", "ours")])
    assert aws.mutating() == [operation]


def test_a_hosts_console_tells_how_its_boot_goes(standing):
    stack, cloud, _ = standing
    assert isinstance(console(stack.resources["host"].find(cloud), cloud), str)
