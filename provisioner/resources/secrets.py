"""What the site must know: passwords and keys in Secrets Manager, the rest in Parameter Store."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import NotOurs
from provisioner.model import Change, Fact, Found, Refs, Resource
from provisioner.resources.tagged import TAGS, Tagged

LENGTH = 32
"""Of a password: RDS takes up to 41 characters, an ElastiCache token 16 to 128."""

KEY_LENGTH = 64
"""Of a key that signs: Django wants at least 50 characters."""


@dataclass(frozen=True)
class Secret(Tagged):
    """One JSON object of generated passwords, a letters-and-digits string of its length for each key.

    A host turns the keys into environment variables. They are made once and never shown again.
    """

    lengths: Mapping[str, int]
    kind: ClassVar[str] = "secret"

    def id(self, cloud: Cloud) -> str:
        # Not <stack>-<name>: an ARN ends in a hyphen and six characters, and such a name is mistaken for one.
        return f"{cloud.stack}/{self.name}"

    def find(self, cloud: Cloud) -> Found | None:
        secret = unless(
            "ResourceNotFoundException", cloud.secretsmanager.describe_secret, SecretId=self.id(cloud)
        )
        if secret is None or "DeletedDate" in secret:
            return None
        if not cloud.owns(secret.get("Tags", [])):
            raise NotOurs(self.name, secret["Name"], cloud.stack)
        return Found(secret["ARN"], {"name": secret["Name"], TAGS: secret["Tags"]})

    def create(self, cloud: Cloud, refs: Refs) -> None:
        alphabet = string.ascii_letters + string.digits
        values = {
            key: "".join(secrets.choice(alphabet) for _ in range(length))
            for key, length in self.lengths.items()
        }
        value, name = json.dumps(values), self.id(cloud)
        # A deleted secret keeps its name for days: ours is brought back and overwritten. Cut off in between,
        # the next run keeps the old passwords, which no database or cache has yet: they are as good as new.
        waiting = unless("ResourceNotFoundException", cloud.secretsmanager.describe_secret, SecretId=name)
        if waiting is None:
            cloud.secretsmanager.create_secret(
                Name=name,
                Description=f"Passwords and keys of stack {cloud.stack}",
                SecretString=value,
                Tags=cloud.tag_list(self.name),
            )
            return
        if not cloud.owns(waiting.get("Tags", [])):
            raise NotOurs(self.name, name, cloud.stack)
        cloud.secretsmanager.restore_secret(SecretId=name)
        cloud.secretsmanager.put_secret_value(SecretId=name, SecretString=value)

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless(
            "ResourceNotFoundException",
            cloud.secretsmanager.delete_secret,
            SecretId=found.id,
            ForceDeleteWithoutRecovery=True,
        )

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.secretsmanager.tag_resource(SecretId=found.id, Tags=cloud.tag_list(self.name))

    def read(self, cloud: Cloud) -> dict[str, str]:
        """The passwords themselves, for the one call that needs them."""
        answer = cloud.secretsmanager.get_secret_value(SecretId=self.id(cloud))
        values: dict[str, str] = json.loads(answer["SecretString"])
        return values


@dataclass(frozen=True)
class Settings(Resource):
    """Parameters under one path, one for each setting; an empty value has none, since AWS stores no ''."""

    values: Mapping[str, str | Fact]
    kind: ClassVar[str] = "settings"

    @staticmethod
    def path(stack: str, name: str) -> str:
        """Where a stack's settings of this name are kept."""
        return f"/{stack}/{name}"

    def find(self, cloud: Cloud) -> Found | None:
        path = self.path(cloud.stack, self.name)
        parameters = cloud.ssm.all("get_parameters_by_path", "Parameters", Path=path)
        if not parameters:
            return None
        values = {each["Name"].rpartition("/")[2]: each["Value"] for each in parameters}
        tags = cloud.ssm.list_tags_for_resource(
            ResourceType="Parameter", ResourceId=min(each["Name"] for each in parameters)
        )
        if not cloud.owns(tags["TagList"]):
            raise NotOurs(self.name, path, cloud.stack)
        return Found(path, {"values": values})

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        now, wanted = found.facts["values"], self.wanted(refs)
        return [
            Change(key, now.get(key), wanted.get(key))
            for key in sorted(now.keys() | wanted.keys())
            if now.get(key) != wanted.get(key)
        ]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        for key, value in self.wanted(refs).items():
            self._put(cloud, key, value)

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        for change in changes:
            if change.wanted is None:
                cloud.ssm.delete_parameters(Names=[f"{found.id}/{change.what}"])
            elif change.now is None:
                self._put(cloud, change.what, str(change.wanted))
            else:
                cloud.ssm.put_parameter(
                    Name=f"{found.id}/{change.what}", Value=str(change.wanted), Overwrite=True
                )

    def delete(self, cloud: Cloud, found: Found) -> None:
        names = [f"{found.id}/{key}" for key in sorted(found.facts["values"])]
        for first in range(0, len(names), 10):  # the most that one call takes
            cloud.ssm.delete_parameters(Names=names[first : first + 10])

    def _put(self, cloud: Cloud, key: str, value: str) -> None:
        # AWS takes tags only with a new parameter, never with Overwrite.
        unless(
            "ParameterAlreadyExists",
            cloud.ssm.put_parameter,
            Name=f"{self.path(cloud.stack, self.name)}/{key}",
            Value=value,
            Type="String",
            Tags=cloud.tag_list(self.name),
        )

    def wanted(self, refs: Refs) -> dict[str, str]:
        """The settings as they should be; KeyError while something that they tell of is not there."""
        values = {key: refs.value(value) for key, value in self.values.items()}
        return {key: value for key, value in values.items() if value}
