from datetime import timedelta

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from shouwen.platform.people import services
from shouwen.platform.people.middleware import (
    ViewerMiddleware,
    begin_session,
    end_session,
    sign_in_required,
)
from shouwen.platform.people.models import Staff
from shouwen.platform.people.rules import NOBODY
from shouwen.platform.people.tests.factories import StaffFactory, administrator

pytestmark = pytest.mark.django_db


def browse(cookie: str | None = None) -> HttpRequest:
    """Return a request that has passed the middleware, with the session of a browser's cookie."""
    request = RequestFactory().get("/matters/?page=2")
    request.session = SessionStore(cookie)
    ViewerMiddleware(lambda passed: HttpResponse())(request)
    return request


def cookie_of(person: Staff) -> str:
    request = browse()
    begin_session(request, services.SignInGrant(staff_id=person.pk, stamp=person.session_stamp, session="a" * 22))
    request.session.save()
    return request.session.session_key


def test_a_browser_without_a_session_is_nobody_and_costs_no_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert browse().viewer == NOBODY


def test_a_signed_in_browser_is_its_viewer_without_any_user_query_once_remembered(django_assert_num_queries) -> None:
    person = StaffFactory()
    cookie = cookie_of(person)
    assert browse(cookie).viewer.id == person.pk

    with django_assert_num_queries(0):
        viewer = browse(cookie).viewer

        assert (viewer.staff_no, viewer.is_signed_in) == (person.staff_no, True)


def test_a_view_that_does_not_look_at_its_viewer_asks_nothing(django_assert_num_queries) -> None:
    cookie = cookie_of(StaffFactory())

    with django_assert_num_queries(0):
        browse(cookie)


def test_a_changed_cookie_is_nobody() -> None:
    cookie = cookie_of(StaffFactory())

    assert browse(cookie[:-1] + ("a" if cookie[-1] != "a" else "b")).viewer == NOBODY


def test_a_session_of_another_shape_is_nobody() -> None:
    request = browse()
    request.session["who"] = "1"

    assert request.viewer == NOBODY


@pytest.mark.parametrize("verb", ["revoke_sessions", "end_employment"])
def test_a_revoked_cookie_is_nobody_from_the_next_request_on(verb: str) -> None:
    boss, person = administrator(), StaffFactory()
    cookie = cookie_of(person)
    assert browse(cookie).viewer.id == person.pk

    now = timezone.now() - timedelta(seconds=1)
    if verb == "revoke_sessions":
        services.revoke_sessions(staff_id=person.pk, reason="", actor_id=boss.pk, at=now)
    else:
        services.end_employment(staff_id=person.pk, actor_id=boss.pk, at=now)

    assert browse(cookie).viewer == NOBODY


def test_a_copy_of_the_cookie_is_not_believed_after_signing_out() -> None:
    cookie = cookie_of(StaffFactory())
    request = browse(cookie)

    end_session(request)

    assert (request.viewer, browse(cookie).viewer) == (NOBODY, NOBODY)


def test_whoever_is_not_signed_in_is_sent_to_the_door_and_back_again() -> None:
    view = sign_in_required(lambda request: HttpResponse("inside"))

    sent, inside = view(browse()), view(browse(cookie_of(StaffFactory())))

    assert (sent.status_code, sent["Location"]) == (302, "/sign-in/?next=/matters/%3Fpage%3D2")
    assert inside.content == b"inside"
