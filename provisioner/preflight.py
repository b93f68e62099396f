"""What has to be known of the account before the first create: all problems, and nothing made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import ClientError

from provisioner.aws import STACK_TAG, Cloud, error_code, unless
from provisioner.config import Config
from provisioner.engine import plan_down
from provisioner.errors import DENIED, CredentialsRefused, Invalid
from provisioner.model import Stack
from provisioner.quotas import QUOTAS
from provisioner.resources.cache import newest_version
from provisioner.resources.database import newest_orderable, orderable
from provisioner.resources.identity import SERVICE_ROLES
from provisioner.walk import THREADS

WITHOUT_CACHES = {"us-east-1e": ("cache.t3.", "cache.t4g.")}
"""Zones that lack node types: ElastiCache has no call that says so.
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html"""

NOWHERE = ("", "")
"""Zones for a look at names: none of them depends on a zone."""


@dataclass(frozen=True)
class Ready:
    """The two zones to use, and what is worth knowing but is in nobody's way."""

    zones: tuple[str, ...]
    notes: Sequence[str] = ()


Describe = Callable[[tuple[str, ...]], Stack]


def identify(cloud: Cloud, elsewhere: Callable[[], Cloud]) -> None:
    """Ask AWS who we are: the first call, which shows whether any will work.

    `elsewhere` gives the same account in a region that every account has. Raises CredentialsRefused, or
    Invalid for a region that the account has not enabled.
    """
    try:
        _ = cloud.identity
    except CredentialsRefused:
        # A region that is not enabled knows none of the account's credentials: another one has to be asked.
        answer = unless(
            ("AuthFailure", *DENIED),
            elsewhere().ec2.describe_regions,
            RegionNames=[cloud.region],
            AllRegions=True,
        )
        if answer and answer["Regions"][0]["OptInStatus"] == "not-opted-in":
            raise Invalid(
                f"region {cloud.region} is not enabled in this account: enable it, or choose another --region"
            ) from None
        raise


def prepare(config: Config, cloud: Cloud, describe: Describe | None = None) -> Ready:
    """Zones that offer everything: those asked for, those the stack stands in, or the first ones.

    Before the first create everything else that could stop it half-way is looked at too. `describe` makes the
    stack for two zones, to see whether its names are free. Raises Invalid with every problem; only reads.
    """
    ours = [{"Name": f"tag:{STACK_TAG}", "Values": [cloud.stack]}]
    subnets = cloud.ec2.all("describe_subnets", "Subnets", Filters=ours)
    standing = {subnet["AvailabilityZone"] for subnet in subnets}
    if len(standing) == 2:
        return Ready(config.zones or tuple(sorted(standing)))
    checks: dict[str, Callable[[], list[str]]] = {
        "the MySQL version": partial(_orderable_mysql, config, cloud),
        "the cache's version": partial(_offered_cache, config, cloud),
        "the names": partial(_strangers, cloud, describe),
        **{f"the quota of {q.what}": partial(_quota, q.problem, config, cloud) for q in QUOTAS},
    }
    notes: list[str] = []

    def run(what: str) -> list[str]:
        try:
            return checks[what]()
        except Invalid as error:
            return list(error.problems)
        except ClientError as error:
            if error_code(error) not in DENIED:
                raise
            notes.append(f"{what} could not be looked at: {error_code(error)}")
            return []

    with ThreadPoolExecutor(THREADS) as pool:
        zones = pool.submit(_zones, config, cloud, frozenset(standing))
        roles = pool.submit(_missing_roles, cloud)
        problems = [problem for some in pool.map(run, checks) for problem in some]
        chosen, trouble = zones.result()
        notes += roles.result()
    if trouble or problems:
        raise Invalid(*trouble, *problems)
    return Ready(chosen, sorted(notes))


def _orderable_mysql(config: Config, cloud: Cloud) -> list[str]:
    newest_orderable(cloud, config.mysql_version, config.database_class)
    return []


def _offered_cache(config: Config, cloud: Cloud) -> list[str]:
    newest_version(cloud, config.cache_engine)
    offers = cloud.elasticache.describe_reserved_cache_nodes_offerings(
        CacheNodeType=config.cache_class, MaxRecords=20
    )
    if not offers["ReservedCacheNodesOfferings"]:
        return [f"{cloud.region} offers no {config.cache_class}: choose another --cache-class or --region"]
    return []


def _strangers(cloud: Cloud, describe: Describe | None) -> list[str]:
    """Things that have our names and are not ours."""
    if describe is None:
        return []
    steps = plan_down(describe(NOWHERE).order(), cloud)
    return [f"{step.resource.name}: {step.blocked}" for step in steps if step.blocked]


def _quota(problem: Callable[[Config, Cloud], str], config: Config, cloud: Cloud) -> list[str]:
    return [line for line in [problem(config, cloud)] if line]


def _missing_roles(cloud: Cloud) -> list[str]:
    try:
        return [
            f"the account has no {role} yet: create makes it for {service}"
            for service, role in SERVICE_ROLES.items()
            if unless("NoSuchEntity", cloud.iam.get_role, RoleName=role) is None
        ]
    except ClientError as error:
        if error_code(error) not in DENIED:
            raise
        return [f"the services' own roles could not be looked at: {error_code(error)}"]


def _zones(config: Config, cloud: Cloud, standing: frozenset[str]) -> tuple[tuple[str, ...], list[str]]:
    """Two zones that offer every class, and what is wrong with those that were asked for."""
    usable = _open_zones(cloud)
    offers = {
        config.instance_type: _instance_zones(cloud, config.instance_type),
        config.database_class: _database_zones(cloud, config.database_class),
        config.cache_class: _cache_zones(usable, config.cache_class),
    }
    if config.zones:
        problems = [
            f"zone {zone} offers no {what}: choose two of {', '.join(sorted(usable.intersection(zones)))}"
            if zone in usable
            else f"{zone} is no availability zone of {cloud.region}: choose among {', '.join(sorted(usable))}"
            for zone in config.zones
            for what, zones in offers.items()
            if zone not in usable & zones
        ]
        return config.zones, list(dict.fromkeys(problems))
    common = usable.intersection(*offers.values())
    if len(common) < 2:
        found = "; ".join(f"{what} in {', '.join(sorted(zones)) or 'none'}" for what, zones in offers.items())
        return (), [f"{cloud.region} has no two zones with all ({found}): choose other sizes or --region"]
    # A run that was cut off may have left subnets: their zones are taken again.
    return tuple(sorted(sorted(common, key=lambda zone: (zone not in standing, zone))[:2])), []


def _open_zones(cloud: Cloud) -> frozenset[str]:
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


def _cache_zones(usable: frozenset[str], node_type: str) -> frozenset[str]:
    return frozenset(
        zone for zone in usable if not node_type.startswith(WITHOUT_CACHES.get(zone, ("nothing",)))
    )
