"""What the stack costs while it stands: list prices, on demand, so that nobody is surprised."""

from __future__ import annotations

from provisioner.config import Config

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
HOST_DISK = 0.08 / HOURS * 16
ADDRESS = 0.005
NAT_GATEWAY = 0.045
SECRET = 0.40 / HOURS


def hourly(config: Config) -> dict[str, float | None]:
    """Dollars an hour of each part that is billed by the hour; None where the price is not known here.

    Traffic, requests and backups beyond the free allowance come on top.
    """
    cache = CACHES.get(config.cache_class)
    if cache is not None and config.cache_engine == "valkey":
        cache *= VALKEY
    parts = {
        f"database {config.database_class}": DATABASES.get(config.database_class),
        f"database disk, {config.database_storage} GiB": DATABASE_DISK * config.database_storage,
        f"cache {config.cache_class}": cache,
        f"host {config.instance_type}": INSTANCES.get(config.instance_type),
        "host disk": HOST_DISK,
        "public address": ADDRESS,
        "secret": SECRET,
    }
    if config.nat:
        parts["NAT gateway and its address"] = NAT_GATEWAY + ADDRESS
    return parts


def line(config: Config) -> str:
    """The whole in one line: dollars an hour and a month."""
    parts = hourly(config)
    total = sum(price for price in parts.values() if price is not None)
    unknown = [part for part, price in parts.items() if price is None]
    besides = f", besides {' and '.join(unknown)}, whose price is not known here" if unknown else ""
    return f"about ${total:.2f} an hour, ${total * HOURS:.0f} a month{besides} (list prices, {AS_OF})"
