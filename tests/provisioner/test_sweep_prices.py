"""What is left comes with what it costs a day, and with the command that removes it."""

import pytest

from provisioner.sweep import KINDS, sweep
from tests.provisioner import leftovers
from tests.provisioner.leftovers import plant_all
from tests.provisioner.leftovers.compute import with_name
from tests.provisioner.leftovers.plant import tag
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import ACCOUNT, REGION


def test_each_comes_with_the_command_that_removes_it(aws, covid):
    stack, cloud = covid
    planted = plant_all(aws, cloud, "covid", tag("covid"))
    found = {(each.kind, each.id): each.remove for each in sweep(stack, cloud).leftovers}
    for (kind, id), plant in planted.items():
        command = found[kind, id]
        assert command.startswith(f"aws {plant.remove} "), kind
        assert command.endswith(f" --region {REGION}"), kind
        assert id in command, kind


def test_what_is_in_a_bucket_counts(covid):
    stack, cloud = covid
    name = leftovers.bucket(cloud, f"covid-{ACCOUNT}-{REGION}", [])
    (left,) = sweep(stack, cloud).leftovers
    assert left.detail == "1 object, 1.0 MiB"
    cloud.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    cloud.s3.put_object(Bucket=name, Key="x", Body=b"x" * 2**21)
    (left,) = sweep(stack, cloud).leftovers
    assert left.detail == "2 objects, 3.0 MiB"


def test_a_bucket_that_nobody_may_look_into_is_left_at_an_unknown_price(aws, covid):
    stack, cloud = covid
    name = leftovers.bucket(cloud, f"covid-{ACCOUNT}-{REGION}", [])
    aws.strict.faults.append(deny("ListObjectVersions", "AccessDenied"))
    swept = sweep(stack, cloud)
    assert swept.unseen == {}
    (left,) = swept.leftovers
    assert (left.kind, left.id, left.dollars_a_day) == ("bucket", name, None)
    assert "may not look into it" in left.detail


def test_the_dearest_comes_first(aws, covid):
    stack, cloud = covid
    plant_all(aws, cloud, "covid", [])
    prices = [each.dollars_a_day or 0 for each in sweep(stack, cloud).leftovers]
    assert prices == sorted(prices, reverse=True)


def test_what_is_stopped_costs_what_it_stores(aws, covid):
    stack, cloud = covid
    id = leftovers.instance(cloud, "covid-host", [])
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    cloud.ec2.stop_instances(InstanceIds=[id])
    cloud.rds.stop_db_instance(DBInstanceIdentifier="covid-database")
    aws.clock.pause(3600)
    aws.strict.lives.pass_through("database", "covid-database", "stopped", 3600, "stopped")
    found = {each.kind: each.dollars_a_day for each in sweep(stack, cloud).leftovers}
    assert found == {"instance": 0, "database": pytest.approx(20 * 0.115 / 730 * 24)}


def test_a_database_in_two_zones_costs_twice(aws, covid):
    stack, cloud = covid
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    cloud.rds.modify_db_instance(DBInstanceIdentifier="covid-database", MultiAZ=True, ApplyImmediately=True)
    (left,) = sweep(stack, cloud).leftovers
    assert left.dollars_a_day == pytest.approx(2 * (0.068 * 24 + 20 * 0.115 / 730 * 24))


def test_a_public_address_is_counted_once(aws, covid):
    """One of its own as such; one that AWS lent to an instance with the interface that has it."""
    stack, cloud = covid
    address = leftovers.address(cloud, "covid-nat-address", [])
    leftovers.instance(cloud, "covid-host", [])
    aws.clock.pause(3600)
    (interface,) = cloud.ec2.describe_network_interfaces()["NetworkInterfaces"]
    id = interface["NetworkInterfaceId"]
    cloud.ec2.create_tags(Resources=[id], Tags=tag("covid"))

    def prices():
        found = {each.kind: each.dollars_a_day for each in sweep(stack, cloud).leftovers}
        return found["address"], found["network interface"]

    assert prices() == (pytest.approx(0.12), pytest.approx(0.12))
    cloud.ec2.associate_address(AllocationId=address, NetworkInterfaceId=id)
    assert prices() == (pytest.approx(0.12), 0)


def test_what_no_single_command_removes_has_none(aws, covid):
    stack, cloud = covid
    gateway = leftovers.internet_gateway(cloud, "covid-internet-gateway", [])
    vpc = leftovers.vpc(cloud, "covid-vpc", [])
    leftovers.instance(cloud, "covid-host", [])
    aws.clock.pause(3600)
    (interface,) = cloud.ec2.describe_network_interfaces()["NetworkInterfaces"]
    cloud.ec2.create_tags(Resources=[interface["NetworkInterfaceId"]], Tags=tag("covid"))
    cloud.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    without = {each.kind for each in sweep(stack, cloud).leftovers if not each.remove}
    assert without == {"internet gateway", "network interface"}


def test_what_has_no_known_price_says_so(aws, covid):
    stack, cloud = covid
    cloud.ec2.create_volume(
        AvailabilityZone="us-east-1a",
        Size=100,
        VolumeType="io2",
        Iops=1000,
        TagSpecifications=with_name("volume", "covid-host", []),
    )
    (left,) = sweep(stack, cloud).leftovers
    assert left.dollars_a_day is None


@pytest.mark.parametrize(
    ("sizes", "price"),
    [(["12 MB"], 12 / 1024), (["1.5 GB", "512 MB"], 2), (["2048 KB"], 2 / 1024), (["?"], None), ([], None)],
)
def test_a_cache_snapshot_costs_what_its_nodes_hold(sizes, price):
    (kind,) = (kind for kind in KINDS if kind.name == "cache snapshot")
    cost = kind.price({"NodeSnapshots": [{"CacheSize": size} for size in sizes]})
    assert cost == (price and pytest.approx(price * 0.085 / 730 * 24))
