"""Where a command works: an account and region, or this machine."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from cli.options import choices
from provisioner.archive import Archive, pack
from provisioner.aws import Cloud, error_code
from provisioner.blueprint import django_site
from provisioner.config import Config, load
from provisioner.errors import CredentialsRefused, Failed, Invalid, ProvisionerError, Unreachable
from provisioner.model import Condition, Found, Stack
from provisioner.preflight import identify, prepare
from provisioner.resources.secrets import Secret

if TYPE_CHECKING:
    from local.target import Target

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
SITE = ("site", "manage.py", "requirements.txt")
"""What a host needs of this folder."""
AUTHORITIES = ROOT / "site/config/amazon-rds-roots.pem"
"""What the host verifies the database by, with each region's name."""
GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"

OLDEST = "us-east-1"
"""A region that no account has to enable."""


@dataclass(frozen=True)
class Place:
    """A configuration and the cloud that it is meant for."""

    config: Config
    cloud: Cloud
    target: Target | None = None

    def stack(self, say: Callable[[str], None]) -> tuple[Stack, Archive]:
        """The stack as configured, and the site's archive. Raises Invalid with all that stands in its way.

        What is worth knowing before the first create is told through `say`, a line each.
        """
        file = self.config.articles_file
        if file is not None and not file.is_file():
            raise Invalid(f"--articles {file}: there is no such file")
        region = self.cloud.region
        if not self.config.ca_url and f"Amazon RDS {region} Root CA" not in AUTHORITIES.read_text():
            raise Invalid(
                f"no certificate authority for databases in {region} is shipped:"
                f" give --ca-url and --ca-sha256 (see {GUIDE})"
            )
        archive = pack(ROOT, SITE)
        describe = partial(django_site, self.config, self.cloud, archive=archive)
        ready = prepare(self.config, self.cloud, describe)
        for note in ready.notes:
            say(note)
        return describe(ready.zones), archive

    def whole_stack(self, *, nat: bool = True, force: bool = False) -> Stack:
        """Everything that any configuration of this name can have made: for looking and for taking away."""
        whole = dataclasses.replace(self.config, nat=nat, articles="")
        return django_site(whole, self.cloud, ("", ""), pack(ROOT, SITE), force=force)

    def host(self) -> Found:
        """The host, running. Raises ProvisionerError, in one line with what to do, where it is not."""
        resource = self.whole_stack().resources["host"]
        found = resource.find(self.cloud)
        if found is None or found.condition is Condition.GOING:
            raise ProvisionerError(f"stack {self.cloud.stack!r} has no host: `create` makes it")
        if found.state != "running":
            raise Failed(resource.name, found.id, found.state, resource.reason(self.cloud, found))
        return found

    def admin(self) -> dict[str, str]:
        """The Django admin's user and password."""
        password = Secret("secret", {}).read(self.cloud)["ADMIN_PASSWORD"]
        return {"admin_user": "admin", "admin_password": password}

    def close(self) -> None:
        """End what runs on this machine, if it is this machine."""
        if self.target is not None:
            _local_target().stop(VAR)


def find_place(
    config: Config, arguments: argparse.Namespace, *, start: bool, say: Callable[[str], None]
) -> Place:
    """The account and region, known to be reachable. Raises Invalid or Unreachable, in one line."""
    if arguments.local:
        return _local(arguments, start=start, say=say)
    try:
        session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
        region = session.region_name
        if region and region not in _regions(session):
            raise Invalid(f"region {region!r} is not one that boto3 knows: is it spelt like us-east-1?")
        cloud = Cloud(session, config.name)
        _identify(cloud, arguments.profile)
    except BotoCoreError as error:
        raise Unreachable(str(error)) from error
    return Place(config, cloud)


def local_runs() -> bool:
    """Does a region run on this machine? What a dead one left behind is ended and removed."""
    local = _local_target()
    if local.find(VAR) is not None:
        return True
    local.stop(VAR)
    return False


def _local_target() -> ModuleType:
    """What --local needs is not there where only requirements.txt is installed. Raises Invalid."""
    try:
        from local import target
    except ModuleNotFoundError as error:
        raise Invalid(f"--local needs {error.name}: pip install -r requirements-dev.txt") from error
    return target


def _identify(cloud: Cloud, profile: str | None) -> None:
    """Who we are, or in one line why AWS does not know us. Raises Invalid or Unreachable."""

    def elsewhere() -> Cloud:
        return Cloud(boto3.Session(profile_name=profile, region_name=OLDEST), cloud.stack)

    try:
        identify(cloud, elsewhere)
    except CredentialsRefused as error:
        raise Unreachable(str(error)) from error
    except ClientError as error:
        message = error.response["Error"]["Message"]
        raise Unreachable(f"AWS refuses these credentials ({error_code(error)}): {message}") from error
    except Unreachable as error:
        if "credentials" in str(error).lower():
            raise Unreachable(
                "no AWS credentials: run `aws configure`, set AWS_PROFILE, or try --local without an account"
            ) from error
        raise


def _regions(session: boto3.Session) -> set[str]:
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    }


def _local(arguments: argparse.Namespace, *, start: bool, say: Callable[[str], None]) -> Place:
    for option in ("region", "profile"):
        if getattr(arguments, option):
            raise Invalid(f"--{option} and --local exclude each other")
    local = _local_target()
    target: Target | None = local.start(VAR, say) if start else local.find(VAR)
    if target is None:
        raise Invalid("nothing runs on this machine: `python deploy.py create --local` starts it")
    chosen = {key: value for key, value in choices(arguments).items() if value is not None}
    config = load(arguments.config, {**target.settings, **chosen})
    session = boto3.Session(
        aws_access_key_id="local",
        aws_secret_access_key="local",
        region_name=target.region,
        # A profile that AWS_PROFILE names is of no concern here, and may not exist.
        botocore_session=botocore.session.Session({"profile": (None, None, None, None)}),
    )
    return Place(config, Cloud(session, config.name, endpoint_url=target.endpoint_url), target)
