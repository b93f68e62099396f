"""EC2's kinds, planted."""

from provisioner.aws import Cloud
from tests.provisioner.leftovers.plant import Tags

ZONE = "us-east-1a"


def with_name(kind: str, name: str, tags: Tags):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, *tags]}]


def default_subnets(cloud: Cloud):
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    found = cloud.ec2.describe_subnets(Filters=filters)["Subnets"]
    return sorted(each["SubnetId"] for each in found)[:2]


def instance(cloud, name, tags):
    answer = cloud.ec2.run_instances(
        ImageId="ami-1",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        SubnetId=default_subnets(cloud)[0],
        TagSpecifications=with_name("instance", name, tags),
    )
    return answer["Instances"][0]["InstanceId"]


def volume(cloud, name, tags):
    answer = cloud.ec2.create_volume(
        AvailabilityZone=ZONE, Size=100, VolumeType="gp3", TagSpecifications=with_name("volume", name, tags)
    )
    return answer["VolumeId"]


def snapshot(cloud, name, tags):
    source = cloud.ec2.create_volume(AvailabilityZone=ZONE, Size=100)["VolumeId"]
    answer = cloud.ec2.create_snapshot(VolumeId=source, TagSpecifications=with_name("snapshot", name, tags))
    return answer["SnapshotId"]


def address(cloud, name, tags):
    answer = cloud.ec2.allocate_address(Domain="vpc", TagSpecifications=with_name("elastic-ip", name, tags))
    return answer["AllocationId"]


def nat_gateway(cloud, name, tags):
    answer = cloud.ec2.create_nat_gateway(
        SubnetId=default_subnets(cloud)[0],
        ConnectivityType="private",
        TagSpecifications=with_name("natgateway", name, tags),
    )
    return answer["NatGateway"]["NatGatewayId"]


def interface(cloud, name, tags):
    """With no Name of its own: RDS and ElastiCache make theirs in our groups, and that is all there is."""
    group = cloud.ec2.create_security_group(GroupName=f"{name}", Description="x")["GroupId"]
    answer = cloud.ec2.create_network_interface(
        SubnetId=default_subnets(cloud)[0],
        Groups=[group],
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": tags}] if tags else [],
    )
    return answer["NetworkInterface"]["NetworkInterfaceId"]


def vpc(cloud, name, tags):
    specification = with_name("vpc", name, tags)
    return cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"]


def subnet(cloud, name, tags):
    within = cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    answer = cloud.ec2.create_subnet(
        VpcId=within, CidrBlock="10.9.1.0/24", TagSpecifications=with_name("subnet", name, tags)
    )
    return answer["Subnet"]["SubnetId"]


def security_group(cloud, name, tags):
    """With no Name tag: a group has a name."""
    answer = cloud.ec2.create_security_group(
        GroupName=name,
        Description="x",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}] if tags else [],
    )
    return answer["GroupId"]


def route_table(cloud, name, tags):
    within = cloud.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    answer = cloud.ec2.create_route_table(
        VpcId=within, TagSpecifications=with_name("route-table", name, tags)
    )
    return answer["RouteTable"]["RouteTableId"]


def internet_gateway(cloud, name, tags):
    answer = cloud.ec2.create_internet_gateway(TagSpecifications=with_name("internet-gateway", name, tags))
    return answer["InternetGateway"]["InternetGatewayId"]
