"""Everything that can be chosen about the site's stack, validated before the first call."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from provisioner.errors import Invalid

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_LIMIT = 30
"""<name>-cache has to fit into ElastiCache's 40 characters, <name>-<account>-<region> into S3's 63."""

CLASSES = {
    "instance_type": re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+"),
    "database_class": re.compile(r"db\.[a-z][a-z0-9-]*\.[a-z0-9]+"),
    "cache_class": re.compile(r"cache\.[a-z][a-z0-9-]*\.[a-z0-9]+"),
}


def _option(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Config:
    """The one-host site. Raises Invalid with every problem at once."""

    name: str = _option("covid", "the stack's name: lower-case letters, digits and single hyphens")
    cidr: str = _option("10.0.0.0/16", "the VPC's range, /16 to /22")
    zones: tuple[str, ...] = _option((), "two availability zones (default: the first that offer every class)")
    nat: bool = _option(False, "a NAT gateway for the private subnets (about $0.045 an hour)")
    allow_from: str = _option("0.0.0.0/0", "the IPv4 range that may open the site")
    port: int = _option(8008, "the site's port")
    admin_port: int = _option(8009, "the admin's port, on the host's loopback")
    instance_type: str = _option("t3.small", "the host's EC2 instance type")
    database_class: str = _option("db.t3.medium", "the database's RDS instance class")
    database_storage: int = _option(20, "the database's disk, GiB")
    backup_days: int = _option(1, "days for which RDS keeps automatic backups, 0 to 35")
    mysql_version: str = _option("8.4", "the MySQL series: its newest orderable version is taken")
    cache_engine: str = _option("valkey", "valkey or redis")
    cache_class: str = _option("cache.t3.small", "the cache's ElastiCache node type")
    articles: str = _option("", "the data set: an http(s) address or a file (default: the sample's own)")
    ca_url: str = _option("", "authorities to verify the database by (default: Amazon's, which are shipped)")
    ca_sha256: str = _option("", "the SHA-256 of what ca_url gives, 64 hexadecimal digits")

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise Invalid(*problems)

    def _problems(self) -> list[str]:
        problems = [*_name_problems(self.name), *_range_problems(self.cidr, self.allow_from)]
        if self.zones and len(set(self.zones)) != 2:
            problems.append(f"zones {', '.join(self.zones)}: give two different ones, or none")
        for option in ("port", "admin_port"):
            if not 1 <= getattr(self, option) <= 65535:
                problems.append(f"{option} {getattr(self, option)} is not between 1 and 65535")
        if self.port == self.admin_port:
            problems.append(f"port and admin_port are both {self.port}: give two different ones")
        for option, pattern in CLASSES.items():
            if not pattern.fullmatch(value := getattr(self, option)):
                example = type(self).__dataclass_fields__[option].default
                problems.append(f"{option} {value!r} is not a class like {example}")
        if not 20 <= self.database_storage <= 65536:
            problems.append(f"database_storage {self.database_storage} is not between 20 and 65536 GiB")
        if not 0 <= self.backup_days <= 35:
            problems.append(f"backup_days {self.backup_days} is not between 0 and 35")
        if not re.fullmatch(r"\d+(\.\d+){1,2}", self.mysql_version):
            problems.append(f"mysql_version {self.mysql_version!r} is not a version like 8.4")
        if self.cache_engine not in ("valkey", "redis"):
            problems.append(f"cache_engine {self.cache_engine!r} is neither valkey nor redis")
        if "'" in self.articles or not self.articles.isprintable():
            problems.append(f"articles {self.articles!r} holds a quote or a control character")
        if self.ca_url and urlsplit(self.ca_url).scheme not in ("https", "file"):
            problems.append(f"ca_url {self.ca_url!r} is not an https address")
        if self.ca_url and not re.fullmatch(r"[0-9a-f]{64}", self.ca_sha256):
            problems.append(f"ca_url {self.ca_url!r} needs ca_sha256, the SHA-256 of what it gives, in hex")
        return problems

    @property
    def articles_file(self) -> Path | None:
        """The data set's file, if it is one and not an address."""
        if not self.articles or urlsplit(self.articles).scheme in ("http", "https"):
            return None
        return Path(self.articles)


def load(path: Path | None, choices: Mapping[str, Any]) -> Config:
    """A TOML file's values, overruled by `choices` (those that are not None). Raises Invalid."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text())
        except OSError as error:
            raise Invalid(f"can't read {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid(f"{path} is not TOML: {error}") from error
    values |= {key: value for key, value in choices.items() if value is not None}
    options = {each.name: each for each in dataclasses.fields(Config)}
    problems = [f"{path}: there is no option {key!r}" for key in sorted(values.keys() - options.keys())]
    for key in values.keys() & options.keys():
        default = options[key].default
        if isinstance(default, tuple) and isinstance(values[key], list):
            values[key] = tuple(values[key])
        if type(values[key]) is not type(default):
            problems.append(f"{path}: {key} has to be of the kind of {default!r}")
    if problems:
        raise Invalid(*problems)
    return Config(**values)


def _name_problems(name: str) -> list[str]:
    if not NAME.fullmatch(name):
        return [f"name {name!r}: lower-case letters, digits and single hyphens, a letter first, like covid-2"]
    if len(name) > NAME_LIMIT:
        return [f"name {name!r} has {len(name)} characters: AWS's names leave room for {NAME_LIMIT}"]
    if name.startswith(("aws", "ssm", "sthree", "xn--", "amzn")):
        return [f"name {name!r}: AWS keeps names that begin with aws, ssm, sthree and amzn for itself"]
    return []


def _range_problems(cidr: str, allow_from: str) -> list[str]:
    problems = []
    for option, value in (("cidr", cidr), ("allow_from", allow_from)):
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError:
            try:
                better = ipaddress.IPv4Network(value, strict=False)
                problems.append(f"{option} {value!r} has host bits set: write {better}")
            except ValueError:
                problems.append(f"{option} {value!r} is not an IPv4 range like 10.0.0.0/16")
            continue
        if str(network) != value:
            problems.append(f"{option} {value!r}: write {network}")
        elif option == "cidr" and not 16 <= network.prefixlen <= 22:
            problems.append(f"cidr {value!r}: four /24 subnets need a range of /16 to /22")
        elif option == "cidr" and not network.is_private:
            problems.append(f"cidr {value!r} is not a private range, such as 10.0.0.0/16")
    return problems
