"""Which deadlines a norm sets on a course, which policy binds each, and the verdict."""

from decimal import Decimal
from typing import Any

import pytest

from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.rules.course import course_of
from shouwen.loop.workorders.rules.targets import (
    TargetCase,
    begun_by_entering,
    begun_with,
    bind_target,
    explain,
    judge,
    judge_ledger,
    place_of,
    target_cases,
    verdict_digest,
    warning_at,
)
from shouwen.loop.workorders.tests.factories import LIMITS, NOON, after, cap
from shouwen.loop.workorders.tests.ledgers import CALENDAR, NORM, finishing, opening, pausing, reopening, resolving, resuming
from shouwen.platform.policies.choices import Force, Reason, Statistic
from shouwen.platform.policies.choices import Unit as PolicyUnit
from shouwen.platform.policies.rules import Match, Place, PolicyEntry, matching

MINUTES_45 = Limit(Decimal(45), Unit.MINUTE)
WORKING_HOURS_4 = Limit(Decimal(4), Unit.WORKING_HOUR)


def case(**changes: Any) -> TargetCase:
    fields = {
        "round": 1,
        "kind": "arrived",
        "step": "arrive",
        "since": "opened",
        "policy_key": "lamp.arrive",
        "start_at": NOON,
    }
    return TargetCase(**(fields | changes))


def matches(*entries: PolicyEntry, key: str = "lamp.arrive", place: Place | None = None) -> tuple[Match, ...]:
    return matching(entries=entries, key=key, place=place or Place(), at=NOON, known_at=NOON)


# Which targets have begun.


def test_a_target_counts_from_the_opening_or_from_its_step() -> None:
    course = course_of([opening(), finishing("accept", "arrive", 5)])

    assert target_cases(course=course, norm=NORM) == (
        case(kind="accepted", step="accept", since="step", policy_key="lamp.accept", met_at=after(5)),
        case(),
    )


def test_what_was_not_reached_when_the_round_ended_is_void_from_then() -> None:
    course = course_of([opening(), finishing("accept", None, 3), resolving(3)])

    assert [(one.kind, one.met_at, one.void_at) for one in target_cases(course=course, norm=NORM)] == [
        ("accepted", after(3), None),
        ("arrived", None, after(3)),
    ]


def test_each_round_has_its_own_targets() -> None:
    course = course_of([opening(), finishing("accept", None, 3), resolving(3), reopening(60)])

    assert [(one.round, one.kind, one.start_at) for one in target_cases(course=course, norm=NORM)] == [
        (1, "accepted", after(0)),
        (1, "arrived", after(0)),
        (2, "accepted", after(60)),
        (2, "arrived", after(60)),
    ]


def test_what_the_services_begin_step_by_step_is_what_a_replay_finds() -> None:
    first = begun_with(norm=NORM, step="accept", round_number=1, at=NOON)
    later = begun_by_entering(norm=NORM, step="mend", round_number=1, at=after(40))

    assert first == target_cases(course=course_of([opening()]), norm=NORM)
    assert later == case(kind="restored", step="mend", since="step", policy_key="lamp.mend", start_at=after(40))
    assert begun_by_entering(norm=NORM, step="arrive", round_number=1, at=after(5)) is None


# Which policy binds.


def test_the_cap_with_the_earliest_deadline_binds_and_the_others_say_why_not() -> None:
    binding = cap("lamp.arrive", 45, rule="T-internal")
    later = cap("lamp.arrive", 2, PolicyUnit.HOUR, rule="T-statute", force=Force.STATUTE)
    mean = cap("lamp.arrive", 5, rule="T-mean", statistic=Statistic.MEAN)
    elsewhere = cap("lamp.arrive", 1, rule="T-csg", company="CSG")

    bound = bind_target(case=case(), matches=matches(later, mean, binding, elsewhere), calendar=CALENDAR)

    assert (bound.limit, bound.policy_digest, bound.binding.due_at) == (MINUTES_45, binding.digest, after(45))
    assert {match.entry.rule: match.reason for match in bound.binding.others} == {
        "T-statute": Reason.LATER_DUE,
        "T-mean": Reason.MEAN_NOT_CAP,
        "T-csg": Reason.OTHER_COMPANY,
    }


