"""What a planted leftover is."""

from collections.abc import Callable
from dataclasses import dataclass

from provisioner.aws import STACK_TAG, Cloud

Tags = list[dict[str, str]]


@dataclass(frozen=True)
class Plant:
    """`name` is one that stack {stack} has for such a thing; `price` is in dollars a day."""

    kind: str
    make: Callable[[Cloud, str, Tags], str]
    name: str
    remove: str
    price: float | None = 0
    tag_needs_name: bool = False
    """AWS shows its tag only to who asks for it by its name, or the emulated tagging API does not know it."""


def tag(stack: str) -> Tags:
    """The tag that makes a thing this stack's, as somebody may have copied it."""
    return [{"Key": STACK_TAG, "Value": stack}]
