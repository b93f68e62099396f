"""`manage.py ensure_admin`: the superuser `admin` with the password from the environment."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

NAME = "admin"


class Command(BaseCommand):
    """Makes the superuser, or gives it back its rights and ADMIN_PASSWORD; run again, it changes nothing."""

    help = "Make or update the superuser 'admin', with the password in ADMIN_PASSWORD."

    def handle(self, *args: Any, **options: Any) -> None:
        user, made = get_user_model().objects.get_or_create(username=NAME)
        changed = made or not (user.is_superuser and user.is_staff and user.is_active)
        user.is_superuser = user.is_staff = user.is_active = True
        if not user.check_password(settings.ADMIN_PASSWORD):
            user.set_password(
                settings.ADMIN_PASSWORD
            )  # a new hash ends every session: only when it has to be
            changed = True
        if changed:
            user.save()
        self.stdout.write(f"{NAME}: {'made' if made else 'updated' if changed else 'unchanged'}")