def test_the_same_limits_bind_differently_at_another_time_of_day() -> None:
    """One working hour ends before two hours by the wall clock in the morning, and after them at the end of the day."""
    entries = (cap("lamp.arrive", 1, PolicyUnit.WORKING_HOUR, rule="T-w"), cap("lamp.arrive", 2, PolicyUnit.HOUR, rule="T-h"))

    morning = bind_target(case=case(start_at=after(-180)), matches=matches(*entries), calendar=CALENDAR)
    evening = bind_target(case=case(start_at=after(320)), matches=matches(*entries), calendar=CALENDAR)

    assert (morning.binding.entry.rule, morning.binding.due_at) == ("T-w", after(-120))
    assert (evening.binding.entry.rule, evening.binding.due_at) == ("T-h", after(440))


def test_of_two_equal_deadlines_the_stronger_force_binds() -> None:
    own, statute = cap("lamp.arrive", 45, rule="T-a"), cap("lamp.arrive", 45, rule="T-b", force=Force.STATUTE)

    bound = bind_target(case=case(), matches=matches(own, statute), calendar=CALENDAR)

    assert bound.binding.entry == statute
    assert [match.reason for match in bound.binding.others] == [Reason.WEAKER_FORCE]


def test_without_a_policy_there_is_no_limit() -> None:
    bound = bind_target(case=case(), matches=(), calendar=CALENDAR)

    assert (bound.limit, bound.policy_digest) == (None, "")


# The verdict.


@pytest.mark.parametrize(
    ("met_min", "state"), [(0, TargetState.KEPT), (45, TargetState.KEPT), (45 + 1 / 60_000_000, TargetState.BROKEN)]
)
def test_reached_exactly_when_due_is_kept_and_a_microsecond_later_broken(met_min: float, state: TargetState) -> None:
    verdict = judge(case=case(met_at=after(met_min)), limit=MINUTES_45, calendar=CALENDAR, pauses=(), at=after(99))

    assert (verdict.state, verdict.due_at, verdict.final) == (state, after(45), True)


@pytest.mark.parametrize(("at_min", "state"), [(0, TargetState.RUNNING), (45, TargetState.RUNNING), (46, TargetState.BROKEN)])
def test_not_reached_it_runs_until_due_and_is_broken_afterwards_but_not_for_good(at_min: float, state: TargetState) -> None:
    verdict = judge(case=case(), limit=MINUTES_45, calendar=CALENDAR, pauses=(), at=after(at_min))

    assert (verdict.state, verdict.final) == (state, False)


@pytest.mark.parametrize(("void_min", "state"), [(45, TargetState.VOID), (46, TargetState.BROKEN)])
def test_no_longer_needed_is_void_unless_its_time_had_passed(void_min: float, state: TargetState) -> None:
    verdict = judge(case=case(void_at=after(void_min)), limit=MINUTES_45, calendar=CALENDAR, pauses=(), at=after(99))

    assert (verdict.state, verdict.final) == (state, True)


def test_during_a_pause_it_is_paused_and_has_no_deadline() -> None:
    pauses = [Period(after(10), None)]

    verdict = judge(case=case(), limit=MINUTES_45, calendar=CALENDAR, pauses=pauses, at=after(300))

    assert (verdict.state, verdict.due_at, verdict.final) == (TargetState.PAUSED, None, False)


def test_a_pause_after_the_verdict_does_not_touch_it() -> None:
    early = judge(case=case(met_at=after(46)), limit=MINUTES_45, calendar=CALENDAR, pauses=(), at=after(46))
    late = judge(
        case=case(met_at=after(46)), limit=MINUTES_45, calendar=CALENDAR, pauses=[Period(after(46), after(80))], at=after(99)
    )

    assert early == late
    assert early.state == TargetState.BROKEN


def test_a_pause_in_closed_hours_does_not_move_a_working_limit() -> None:
    lunch = [Period(after(0), after(120))]

    with_pause = judge(case=case(), limit=WORKING_HOURS_4, calendar=CALENDAR, pauses=lunch, at=after(121))
    without = judge(case=case(), limit=WORKING_HOURS_4, calendar=CALENDAR, pauses=(), at=after(121))

    assert with_pause.due_at == without.due_at


