"""Two listeners: the public one has the anonymous pages, the one on loopback has the admin too."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def on_loopback(environ: dict[str, Any]) -> bool:
    """Did the request come in on ADMIN_BIND? The server says so of its socket, and never a header."""
    return (environ["SERVER_NAME"], environ["SERVER_PORT"]) == settings.ADMIN_BIND


class ListenerMiddleware:
    """Gives requests on the loopback listener the addresses that log in; there are none elsewhere.

    In TLS mode too, loopback speaks plain HTTP, in a tunnel that is encrypted already: it is not redirected,
    and its cookies are not marked Secure, since not every browser would send those to http://127.0.0.1.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not on_loopback(request.META):
            return self.get_response(request)
        request.urlconf = "config.admin_urls"
        request.is_secure = lambda: True  # for the redirect: SecurityMiddleware is what asks next
        response = self.get_response(request)
        response.headers.pop("Strict-Transport-Security", None)
        for cookie in response.cookies.values():
            cookie["secure"] = ""
        return response

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Let the checks that follow, of a form's origin above all, see the plain scheme."""
        vars(request).pop("is_secure", None)
