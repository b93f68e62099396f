"""What the site reads from its environment, checked once, with errors that say what to do."""

import ipaddress
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

REQUIRED = (
    "SECRET_KEY",
    "ADMIN_PASSWORD",
    "ALLOWED_HOSTS",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
    "CACHE_HOST",
    "CACHE_PORT",
    "CACHE_PASSWORD",
    "STATIC_ROOT",
)
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")


def check() -> None:
    """Raise ImproperlyConfigured that names every required variable that is unset or empty."""
    missing = [name for name in REQUIRED if not os.environ.get(name)]
    if missing:
        raise ImproperlyConfigured(f"set these environment variables and try again: {', '.join(missing)}")


def port(name: str) -> int:
    """The variable as a TCP port; ImproperlyConfigured for anything else."""
    text = os.environ[name]
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ImproperlyConfigured(f"{name} must be a port from 1 to 65535, not {text!r}")
    return int(text)


def loopback(name: str) -> tuple[str, str] | None:
    """The variable as an address and a port of the loopback interface, None where it is not set."""
    text = os.environ.get(name, "")
    host, _, number = text.rpartition(":")
    if text and (host != "127.0.0.1" or not number.isdecimal() or not 0 < int(number) < 65536):
        raise ImproperlyConfigured(f"{name} must be like 127.0.0.1:8009, not {text!r}")
    return (host, number) if text else None


def seconds(name: str) -> int:
    """The variable as whole seconds, 0 where it is not set; ImproperlyConfigured for anything else."""
    text = os.environ.get(name) or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise ImproperlyConfigured(f"{name} must be a whole number of seconds, not {text!r}")
    return int(text)


def hosts(name: str) -> list[str]:
    """The variable's comma-separated host names and addresses; ImproperlyConfigured for a pattern of many."""
    named = _listed(name)
    for host in named:
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(f"{name} must list whole host names and addresses, not {host!r}")
    if not named:
        raise ImproperlyConfigured(f"{name} lists no host")
    return named


def proxies(name: str) -> list[str]:
    """The variable's addresses and networks, [] where it is not set; ImproperlyConfigured for everybody's."""
    named = _listed(name)
    for proxy in named:
        try:
            everybody = ipaddress.ip_network(proxy).prefixlen == 0
        except ValueError:
            everybody = True
        if everybody:
            raise ImproperlyConfigured(
                f"{name} must list the addresses or networks of your TLS proxies, not {proxy!r}"
            )
    return named


def authorities(name: str) -> str:
    """The variable's path of certificates, '' where none is set; ImproperlyConfigured if it can't be read."""
    path = os.environ.get(name, "")
    if path and not os.access(path, os.R_OK):
        raise ImproperlyConfigured(f"{name} names a file that can't be read: {path}")
    return str(Path(path).resolve()) if path else ""


def _listed(name: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]