def test_the_explanation_ends_at_the_deadline_and_counts_the_limit() -> None:
    told = explain(case=case(), limit=WORKING_HOURS_4, calendar=CALENDAR, pauses=[Period(after(150), after(180))], at=after(999))

    assert (
        told.due_at
        == judge(
            case=case(), limit=WORKING_HOURS_4, calendar=CALENDAR, pauses=[Period(after(150), after(180))], at=after(999)
        ).due_at
    )
    assert [step.what for step in told.steps] == ["closed", "counted", "paused", "counted", "closed", "counted"]
    assert sum(step.counted_us for step in told.steps) == 4 * 3600 * 1_000_000


def test_the_warning_stands_at_its_share_of_the_limit() -> None:
    assert warning_at(case=case(), limit=MINUTES_45, calendar=CALENDAR, pauses=(), warn_at_pct=Decimal(80)) == after(36)
    assert warning_at(
        case=case(), limit=MINUTES_45, calendar=CALENDAR, pauses=[Period(after(10), after(20))], warn_at_pct=Decimal(80)
    ) == after(46)


# The digest.

BASE: dict[str, Any] = {"pauses": (), "norm_digest": "n", "policy_digest": "p", "calendar_digest": "c"}


def digest(target: TargetCase, limit: Limit = MINUTES_45, **changes: Any) -> str:
    inputs = BASE | changes
    verdict = judge(case=target, limit=limit, calendar=CALENDAR, pauses=inputs["pauses"], at=after(99))
    return verdict_digest(case=target, limit=limit, judgement=verdict, **inputs)


def test_the_digest_binds_all_that_a_verdict_rests_on() -> None:
    met = case(met_at=after(40))
    variants = [
        digest(met),
        digest(case(met_at=after(41))),
        digest(case(void_at=after(40))),
        digest(case(met_at=after(40), round=2)),
        digest(case(met_at=after(40), start_at=after(1))),
        digest(case(met_at=after(40), step="mend")),
        digest(case(met_at=after(40), since="step")),
        digest(case(met_at=after(40), kind="restored")),
        digest(met, limit=Limit(Decimal(46), Unit.MINUTE)),
        digest(met, pauses=[Period(after(1), after(2))]),
        digest(met, norm_digest="m"),
        digest(met, policy_digest="q"),
        digest(met, calendar_digest="d"),
    ]

    assert len(set(variants)) == len(variants)


def test_the_digest_does_not_depend_on_how_a_figure_or_an_instant_is_written() -> None:
    here = case(met_at=after(40).astimezone(CALENDAR.zone), start_at=NOON.astimezone(CALENDAR.zone))

    assert digest(case(met_at=after(40))) == digest(here) == digest(here, limit=Limit(Decimal("45.0000"), Unit.MINUTE))


def test_the_digest_knows_only_the_pauses_that_had_begun() -> None:
    met = case(met_at=after(40))

    assert digest(met) == digest(met, pauses=[Period(after(41), None)]) == digest(met, pauses=[Period(after(40), after(50))])


# The whole ledger.


def test_a_ledger_is_judged_whole() -> None:
    ledger = [
        opening(),
        finishing("accept", "arrive", 11),
        pausing(20),
        resuming(30),
        finishing("arrive", "mend", 55),
        finishing("mend", None, 60),
        resolving(60),
    ]
    course = course_of(ledger)

    verdicts = judge_ledger(
        course=course,
        norm=NORM,
        matching=lambda key: matches(*LIMITS, key=key, place=place_of(course)),
        calendar=CALENDAR,
        calendar_digest="c",
        at=after(60),
    )

    assert [(one.bound.case.kind, one.judgement.state, one.judgement.due_at) for one in verdicts] == [
        ("accepted", TargetState.BROKEN, after(10)),
        ("arrived", TargetState.KEPT, after(55)),
        ("restored", TargetState.KEPT, after(21 * 60)),
    ]
    assert all(len(one.digest) == 64 for one in verdicts)


def test_a_step_without_a_policy_has_no_verdict() -> None:
    [accepted, arrived] = judge_ledger(
        course=course_of([opening()]),
        norm=NORM,
        matching=lambda key: matches(cap("lamp.arrive", 45), key=key),
        calendar=CALENDAR,
        calendar_digest="c",
        at=after(1),
    )

    assert (accepted.judgement, accepted.deadline, accepted.digest) == (None, None, "")
    assert arrived.judgement.due_at == after(45)
