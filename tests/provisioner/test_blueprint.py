"""The one-host stack: what is made is what was promised, once, and all of it goes."""

import subprocess

from provisioner import engine
from provisioner.events import Action
from provisioner.model import Refs


def test_create_makes_the_network_of_the_picture(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    vpc = cloud.ec2.describe_vpcs(Filters=cloud.tag_filters("vpc"))["Vpcs"][0]
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    names = cloud.ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
    assert names["EnableDnsHostnames"]["Value"] is True
    subnets = cloud.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert sorted(each["CidrBlock"] for each in subnets) == [f"10.0.{n}.0/24" for n in range(4)]
    assert len({each["AvailabilityZone"] for each in subnets}) == 2
    assert sorted(each["MapPublicIpOnLaunch"] for each in subnets) == [False, False, True, True]
    assert cloud.ec2.describe_nat_gateways()["NatGateways"] == []


def test_only_the_site_is_open_and_only_where_it_was_asked(aws, site):
    stack, cloud = site(allow_from="192.0.2.0/24", port=8010)
    engine.up(stack, cloud)
    groups = {
        name: cloud.ec2.describe_security_groups(Filters=cloud.tag_filters(name))["SecurityGroups"][0]
        for name in ("web", "to-database", "to-cache")
    }
    rules = {name: group["IpPermissions"] for name, group in groups.items()}
    assert [(r["FromPort"], r["IpRanges"][0]["CidrIp"]) for r in rules["web"]] == [(8010, "192.0.2.0/24")]
    for name, port in (("to-database", 3306), ("to-cache", 6379)):
        assert [rule["FromPort"] for rule in rules[name]] == [port]
        assert rules[name][0]["IpRanges"] == []
        assert [pair["GroupId"] for pair in rules[name][0]["UserIdGroupPairs"]] == [groups["web"]["GroupId"]]


def test_the_database_is_private_encrypted_and_the_newest_of_its_series(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    database = cloud.rds.describe_db_instances()["DBInstances"][0]
    assert database["DBName"] == "covid"
    assert database["StorageEncrypted"] is True
    assert database["PubliclyAccessible"] is False
    assert database["IAMDatabaseAuthenticationEnabled"] is True
    assert database["StorageType"] == "gp3"
    options = cloud.rds.all(
        "describe_orderable_db_instance_options", "OrderableDBInstanceOptions", Engine="mysql"
    )
    series = {each["EngineVersion"] for each in options if each["EngineVersion"].startswith("8.4.")}
    assert database["EngineVersion"] == max(series, key=lambda version: [int(n) for n in version.split(".")])


def test_the_cache_is_encrypted_and_forgets_the_least_recently_used(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    cache = cloud.elasticache.describe_replication_groups()["ReplicationGroups"][0]
    assert cache["AtRestEncryptionEnabled"] is True
    assert cache["TransitEncryptionEnabled"] is True
    assert cache["AuthTokenEnabled"] is True
    assert len(cache["MemberClusters"]) == 1
    parameters = cloud.elasticache.all(
        "describe_cache_parameters", "Parameters", CacheParameterGroupName="covid-cache-parameters"
    )
    policies = [p["ParameterValue"] for p in parameters if p["ParameterName"] == "maxmemory-policy"]
    assert policies == ["allkeys-lru"]


def test_the_host_may_read_this_stacks_things_and_nothing_else(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    policy = cloud.iam.get_role_policy(RoleName="covid-host-role-us-east-1", PolicyName="host")
    reading = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        if statement["Resource"] != "*"
    }
    assert reading.keys() == {"secretsmanager:GetSecretValue", "ssm:GetParametersByPath", "s3:GetObject"}
    assert all("covid" in resource for resource in reading.values())
    open_to_all = [s["Action"] for s in policy["PolicyDocument"]["Statement"] if s["Resource"] == "*"]
    assert all(a.startswith(("ssm:Update", "ssmmessages:", "ec2messages:")) for a in open_to_all[0])
    instance = cloud.ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert instance["MetadataOptions"]["HttpTokens"] == "required"


def test_running_create_again_changes_nothing_in_few_calls(aws, site):
    stack, cloud = site()
    first = engine.up(stack, cloud)
    assert set(first.values()) == {Action.CREATE}
    aws.calls.clear()
    stack, cloud = site()
    assert set(engine.up(stack, cloud).values()) == {Action.KEEP}
    assert aws.mutating() == []
    assert len(aws.calls) <= 36  # and two for the lock, one for the identity


def test_teardown_leaves_nothing_and_can_be_repeated(aws, site):
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    assert set(engine.down(stack, cloud).values()) == {Action.DELETE}
    assert not any(engine.status(stack, cloud).values())
    assert set(engine.down(stack, cloud).values()) == {Action.NONE}


def test_outputs_name_what_a_person_wants_to_know(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    outputs = engine.outputs(stack, Refs(engine.status(stack, cloud)))
    assert outputs.keys() == {"secret_name", "mysql_endpoint", "cache_endpoint", "public_ip", "url"}
    assert outputs["url"] == f"http://{outputs['public_ip']}:8008"


def test_plan_calls_nothing_that_changes_and_sees_drift(aws, site):
    stack, cloud = site()
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.CREATE}
    assert aws.mutating() == []
    engine.up(stack, cloud)
    group = engine.status(stack, cloud)["to-cache"]
    cloud.ec2.revoke_security_group_ingress(GroupId=group.id, IpPermissions=group.facts["permissions"])
    changing = [step.resource.name for step in engine.plan(stack, cloud) if step.action is not Action.KEEP]
    assert changing == ["to-cache"]
    assert engine.up(stack, cloud)["to-cache"] is Action.CHANGE
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_the_boot_script_fits_and_shellcheck_finds_nothing(aws, site, tmp_path):
    stack, _ = site()
    script = tmp_path / "user-data.sh"
    script.write_text(stack.resources["host"].user_data)
    assert script.stat().st_size < 16384
    done = subprocess.run(["shellcheck", str(script)], check=False, capture_output=True, text=True)
    assert done.stdout == ""
