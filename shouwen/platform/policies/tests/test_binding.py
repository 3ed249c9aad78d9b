"""Which entry binds a single case, and how it is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwen.kernel.time import limits
from shouwen.platform.policies.choices import DURATION_UNITS, Force, Reading, Reason, Sense, Statistic, Unit
from shouwen.platform.policies.rules import (
    Binding,
    Place,
    PolicyEntry,
    bind,
    bind_not_before,
    explain,
    matching,
    strictest,
    wording,
)
from shouwen.platform.policies.tests.factories import NOON, entry_of

LENGTHS = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1)}


def later(amount: Decimal, unit: str) -> datetime:
    return NOON + int(amount) * LENGTHS[Unit(unit)]


def earlier(amount: Decimal, unit: str) -> datetime:
    return NOON - int(amount) * LENGTHS[Unit(unit)]


def matches_of(*entries: PolicyEntry) -> tuple:
    return matching(entries=entries, key="repair.arrival", place=Place("CN-41", "SGCC"), at=NOON, known_at=NOON)


def reasons(binding: Binding) -> dict[str, str]:
    return {match.entry.rule: str(match.reason) for match in binding.others}


def test_the_earliest_deadline_binds_whatever_its_unit_and_force() -> None:
    entries = [entry_of(1, unit=Unit.HOUR, rule="A", force=Force.STATUTE), entry_of(45, rule="B", force=Force.INTERNAL)]

    binding = bind(matches=matches_of(*entries), due_of=later)

    assert binding.entry is not None
    assert (binding.entry.rule, binding.due_at, reasons(binding)) == ("B", NOON + timedelta(minutes=45), {"A": "later_due"})


def test_equal_deadlines_go_to_the_stronger_force_then_to_the_lower_rule_id() -> None:
    entries = [
        entry_of(60, rule="D", force=Force.INTERNAL),
        entry_of(60, rule="C", force=Force.STANDARD),
        entry_of(1, unit=Unit.HOUR, rule="B", force=Force.STANDARD),
        entry_of(60, rule="A", force=Force.COMMITMENT),
    ]

    binding = bind(matches=matches_of(*entries), due_of=later)

    assert binding.entry is not None
    assert (binding.entry.rule, reasons(binding)) == ("B", {"A": "weaker_force", "C": "same_due", "D": "weaker_force"})


def test_only_a_cap_in_a_unit_of_time_can_bind() -> None:
    entries = [
        entry_of(1, rule="mean", statistic=Statistic.MEAN),
        entry_of(1, rule="percentile", statistic=Statistic.PERCENTILE, percentile=95),
        entry_of(1, rule="share", unit=Unit.PCT),
        entry_of(rule="duty", unit=Unit.DUTY, values=()),
        entry_of(1, rule="elsewhere", jurisdiction="CN-31"),
    ]

    binding = bind(matches=matches_of(*entries), due_of=later)

    assert (binding.bound, binding.due_at) == (None, None)
    assert reasons(binding) == {
        "mean": "mean_not_cap",
        "percentile": "percentile_not_cap",
        "share": "not_a_duration",
        "duty": "not_a_duration",
        "elsewhere": "other_jurisdiction",
    }


def test_of_notices_that_count_back_from_an_event_the_longest_binds() -> None:
    entries = [entry_of(3, unit=Unit.DAY, rule="A"), entry_of(7, unit=Unit.DAY, rule="B")]

    binding = bind(matches=matches_of(*entries), due_of=earlier)

    assert binding.due_at == NOON - timedelta(days=7)


def test_of_two_waits_the_longer_binds_what_may_not_be_done_before() -> None:
    entries = [entry_of(30, unit=Unit.DAY, rule="A"), entry_of(20, unit=Unit.DAY, rule="B")]

    binding = bind_not_before(matches=matches_of(*entries), due_of=later)

    assert (binding.due_at, reasons(binding)) == (NOON + timedelta(days=30), {"B": "earlier_due"})


def test_each_reading_has_its_own_strictest_rule() -> None:
    matches = matches_of(
        entry_of(90, rule="statute", force=Force.STATUTE),
        entry_of(60, rule="standard", force=Force.STANDARD),
        entry_of(45, rule="mean", statistic=Statistic.MEAN),
        entry_of(40, rule="internal", force=Force.INTERNAL),
        entry_of(1, rule="elsewhere", jurisdiction="CN-31"),
    )

    readings = {reading: strictest(matches=matches, reading=reading, due_of=later) for reading in Reading}

    assert {reading: binding.entry and binding.entry.rule for reading, binding in readings.items()} == {
        Reading.LIABILITY: "standard",
        Reading.INDICATOR: "mean",
        Reading.WARNING: "internal",
    }
    assert reasons(readings[Reading.LIABILITY]) == {
        "statute": "later_due",
        "mean": "other_force",
        "internal": "other_force",
        "elsewhere": "other_jurisdiction",
    }


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Force)), st.sampled_from(list(Statistic))), max_size=6))
def test_no_cap_is_due_before_the_one_that_binds_and_every_entry_is_accounted_for(drawn: list) -> None:
    entries = [
        entry_of(amount, rule=f"T-{number}", force=force, statistic=statistic)
        for number, (amount, force, statistic) in enumerate(drawn)
    ]

    binding = bind(matches=matches_of(*entries), due_of=later)
    again = bind(matches=matches_of(*reversed(entries)), due_of=later)

    caps = sorted((int(entry.values[0].amount), *entry.standing) for entry in entries if entry.statistic is Statistic.CAP)
    assert (binding.entry and binding.entry.rule) == (caps[0][-1] if caps else None)
    assert (again.entry, again.due_at) == (binding.entry, binding.due_at)
    assert len(binding.others) + (binding.bound is not None) == len(entries)
    assert all(match.reason for match in binding.others)


def test_the_explanation_says_what_binds_and_why_nothing_else_does() -> None:
    entries = [
        entry_of(45, rule="R-1", statistic=Statistic.MEAN),
        entry_of(60, rule="R-2", force=Force.STATUTE),
        entry_of(30, rule="R-3", jurisdiction="CN-31"),
    ]

    lines = explain(binding=bind(matches=matches_of(*entries), due_of=later))

    assert [(line.rule, line.code, line.details) for line in lines] == [
        ("R-2", "binds", (("figure", "at most 60 min"), ("due_at", "2026-05-06 13:00"))),
        ("R-1", "mean_not_cap", (("figure", "on average at most 45 min"),)),
        ("R-3", "other_jurisdiction", (("jurisdiction", "CN-31"),)),
    ]
    assert [line.en for line in lines] == [
        "Arrival on site (R-2, statute): This binds: at most 60 min, due 2026-05-06 13:00.",
        "Arrival on site (R-1, public commitment): on average at most 45 min: a mean, which binds no single case.",
        "Arrival on site (R-3, public commitment): Applies in CN-31 only.",
    ]
    assert [line.zh for line in lines] == [
        "到达现场时限（R-2，法规）：以此为准：不超过60分钟，截止2026-05-06 13:00。",
        "到达现场时限（R-1，公开承诺）：平均不超过45分钟，是平均值，不约束单件事项。",
        "到达现场时限（R-3，公开承诺）：只适用于CN-31。",
    ]


def test_every_unit_of_time_is_one_that_a_deadline_can_be_reckoned_in() -> None:
    assert {str(unit) for unit in DURATION_UNITS} == {str(unit) for unit in limits.Unit}


def test_every_reason_has_its_words() -> None:
    listed = [(wording.REASON_WORDS, Reason), (wording.FORCE_WORDS, Force), (wording.UNIT_WORDS, Unit)]
    listed += [(wording.SENSE_WORDS, Sense), (wording.STATISTIC_WORDS, Statistic)]

    assert [codes.__name__ for words, codes in listed if set(words) != set(codes)] == []
