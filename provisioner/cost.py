"""What the stack costs while it stands: list prices, on demand, so that nobody is surprised."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.config import Config
from provisioner.model import Found

HOURS = 730
"""Hours in a month, as AWS counts."""

AS_OF = "us-east-1, on demand, 2026"

INSTANCES = {
    **{"t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416, "t3.large": 0.0832},
    **{"t4g.micro": 0.0084, "t4g.small": 0.0168, "t4g.medium": 0.0336, "t4g.large": 0.0672},
}
"""https://aws.amazon.com/ec2/pricing/on-demand/, Linux"""
DATABASES = {
    **{"db.t3.micro": 0.017, "db.t3.small": 0.034, "db.t3.medium": 0.068, "db.t3.large": 0.136},
    **{"db.t4g.micro": 0.016, "db.t4g.small": 0.032, "db.t4g.medium": 0.065, "db.t4g.large": 0.129},
}
"""https://aws.amazon.com/rds/mysql/pricing/, one zone"""
CACHES = {
    **{"cache.t3.micro": 0.017, "cache.t3.small": 0.034, "cache.t3.medium": 0.068},
    **{"cache.t4g.micro": 0.016, "cache.t4g.small": 0.032, "cache.t4g.medium": 0.065},
}
"""https://aws.amazon.com/elasticache/pricing/, Redis OSS; Valkey costs a fifth less"""
VALKEY = 0.8
DATABASE_DISK = 0.115 / HOURS
VOLUMES = {"gp3": 0.08, "gp2": 0.10, "standard": 0.05, "st1": 0.045, "sc1": 0.015}
"""A GB a month, as all that is stored. https://aws.amazon.com/ebs/pricing/"""
VOLUME_SNAPSHOT = 0.05
DATABASE_BACKUP = 0.095
"""Of a database that is gone; else free up to its size. https://aws.amazon.com/rds/mysql/pricing/"""
CACHE_SNAPSHOT = 0.085
"""https://aws.amazon.com/elasticache/pricing/"""
OBJECTS = 0.023
"""https://aws.amazon.com/s3/pricing/"""
LOGS = 0.03
"""https://aws.amazon.com/cloudwatch/pricing/"""
HOST_DISK = VOLUMES["gp3"] / HOURS * 16
LOAD_BALANCERS = {"application": 0.0225, "network": 0.0225, "gateway": 0.0125}
"""https://aws.amazon.com/elasticloadbalancing/pricing/, without what goes through them"""
ADDRESS = 0.005
NAT_GATEWAY = 0.045
SECRET = 0.40 / HOURS


def cache_price(node_type: str, engine: str) -> float | None:
    """Dollars an hour of one node."""
    price = CACHES.get(node_type)
    return price * VALKEY if price is not None and engine == "valkey" else price


@dataclass(frozen=True)
class Part:
    """What is billed by the hour: the resource, what of it, and dollars an hour (None: not known here)."""

    resource: str
    what: str
    price: float | None


def hourly(config: Config) -> list[Part]:
    """What the stack costs while it stands; traffic, requests and larger backups come on top."""
    parts = [
        Part("database", config.database_class, DATABASES.get(config.database_class)),
        Part("database", f"disk, {config.database_storage} GiB", DATABASE_DISK * config.database_storage),
        Part("cache", config.cache_class, cache_price(config.cache_class, config.cache_engine)),
        Part("host", config.instance_type, INSTANCES.get(config.instance_type)),
        Part("host", "disk", HOST_DISK),
        Part("host", "public address", ADDRESS),
        Part("secret", "secret", SECRET),
    ]
    if config.nat:
        parts.append(Part("nat-gateway", "NAT gateway", NAT_GATEWAY))
        parts.append(Part("nat-address", "its address", ADDRESS))
    return parts


def standing(config: Config, found: Mapping[str, Found]) -> list[Part]:
    """The same of what is there, in the sizes that it has."""
    sizes = {
        option: found[resource].facts[fact]
        for option, resource, fact in (
            ("instance_type", "host", "type"),
            ("database_class", "database", "class"),
            ("database_storage", "database", "storage"),
            ("cache_class", "cache", "node type"),
        )
        if resource in found
    }
    parts = hourly(dataclasses.replace(config, nat=True, **sizes))
    return [part for part in parts if part.resource in found]


def line(parts: Sequence[Part]) -> str:
    """The whole in one line: dollars an hour and a month."""
    total = sum(part.price for part in parts if part.price is not None)
    unknown = [part.what for part in parts if part.price is None]
    besides = f", besides {' and '.join(unknown)}, whose price is not known here" if unknown else ""
    return f"about ${total:.2f} an hour, ${total * HOURS:.0f} a month{besides} (list prices, {AS_OF})"
