"""Where the site finds its servers: addresses without secrets, for the pages that tell what runs where."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings


@dataclass(frozen=True)
class Endpoint:
    """A server's address, and whether the way to it is encrypted and the server verified."""

    host: str
    port: int
    encrypted: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def database() -> Endpoint:
    """MySQL's endpoint."""
    default = settings.DATABASES["default"]
    return Endpoint(default["HOST"], int(default["PORT"]), "ssl" in default["OPTIONS"])


def cache() -> Endpoint:
    """Redis's endpoint."""
    address = urlsplit(settings.CACHES["default"]["LOCATION"])
    return Endpoint(address.hostname or "", address.port or 6379, address.scheme == "rediss")
