from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.loop.messages.choices import Channel, MessageState, Problem, ReceiptState
from shouwen.loop.messages.rules.threads import About, about_of_threads, reference_of, thread_of
from shouwen.loop.messages.rules.trying import Consequence, after_receipt, pause_after, rest_after
from shouwen.loop.messages.rules.ways import Errand, QuietHours, Reach, Route, Way, rate_over_at, route
from shouwen.records.customers.choices import Consent, PreferredChannel

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)
ELEVEN_PM = datetime(2026, 5, 6, 15, tzinfo=UTC)
NEXT_EIGHT = datetime(2026, 5, 7, 0, tzinfo=UTC)
NIGHT = QuietHours(time(22), time(8))
SIESTA = QuietHours(time(11), time(14))
NEVER = QuietHours(time(0), time(0))
MOBILE, SECOND_MOBILE, MAIL = Way(1, Channel.SMS), Way(2, Channel.SMS), Way(3, Channel.EMAIL)
BOTH = frozenset({"sms", "email", "phone_script"})
SERVICE = Errand(channels=BOTH, is_urgent=False, needs_consent=False)
URGENT = Errand(channels=BOTH, is_urgent=True, needs_consent=False)
OFFER = Errand(channels=BOTH, is_urgent=False, needs_consent=True)


def routed(
    errand: Errand, *ways: Way, at: datetime = NOON, preferred: str = PreferredChannel.SMS, failed: tuple[int, ...] = ()
) -> Route:
    return route(errand=errand, reach=Reach(ways, preferred), failed=failed, quiet=NIGHT, at=at)


# Quiet hours.


@pytest.mark.parametrize(
    ("at", "over_at"),
    [
        (datetime(2026, 5, 6, 13, 59, 59, tzinfo=UTC), datetime(2026, 5, 6, 13, 59, 59, tzinfo=UTC)),  # 21:59:59
        (datetime(2026, 5, 6, 14, tzinfo=UTC), NEXT_EIGHT),  # 22:00
        (datetime(2026, 5, 6, 16, tzinfo=UTC), NEXT_EIGHT),  # midnight
        (datetime(2026, 5, 6, 23, 59, 59, tzinfo=UTC), NEXT_EIGHT),  # 07:59:59
        (NEXT_EIGHT, NEXT_EIGHT),
    ],
)
def test_quiet_hours_past_midnight_end_in_the_morning(at: datetime, over_at: datetime) -> None:
    assert NIGHT.over_at(at) == over_at


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    assert SIESTA.over_at(NOON) == datetime(2026, 5, 6, 6, tzinfo=UTC)


def test_equal_ends_are_never_quiet() -> None:
    assert NEVER.over_at(NOON) == NOON


