"""Who is on the other side of a request: from the signed session cookie, without asking the database for a user each time.

``ViewerMiddleware`` gives every request a ``viewer``, made when it is first looked at; it is ``NOBODY`` when nobody is signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from shouwen.platform.people import queries, services
from shouwen.platform.people.rules import NOBODY, Viewer

SESSION_KEY = "who"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request as views see it."""

    viewer: Viewer


class ViewerMiddleware:
    """Gives each request its viewer. Stands after Django's session middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cast(StaffRequest, request).viewer = cast(Viewer, SimpleLazyObject(lambda: viewer_of(request)))
        return self.get_response(request)


def viewer_of(request: HttpRequest) -> Viewer:
    """Return who is signed in, or ``NOBODY``."""
    grant = _grant(request)
    if grant is None:
        return NOBODY
    return queries.signed_in_viewer(staff_id=grant.staff_id, stamp=grant.stamp, session=grant.session, at=timezone.now())


def begin_session(request: HttpRequest, grant: services.SignInGrant) -> None:
    """Write what ``login`` granted into the session of this browser."""
    request.session.flush()
    request.session[SESSION_KEY] = list(astuple(grant))
    cast(StaffRequest, request).viewer = cast(Viewer, SimpleLazyObject(lambda: viewer_of(request)))
    rotate_token(request)


def end_session(request: HttpRequest) -> None:
    """Sign this browser out; a copy of its cookie is no longer believed."""
    grant = _grant(request)
    request.session.flush()
    cast(StaffRequest, request).viewer = NOBODY
    if grant is not None:
        services.logout(staff_id=grant.staff_id, session=grant.session, at=timezone.now())


def _grant(request: HttpRequest) -> services.SignInGrant | None:
    kept = request.session.get(SESSION_KEY)
    if not isinstance(kept, list) or len(kept) != 3:
        return None
    return services.SignInGrant(*kept)


def sign_in_required(view: View[P]) -> View[P]:
    """Send whoever is not signed in to the page for it."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not cast(StaffRequest, request).viewer.is_signed_in:
            return redirect_to_login(request.get_full_path(), login_url=str(settings.LOGIN_URL))
        return view(request, *args, **kwargs)

    return guarded


__all__ = ["StaffRequest", "ViewerMiddleware", "begin_session", "end_session", "sign_in_required", "viewer_of"]
