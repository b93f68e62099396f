"""ensure_admin gives the site one superuser, whatever stood there before."""

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def ensure() -> str:
    out = io.StringIO()
    call_command("ensure_admin", stdout=out)
    return out.getvalue().strip()


def test_made_once_and_then_unchanged(settings) -> None:
    assert ensure() == "admin: made"
    before = get_user_model().objects.get()
    assert ensure() == "admin: unchanged"
    assert get_user_model().objects.get().password == before.password
    assert Client().login(username="admin", password=settings.ADMIN_PASSWORD)


def test_a_new_password_and_lost_rights_are_given_back(settings) -> None:
    ensure()
    get_user_model().objects.update(is_superuser=False, is_staff=False, is_active=False)
    settings.ADMIN_PASSWORD = "another one"
    assert ensure() == "admin: updated"
    user = get_user_model().objects.get()
    assert user.is_superuser
    assert user.is_staff
    assert Client().login(username="admin", password="another one")
