"""EC2 answers as AWS does."""

from collections.abc import Callable
from typing import Any

TAGS = [{"Key": "provisioner:stack", "Value": "demo"}]
OTHER_TAG = [{"Name": "tag:provisioner:stack", "Values": ["other"]}]


def test_nat_gateway_is_found_by_its_tags_and_takes_its_interface_along(
    client: Callable[[str], Any], code: Callable[..., str], subnets: list[str]
) -> None:
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(
        SubnetId=subnets[0],
        AllocationId=address,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": TAGS}],
    )["NatGateway"]
    mine = [{"Name": "tag:provisioner:stack", "Values": ["demo"]}]
    (found,) = ec2.describe_nat_gateways(Filters=mine)["NatGateways"]
    assert found["NatGatewayId"] == made["NatGatewayId"]
    assert ec2.describe_nat_gateways(Filters=OTHER_TAG)["NatGateways"] == []
    assert code(ec2.describe_nat_gateways, NatGatewayIds=["nat-1"]) == "NatGatewayNotFound"
    assert code(ec2.delete_nat_gateway, NatGatewayId="nat-1") == "NatGatewayNotFound"

    for _ in range(2):
        ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    (left,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    assert "AssociationId" not in left
    ec2.release_address(AllocationId=address)


def test_instance_is_launched_as_asked_and_once(client: Callable[[str], Any], subnets: list[str]) -> None:
    ec2, iam = client("ec2"), client("iam")
    iam.create_instance_profile(InstanceProfileName="demo")
    image = client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    )["Parameter"]["Value"]
    metadata = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
    launch: dict[str, Any] = {
        "ImageId": image,
        "InstanceType": "t4g.small",
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": "token",
        "SubnetId": subnets[0],
        "IamInstanceProfile": {"Name": "demo"},
        "UserData": "#!/bin/bash",
        "MetadataOptions": metadata,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 10}}
        ],
        "TagSpecifications": [{"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume")],
    }
    (made,) = ec2.run_instances(**launch)["Instances"]
    (again,) = ec2.run_instances(**launch)["Instances"]
    assert again["InstanceId"] == made["InstanceId"]
    assert made["Architecture"] == "arm64"
    assert metadata.items() <= made["MetadataOptions"].items()
    assert made["Tags"] == TAGS
    (association,) = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert association["InstanceId"] == made["InstanceId"]
    (volume,) = ec2.describe_volumes()["Volumes"]
    assert (volume["Encrypted"], volume["VolumeType"], volume["Tags"]) == (True, "gp3", TAGS)

    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    (dead,) = ec2.run_instances(**launch)["Instances"]
    assert dead["InstanceId"] == made["InstanceId"]
