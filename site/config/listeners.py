"""Two listeners: the public one has the anonymous pages, the one on loopback has the admin too."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ListenerMiddleware:
    """Gives requests that came in on ADMIN_BIND the addresses that log in; there are none elsewhere.

    The socket decides, which the server puts into SERVER_NAME and SERVER_PORT, and never a header.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (request.META["SERVER_NAME"], request.META["SERVER_PORT"]) == settings.ADMIN_BIND:
            request.urlconf = "config.admin_urls"
        return self.get_response(request)
