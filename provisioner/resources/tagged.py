"""Tags: what EC2's things are found by, and what comes back wherever somebody took it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.aws import Cloud
from provisioner.errors import Ambiguous
from provisioner.model import Change, Found, Refs, Resource

TAGS = "tags"


def only(resource: Resource, items: Sequence[Any], key: str) -> Any | None:
    """The single item, or None. Raises Ambiguous with the ids of all of them."""
    if len(items) > 1:
        raise Ambiguous(resource.name, [item[key] for item in items])
    return items[0] if items else None


@dataclass(frozen=True)
class Tagged(Resource):
    """A resource whose facts hold its tags: one that somebody changed or took away comes back.

    Subclasses say what else differs in `drift` and mend it in `repair`, as `differences` and `change` do.
    """

    def look_up(self, cloud: Cloud, operation: str, items: str, key: str) -> Any | None:
        """The one thing of EC2's that carries our tags as this resource. Raises Ambiguous."""
        return only(self, cloud.ec2.all(operation, items, Filters=cloud.tag_filters(self.name)), key)

    def differences(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        now = {tag["Key"]: tag["Value"] for tag in found.facts[TAGS]}
        wanted = cloud.tags(self.name)
        if lost := wanted.items() - now.items():
            return [*self.drift(cloud, found, refs), Change(TAGS, "others", dict(sorted(lost)))]
        return self.drift(cloud, found, refs)

    def change(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        rest = [change for change in changes if change.what != TAGS]
        if len(rest) < len(changes):
            self.tag(cloud, found)
        if rest:
            self.repair(cloud, found, refs, rest)

    def tag(self, cloud: Cloud, found: Found) -> None:
        """Give it our tags again and leave others' alone. This is EC2's call; other services have theirs."""
        cloud.ec2.create_tags(Resources=[found.id], Tags=cloud.tag_list(self.name))

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        """What differs besides the tags. Raises CannotChange."""
        return []

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        """Make these changes, which `drift` returned."""
        raise NotImplementedError
