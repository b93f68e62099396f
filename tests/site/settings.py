"""The site's own settings, pointed at a MariaDB and a Redis that tests/site/conftest.py starts."""

import os
import secrets
from pathlib import Path

from local.servers import free_port

VAR = Path(__file__).resolve().parents[2] / "var" / "tests" / f"site-{os.getpid()}"

os.environ.update(
    SECRET_KEY=secrets.token_hex(32),
    ADMIN_PASSWORD=secrets.token_hex(8),
    ALLOWED_HOSTS="127.0.0.1,localhost,testserver",
    DATABASE_HOST="127.0.0.1",
    DATABASE_PORT=str(free_port()),
    DATABASE_NAME="covid",
    DATABASE_USER="admin",
    DATABASE_PASSWORD=secrets.token_hex(12),
    CACHE_HOST="127.0.0.1",
    CACHE_PORT=str(free_port()),
    CACHE_PASSWORD=secrets.token_hex(12),
    ADMIN_BIND="127.0.0.1:80",
    STATIC_ROOT=str(VAR / "static"),
)
for name in ("DATABASE_CA", "CACHE_CA"):
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403  (the environment has to stand first)

# What takes a second for each login on purpose is of no use here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
