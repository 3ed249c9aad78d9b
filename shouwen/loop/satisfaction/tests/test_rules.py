from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shouwen.kernel.time.documents import read_calendar
from shouwen.loop.satisfaction.rules import (
    CALL_BACK_POLICY,
    AfterCall,
    Asking,
    LinkState,
    after_call,
    call_back_due_at,
    call_back_policy,
    holds,
    is_grade,
    survey_expires_at,
    token_digest,
    way_of_asking,
)
from shouwen.loop.workorders.choices import CallBackResult
from shouwen.loop.workorders.tests.factories import OFFICE, cap, lamp_out, step
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.rules import Match
from shouwen.records.norms.rules.definition import parse_norm

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # Wednesday, twelve o'clock in Shanghai


@pytest.mark.parametrize(
    ("call_back_needed", "is_called_back", "survey_needed", "can_be_reached", "asking"),
    [
        (True, False, True, True, Asking.CALL_BACK),
        (True, False, False, True, Asking.CALL_BACK),
        (True, True, True, True, Asking.LINK),
        (True, True, False, True, Asking.NOTHING),
        (False, False, True, True, Asking.LINK),
        (False, False, True, False, Asking.CALL_BACK),
        (False, False, False, True, Asking.NOTHING),
        (True, True, True, False, Asking.CALL_BACK),
    ],
)
def test_how_a_customer_is_asked(
    call_back_needed: bool, is_called_back: bool, survey_needed: bool, can_be_reached: bool, asking: Asking
) -> None:
    chosen = way_of_asking(
        call_back_needed=call_back_needed,
        is_called_back=is_called_back,
        survey_needed=survey_needed,
        can_be_reached=can_be_reached,
    )

    assert chosen is asking


@pytest.mark.parametrize(
    ("result", "attempt", "survey_needed", "follows"),
    [
        (CallBackResult.NO_ANSWER, 1, True, AfterCall.AGAIN),
        (CallBackResult.NO_ANSWER, 2, False, AfterCall.AGAIN),
        (CallBackResult.NO_ANSWER, 3, True, AfterCall.LINK),
        (CallBackResult.NO_ANSWER, 3, False, AfterCall.OVER),
        (CallBackResult.REACHED, 1, True, AfterCall.LINK_LATER),
        (CallBackResult.REACHED, 1, False, AfterCall.OVER),
        (CallBackResult.REFUSED, 1, True, AfterCall.LINK),
        (CallBackResult.UNSOLVED, 1, True, AfterCall.OVER),
    ],
)
def test_what_follows_a_call(result: CallBackResult, attempt: int, survey_needed: bool, follows: AfterCall) -> None:
    assert after_call(result=result, attempt=attempt, attempt_limit=3, survey_needed=survey_needed) is follows


@pytest.mark.parametrize(
    ("link", "at", "does"),
    [
        (LinkState(NOON, False, False), NOON - timedelta(seconds=1), True),
        (LinkState(NOON, False, False), NOON, False),
        (LinkState(NOON, True, False), NOON - timedelta(days=1), False),
        (LinkState(NOON, False, True), NOON - timedelta(days=1), False),
        (None, NOON, False),
    ],
)
def test_whether_a_link_holds(link: LinkState | None, at: datetime, does: bool) -> None:
    assert holds(link=link, at=at) is does


def test_a_grade_is_one_to_five() -> None:
    assert [grade for grade in range(-1, 8) if is_grade(grade)] == [1, 2, 3, 4, 5]


def test_the_digest_of_a_token_is_its_sha_256() -> None:
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_answer_is_awaited_for_days_of_24_hours() -> None:
    assert survey_expires_at(asked_at=NOON, days=Decimal("1.5")) == NOON + timedelta(hours=36)


def test_a_norms_own_call_back_step_says_which_policy_limits_it() -> None:
    document = lamp_out()
    called = step("call", unit="service_centre", policy="order.call_back", target="called_back", outcomes=[("ok", "end_mended")])
    with_call = lamp_out(steps=[*document["steps"], called])

    assert (call_back_policy(parse_norm(document)), call_back_policy(parse_norm(with_call))) == (
        CALL_BACK_POLICY,
        "order.call_back",
    )


def test_the_earliest_cap_binds_a_call_back_and_without_any_it_is_a_working_day() -> None:
    calendar = read_calendar(OFFICE)
    day, hours = cap("x", 24, Unit.HOUR), cap("y", 3, Unit.HOUR)
    matches = (Match(day, Decimal(24)), Match(hours, Decimal(3)))

    assert call_back_due_at(since=NOON, matches=matches, calendar=calendar) == NOON + timedelta(hours=3)
    assert call_back_due_at(since=NOON, matches=(), calendar=calendar) == datetime(2026, 5, 7, 4, tzinfo=UTC)
