"""What has to be known of the account and its region before the first create."""

from __future__ import annotations

from provisioner.aws import STACK_TAG, Cloud
from provisioner.config import Config
from provisioner.errors import Invalid
from provisioner.resources.database import orderable


def choose_zones(config: Config, cloud: Cloud) -> tuple[str, ...]:
    """The stack's two zones: those asked for, else those it stands in, else the first that offer all of it.

    Raises Invalid where there are not two.
    """
    if config.zones:
        return config.zones
    ours = [{"Name": f"tag:{STACK_TAG}", "Values": [cloud.stack]}]
    subnets = cloud.ec2.all("describe_subnets", "Subnets", Filters=ours)
    standing = {subnet["AvailabilityZone"] for subnet in subnets}
    if len(standing) == 2:
        return tuple(sorted(standing))
    offers = {
        config.instance_type: _instance_zones(cloud, config.instance_type),
        config.database_class: _database_zones(cloud, config.database_class),
    }
    common = frozenset.intersection(_zones(cloud), *offers.values())
    if len(common) < 2:
        found = "; ".join(f"{what} in {', '.join(sorted(zones)) or 'none'}" for what, zones in offers.items())
        raise Invalid(f"{cloud.region} has no two zones with both ({found}): choose other sizes or --region")
    # A run that was cut off may have left subnets: their zones are taken again.
    return tuple(sorted(sorted(common, key=lambda zone: (zone not in standing, zone))[:2]))


def _zones(cloud: Cloud) -> frozenset[str]:
    """The region's zones that are open to us; Local Zones are listed too, and offer little."""
    kind = [{"Name": "zone-type", "Values": ["availability-zone"]}]
    zones = cloud.ec2.describe_availability_zones(Filters=kind)["AvailabilityZones"]
    return frozenset(zone["ZoneName"] for zone in zones if zone["State"] == "available")


def _instance_zones(cloud: Cloud, instance_type: str) -> frozenset[str]:
    offerings = cloud.ec2.all(
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": [instance_type]}],
    )
    return frozenset(each["Location"] for each in offerings)


def _database_zones(cloud: Cloud, instance_class: str) -> frozenset[str]:
    options = orderable(cloud, instance_class)
    return frozenset(zone["Name"] for option in options for zone in option["AvailabilityZones"])
