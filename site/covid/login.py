"""The admin's login, which takes so many attempts and no more."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from covid.throttle import Throttle

ATTEMPTS = Throttle("login", times=10, window=300)


class LoginForm(AdminAuthenticationForm):
    """Refuses a user's eleventh attempt within five minutes before it looks at the password.

    Attempts are counted by user name: through a port-forward, all come from one address.
    """

    def clean(self) -> dict[str, Any]:
        user, timings = self.cleaned_data.get("username", ""), self.request.timings
        if wait := ATTEMPTS.wait(user, timings):
            minutes = -(-wait // 60)
            raise ValidationError(
                f"Too many attempts for this user: try again in {minutes} minutes.", code="throttled"
            )
        cleaned: dict[str, Any] = super().clean()
        ATTEMPTS.forget(user, timings)
        return cleaned
