"""A short way to pages that look at no user, session or form: most of a hit is what stands around it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from covid.outage import DATABASE_OUT, database_is_out
from covid.views import ANONYMOUS

MESSAGES = "messages="  # in the cookie that brings a message to the next page


class AnonymousPagesMiddleware:
    """Answers these pages ahead of the middleware for sessions, users, forms and messages.

    A request that brings a message takes the long way, which shows it and deletes its cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._views = {reverse(name): view for name, view in ANONYMOUS.items()}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self._views.get(request.path_info)
        if view is None or MESSAGES in request.META.get("HTTP_COOKIE", ""):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost, as on the long way
        try:
            response = view(request)
        except DATABASE_OUT as error:
            response = database_is_out(request, error)
        response.headers["Content-Length"] = str(len(response.content))
        return response
