"""The admin's login, which takes so many attempts and no more."""

import hashlib
import logging
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import BaseCache, caches
from django.core.exceptions import ValidationError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

ATTEMPTS = 10
WINDOW = 300  # seconds, from the first of the attempts


class LoginForm(AdminAuthenticationForm):
    """Refuses a user's eleventh attempt within five minutes before it looks at the password.

    Attempts are counted by user name: through a port-forward, all come from one address.
    """

    def clean(self) -> dict[str, Any]:
        key = "login:" + hashlib.sha256(self.cleaned_data.get("username", "").encode()).hexdigest()[:32]
        if _taken(key) > ATTEMPTS:
            logger.warning("a login was refused: more than %d attempts in %d s", ATTEMPTS, WINDOW)
            minutes = WINDOW // 60
            raise ValidationError(
                f"Too many attempts for this user: try again in {minutes} minutes.", code="throttled"
            )
        cleaned: dict[str, Any] = super().clean()
        _forget(key)
        return cleaned


def _taken(key: str) -> int:
    """How many attempts there were, this one included: in Redis, or, while that is out, in this worker."""
    try:
        return _count(caches["default"], key)
    except (RedisError, OSError):
        return _count(caches["process"], key)


def _count(cache: BaseCache, key: str) -> int:
    if cache.add(key, 1, WINDOW):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it expired just now
        return 1


def _forget(key: str) -> None:
    caches["process"].delete(key)
    try:
        caches["default"].delete(key)
    except (RedisError, OSError):
        logger.warning("the cache is out: a user's attempts to log in are not forgotten")