@given(since=st.times(), until=st.times(), at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_quiet_hours_end_within_a_day_at_a_moment_that_is_not_quiet(since: time, until: time, at: datetime) -> None:
    hours = QuietHours(since, until)

    over_at = hours.over_at(at)

    assert timedelta(0) <= over_at - at <= timedelta(days=1)
    assert hours.over_at(over_at) == over_at


# Ways.


def test_the_preferred_channel_goes_first() -> None:
    assert routed(SERVICE, MOBILE, MAIL, preferred=PreferredChannel.EMAIL) == Route(MAIL, NOON)


def test_within_a_channel_the_preferred_contact_goes_first() -> None:
    preferred = Way(9, Channel.SMS, is_preferred=True)

    assert routed(SERVICE, MOBILE, preferred) == Route(preferred, NOON)


def test_the_channel_is_stronger_than_a_preferred_contact_of_another() -> None:
    preferred_mail = Way(9, Channel.EMAIL, is_preferred=True)

    assert routed(SERVICE, preferred_mail, MOBILE) == Route(MOBILE, NOON)


@pytest.mark.parametrize("preferred", [PreferredChannel.PHONE, PreferredChannel.LETTER, PreferredChannel.WECHAT])
def test_who_prefers_a_call_or_a_letter_gets_a_text_message(preferred: PreferredChannel) -> None:
    assert routed(SERVICE, MAIL, MOBILE, preferred=preferred) == Route(MOBILE, NOON)


def test_a_way_that_failed_is_not_taken_again() -> None:
    assert routed(SERVICE, MOBILE, SECOND_MOBILE, MAIL, failed=(1,)) == Route(SECOND_MOBILE, NOON)
    assert routed(SERVICE, MOBILE, SECOND_MOBILE, MAIL, failed=(1, 2)) == Route(MAIL, NOON)
    assert routed(SERVICE, MOBILE, SECOND_MOBILE, MAIL, failed=(1, 2, 3)) == Route(None, NOON, Problem.NO_WAY)


def test_a_channel_without_a_text_is_no_way() -> None:
    mail_only = Errand(channels=frozenset({"email"}), is_urgent=False, needs_consent=False)

    assert routed(mail_only, MOBILE) == Route(None, NOON, Problem.NO_WAY)


def test_an_offer_needs_consent_and_a_service_notice_does_not() -> None:
    asked, agreed = Way(1, Channel.SMS, Consent.UNKNOWN), Way(3, Channel.EMAIL, Consent.GRANTED)
    refused = Way(1, Channel.SMS, Consent.REFUSED)

    assert routed(OFFER, asked) == Route(None, NOON, Problem.NO_CONSENT)
    assert routed(OFFER, refused) == Route(None, NOON, Problem.NO_CONSENT)
    assert routed(OFFER, asked, agreed) == Route(agreed, NOON)
    assert routed(SERVICE, refused) == Route(refused, NOON)


def test_quiet_hours_hold_a_notice_back_and_let_an_urgent_one_pass() -> None:
    assert routed(SERVICE, MOBILE, at=ELEVEN_PM) == Route(MOBILE, NEXT_EIGHT)
    assert routed(URGENT, MOBILE, at=ELEVEN_PM) == Route(MOBILE, ELEVEN_PM)


def test_a_customers_own_quiet_hours_replace_the_companys() -> None:
    night_worker = Way(1, Channel.SMS, quiet=SIESTA)

    assert routed(SERVICE, night_worker, at=ELEVEN_PM) == Route(night_worker, ELEVEN_PM)
    assert routed(SERVICE, night_worker, at=NOON) == Route(night_worker, datetime(2026, 5, 6, 6, tzinfo=UTC))


def until(moment: datetime, *, is_urgent: bool = False) -> Errand:
    return Errand(channels=BOTH, is_urgent=is_urgent, needs_consent=False, not_after=moment)


def test_what_could_only_be_said_too_late_has_no_way() -> None:
    assert routed(until(NEXT_EIGHT), MOBILE, at=ELEVEN_PM) == Route(None, ELEVEN_PM, Problem.EXPIRED)
    assert routed(until(NOON), MOBILE) == Route(None, NOON, Problem.EXPIRED)
    assert routed(until(NOON, is_urgent=True), MOBILE) == Route(None, NOON, Problem.EXPIRED)


def test_what_can_be_said_in_time_waits_as_ever() -> None:
    assert routed(until(NEXT_EIGHT + timedelta(minutes=1)), MOBILE, at=ELEVEN_PM) == Route(MOBILE, NEXT_EIGHT)
    assert routed(until(NEXT_EIGHT, is_urgent=True), MOBILE, at=ELEVEN_PM) == Route(MOBILE, ELEVEN_PM)


def test_a_way_that_opens_in_time_is_better_than_a_preferred_one_that_does_not() -> None:
    awake_at_night = Way(3, Channel.EMAIL, quiet=SIESTA)

    assert routed(until(NEXT_EIGHT), MOBILE, awake_at_night, at=ELEVEN_PM) == Route(awake_at_night, ELEVEN_PM)


# Rate.


def test_one_more_message_waits_until_the_oldest_is_a_day_old() -> None:
    hours_ago = [NOON - timedelta(hours=hours) for hours in (23, 5, 1, 30)]

    assert rate_over_at(sent_at=hours_ago, limit=4, at=NOON) == NOON
    assert rate_over_at(sent_at=hours_ago, limit=3, at=NOON) == NOON + timedelta(hours=1)
    assert rate_over_at(sent_at=hours_ago, limit=2, at=NOON) == NOON + timedelta(hours=19)


# Trying.


def test_pauses_double_up_to_six_hours() -> None:
    first = timedelta(minutes=5)

    pauses = [pause_after(try_count=count, first_pause=first) for count in (1, 2, 3, 8)]

    assert pauses == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), timedelta(hours=6)]


def test_rests_of_a_channel_double_up_to_five_minutes() -> None:
    rests = [rest_after(away_count=count) for count in (1, 2, 3, 6, 1000)]

    assert rests == [
        timedelta(seconds=10),
        timedelta(seconds=20),
        timedelta(seconds=40),
        timedelta(minutes=5),
        timedelta(minutes=5),
    ]


@pytest.mark.parametrize(
    ("state", "receipt", "is_latest", "consequence"),
    [
        (MessageState.SENT, ReceiptState.DELIVERED, True, Consequence.DELIVERED),
        (MessageState.SENT, ReceiptState.DELIVERED, False, Consequence.DELIVERED),
        (MessageState.QUEUED, ReceiptState.DELIVERED, True, Consequence.DELIVERED),
        (MessageState.FAILED, ReceiptState.DELIVERED, True, Consequence.DELIVERED),
        (MessageState.DELIVERED, ReceiptState.DELIVERED, True, Consequence.NONE),
        (MessageState.SENT, ReceiptState.FAILED, True, Consequence.WAY_FAILED),
        (MessageState.SENT, ReceiptState.FAILED, False, Consequence.NONE),
        (MessageState.QUEUED, ReceiptState.FAILED, True, Consequence.NONE),
        (MessageState.DELIVERED, ReceiptState.FAILED, True, Consequence.NONE),
    ],
)
def test_a_delivery_is_the_last_word(state: str, receipt: str, is_latest: bool, consequence: Consequence) -> None:
    assert after_receipt(state=state, receipt=receipt, is_latest=is_latest) is consequence


# Names.


def mark(text: str) -> int:
    return len(text) * 1_000_003


def test_an_answer_is_found_by_the_name_of_its_thread() -> None:
    about = About("work_order", 17)
    thread = thread_of(about=about, host="power.example", mark=mark)

    assert about_of_threads(references=f"<x@y> {thread}", mark=mark) == about


def test_a_guessed_name_leads_nowhere() -> None:
    thread = thread_of(about=About("work_order", 17), host="power.example", mark=mark)

    assert about_of_threads(references=thread.replace(".17.", ".180."), mark=mark) is None
    assert about_of_threads(references="no name at all", mark=mark) is None


def test_a_reference_is_the_same_at_every_try_and_another_on_another_way_or_when_resent() -> None:
    assert reference_of(message_id=5, round=1, contact_id=8) == "message.5.1.8"
    assert reference_of(message_id=5, round=2, contact_id=8) == "message.5.2.8"
    assert reference_of(message_id=5, round=1, contact_id=None) == "message.5.1.0"
