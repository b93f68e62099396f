"""The one description of the site's stack that every command reads.

It reads like the picture in the README: a VPC over two zones, a web host in a public subnet, a database and a
cache in the private ones, and what the host needs to turn itself into the site.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from provisioner.archive import Archive
from provisioner.aws import Cloud
from provisioner.boot import user_data
from provisioner.config import Config
from provisioner.model import Fact, Resource, Stack
from provisioner.resources.artifact import Bucket, Upload
from provisioner.resources.cache import PORT as CACHE_PORT
from provisioner.resources.cache import Cache, CacheParameterGroup, CacheSubnetGroup
from provisioner.resources.database import Database, DBSubnetGroup
from provisioner.resources.host import Host
from provisioner.resources.identity import Grant, InstanceProfile, Role
from provisioner.resources.network import Address, InternetGateway, NatGateway, RouteTable, Subnet, Vpc
from provisioner.resources.secrets import KEY_LENGTH, LENGTH, Secret, Settings
from provisioner.resources.security import SecurityGroup

MYSQL_PORT = 3306

SESSION_MANAGER = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
)
"""The part of AmazonSSMManagedInstanceCore that Session Manager and Run Command need. The managed policy also
lets a host read every parameter of the account."""


def django_site(
    config: Config, cloud: Cloud, zones: Sequence[str], archive: Archive, *, force: bool = False
) -> Stack:
    """The site on one host. Nothing is asked of AWS here but the account's number.

    `force` lets a database be deleted that somebody protected from it.
    """
    vpc = Vpc("vpc", cidr=config.cidr)
    gateway = InternetGateway("internet-gateway", vpc=vpc)
    public, private = _subnets(vpc, zones, config.cidr)
    public_routes = RouteTable("public-routes", vpc=vpc, subnets=public, way_out=gateway)
    network: list[Resource] = [vpc, gateway, *public, *private, public_routes]
    way_out = None
    if config.nat:
        address = Address("nat-address")
        way_out = NatGateway("nat-gateway", subnet=public[0], address=address, gateway=gateway)
        network += [address, way_out]
    network.append(RouteTable("private-routes", vpc=vpc, subnets=private, way_out=way_out))

    web = SecurityGroup("web", vpc, "The site, from outside", config.port, config.allow_from)
    to_database = SecurityGroup("to-database", vpc, "MySQL, from the web host", MYSQL_PORT, web)
    to_cache = SecurityGroup("to-cache", vpc, "The cache, from the web host", CACHE_PORT, web)

    passwords = ("ADMIN_PASSWORD", "DATABASE_PASSWORD", "CACHE_PASSWORD")
    secret = Secret("secret", {"SECRET_KEY": KEY_LENGTH, **dict.fromkeys(passwords, LENGTH)})
    database = Database(
        "database",
        subnets=DBSubnetGroup("database-subnets", private),
        group=to_database,
        secret=secret,
        password="DATABASE_PASSWORD",
        instance_class=config.database_class,
        version=config.mysql_version,
        storage=config.database_storage,
        retention=config.backup_days,
        force=force,
    )
    cache = Cache(
        "cache",
        subnets=CacheSubnetGroup("cache-subnets", private),
        parameters=CacheParameterGroup("cache-parameters", config.cache_engine),
        group=to_cache,
        secret=secret,
        password="CACHE_PASSWORD",
        node_type=config.cache_class,
    )

    bucket = Bucket("bucket")
    site = Upload("archive", bucket, "site", ".tar.gz", archive.content)
    artifacts: list[Resource] = [bucket, site]
    articles: str | Fact = config.articles
    if config.articles_file:
        data = Upload(
            "articles", bucket, "articles", "".join(config.articles_file.suffixes), config.articles_file
        )
        articles = Fact(data, "url")
        artifacts.append(data)
    settings = Settings(
        "settings",
        {
            "DATABASE_HOST": Fact(database, "host"),
            "DATABASE_PORT": Fact(database, "port"),
            "DATABASE_NAME": database.database,
            "DATABASE_USER": database.user,
            "CACHE_HOST": Fact(cache, "host"),
            "CACHE_PORT": Fact(cache, "port"),
            "ARTICLES": articles,
        },
    )

    path = Settings.path(cloud.stack, settings.name)
    parameters = "arn:{partition}:ssm:{region}:{account}:parameter" + path
    role = Role(
        "host-role",
        (
            Grant(SESSION_MANAGER, "*"),
            Grant(("secretsmanager:GetSecretValue",), Fact(secret)),
            Grant(("ssm:GetParametersByPath",), parameters),
            Grant(("s3:GetObject",), Fact(bucket, "arn"), "/*"),
        ),
    )
    profile = InstanceProfile("host-profile", role)
    host = Host(
        "host",
        subnet=public[0],
        routes=public_routes,
        group=web,
        profile=profile,
        instance_type=config.instance_type,
        port=config.port,
        admin_port=config.admin_port,
        settings=settings,
        release=archive.sha256,
        user_data=user_data(
            stack=cloud.stack,
            region=cloud.region,
            bucket=bucket.id(cloud),
            archive=archive.sha256,
            settings=path,
            secret=secret.id(cloud),
            port=config.port,
            admin_port=config.admin_port,
            ca_url=config.ca_url,
            ca_sha256=config.ca_sha256,
        ),
        after=tuple(artifacts),
    )
    return Stack(
        config.name,
        [
            *network,
            *(web, to_database, to_cache, secret),
            *(database.subnets, database, cache.subnets, cache.parameters, cache),
            *(*artifacts, settings, role, profile, host),
        ],
        outputs={
            "secret_name": Fact(secret, "name"),
            "mysql_endpoint": Fact(database, "endpoint"),
            "cache_endpoint": Fact(cache, "endpoint"),
            "public_ip": Fact(host, "ip"),
            "url": Fact(host, "url"),
        },
    )


def _subnets(
    vpc: Vpc, zones: Sequence[str], cidr: str
) -> tuple[tuple[Subnet, Subnet], tuple[Subnet, Subnet]]:
    """A public and a private /24 in each of two zones."""
    ranges = [
        str(each)
        for _, each in zip(range(4), ipaddress.IPv4Network(cidr).subnets(new_prefix=24), strict=False)
    ]
    public = (
        Subnet("public-1", vpc, ranges[0], zones[0], public=True),
        Subnet("public-2", vpc, ranges[1], zones[1], public=True),
    )
    private = Subnet("private-1", vpc, ranges[2], zones[0]), Subnet("private-2", vpc, ranges[3], zones[1])
    return public, private
