"""Everything on the emulated AWS that a host finds when it boots, made by the engine; only the host is not.

What the host asks itself, a metadata service answers; its role's keys are to be had there and nowhere else.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from local import target
from local.metadata import MetadataService
from local.servers import HOST, free_port
from provisioner import engine
from provisioner.archive import Archive, pack
from provisioner.aws import Cloud
from provisioner.blueprint import django_site
from provisioner.config import Config, load
from provisioner.model import Refs, Stack
from provisioner.preflight import prepare

SITE = ("site", "manage.py", "requirements.txt")
ROLE = "host"
AUTHORITY = Path("/srv/authority.pem")
"""Where the machine finds the certificate that verifies the region's servers."""


@dataclass(frozen=True)
class Surroundings:
    """A region with bucket, secret, settings, database and cache, which a machine can boot against."""

    cloud: Cloud
    config: Config
    authority: Path
    endpoint_url: str
    metadata_url: str

    def user_data(self, code: Path) -> tuple[str, Archive]:
        """Ship the site in the folder `code`; what `create` would boot a host with, and the archive."""
        archive = pack(code, SITE)
        zones = prepare(self.config, self.cloud).zones
        whole = django_site(self.config, self.cloud, zones, archive)
        rest = [each for each in whole.resources.values() if each.kind != "host"]
        engine.up(Stack(whole.name, rest), self.cloud, refs=Refs())
        return whole.resources["host"].user_data, archive

    def secrets(self) -> dict[str, str]:
        """What the stack's secret holds."""
        client = self.cloud.secretsmanager
        (secret,) = client.all("list_secrets", "SecretList")
        found: dict[str, str] = json.loads(client.get_secret_value(SecretId=secret["Name"])["SecretString"])
        return found

    @property
    def environment(self) -> Mapping[str, str]:
        """What stands in for AWS's own addresses; no keys."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata_url,
        }

    @property
    def port(self) -> int:
        return int(self.config.port)


@contextlib.contextmanager
def surroundings(var: Path, articles: Path) -> Iterator[Surroundings]:
    """A region of its own below `var`; it ends with the block."""
    try:
        region = target.start(var, lambda line: None, site_port=free_port())
        # The machine has the authority's file too, at another path.
        there = {"ca_url": AUTHORITY.as_uri(), "articles": str(articles)}
        config = load(None, {**region.settings, **there})
        session = boto3.Session("local", "local", region_name=region.region)
        cloud = Cloud(session, config.name, endpoint_url=region.endpoint_url)
        metadata = MetadataService(lambda: _facts(region.region))
        try:
            ca = Path(urlsplit(str(region.settings["ca_url"])).path)
            yield Surroundings(cloud, config, ca, region.endpoint_url, metadata.url)
        finally:
            metadata.close()
    finally:
        target.stop(var)


def _facts(region: str) -> Mapping[str, str]:
    expiry = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = {"AccessKeyId": "host", "SecretAccessKey": "host", "Token": "host", "Expiration": expiry}
    return {
        "instance-id": "i-0123456789abcdef0",
        "public-ipv4": HOST,
        "local-ipv4": HOST,
        "placement/region": region,
        "placement/availability-zone": f"{region}a",
        "iam/security-credentials/": ROLE,
        f"iam/security-credentials/{ROLE}": json.dumps({"Code": "Success", "Type": "AWS-HMAC", **key}),
    }
