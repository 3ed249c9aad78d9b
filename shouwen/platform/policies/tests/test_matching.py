"""Which entries hold at a place, on a day, by what was known then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwen.platform.policies.choices import Area, CustomerClass, Force, Reason, Unit
from shouwen.platform.policies.rules import Match, Place, PolicyEntry, Value, chosen_setting, contradictions, matching
from shouwen.platform.policies.tests.factories import NOON, entry_of, noon_of

DONGMEN = Place("CN-41", "SGCC", "urban", None, "residential")


def match_of(entry: PolicyEntry, *, place: Place = DONGMEN, at: datetime = NOON, known_at: datetime = NOON) -> Match:
    (match,) = matching(entries=[entry], key=entry.key, place=place, at=at, known_at=known_at)
    return match


def test_an_entry_that_holds_has_its_value_and_no_reason() -> None:
    entry = entry_of(45)

    assert match_of(entry) == Match(entry, Decimal(45))


def test_entries_of_another_key_are_left_out() -> None:
    arrival, restoration = entry_of(), entry_of(key="repair.restoration")

    found = matching(entries=[arrival, restoration], key="repair.arrival", place=DONGMEN, at=NOON, known_at=NOON)

    assert [match.entry for match in found] == [arrival]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2021, 12, 31, 15, 59, 59, tzinfo=UTC), Reason.NOT_YET_VALID),
        (datetime(2021, 12, 31, 16, 0, 0, tzinfo=UTC), None),  # midnight in Shanghai
        (datetime(2022, 12, 31, 15, 59, 59, tzinfo=UTC), None),
        (datetime(2022, 12, 31, 16, 0, 0, tzinfo=UTC), Reason.EXPIRED),
    ],
)
def test_valid_time_is_half_open_in_days_of_shanghai(at: datetime, reason: Reason | None) -> None:
    entry = entry_of(valid_from=date(2022, 1, 1), valid_until=date(2023, 1, 1))

    assert match_of(entry, at=at).reason is reason


@pytest.mark.parametrize(("after_s", "reason"), [(-1, Reason.NOT_KNOWN_YET), (0, None), (3599, None), (3600, Reason.SUPERSEDED)])
def test_known_time_is_half_open_in_instants(after_s: int, reason: Reason | None) -> None:
    entry = entry_of(known_from=NOON, known_until=NOON + timedelta(hours=1))

    assert match_of(entry, known_at=NOON + timedelta(seconds=after_s)).reason is reason


@pytest.mark.parametrize(
    ("rule", "place", "reason"),
    [
        ("CN", "CN-31", None),
        ("CN-31", "CN-31", None),
        ("CN-41", "CN-41-zhoukou", None),
        ("CN-41-zhoukou", "CN-41", Reason.OTHER_JURISDICTION),
        ("CN-31", "CN", Reason.OTHER_JURISDICTION),
        ("CN-3", "CN-31", Reason.OTHER_JURISDICTION),
        ("CN-xx-unnamed", "CN-31", Reason.OTHER_JURISDICTION),
    ],
)
def test_a_jurisdiction_contains_its_parts_only(rule: str, place: str, reason: Reason | None) -> None:
    assert match_of(entry_of(jurisdiction=rule), place=Place(place)).reason is reason


@pytest.mark.parametrize(("company", "reason"), [(None, None), ("SGCC", None), ("CSG", Reason.OTHER_COMPANY)])
def test_no_company_means_any(company: str | None, reason: Reason | None) -> None:
    assert match_of(entry_of(company=company)).reason is reason


def test_the_most_specific_value_wins() -> None:
    values = (
        Value(Decimal(1)),
        Value(Decimal(2), area=Area.URBAN),
        Value(Decimal(3), area=Area.URBAN, customer_class=CustomerClass.RESIDENTIAL),
    )
    entry = entry_of(values=values)

    amounts = [
        match_of(entry, place=Place("CN", None, area, None, kind)).amount
        for area, kind in (("rural", None), ("urban", "low_voltage"), ("urban", "residential"), (None, "residential"))
    ]

    assert amounts == [Decimal(1), Decimal(2), Decimal(3), Decimal(1)]


def test_a_class_without_a_value_is_no_match() -> None:
    entry = entry_of(values=(Value(Decimal(3), area=Area.URBAN),))

    assert match_of(entry, place=Place(area="remote")) == Match(entry, None, Reason.NO_VALUE_FOR_CLASS)
    assert match_of(entry, place=Place()) == Match(entry, None, Reason.NO_VALUE_FOR_CLASS)


def test_a_duty_holds_without_a_value() -> None:
    entry = entry_of(unit=Unit.DUTY, values=())

    assert match_of(entry) == Match(entry, None, None)


def test_the_company_s_own_setting_goes_before_a_stronger_rule_s_and_the_local_one_before_the_national() -> None:
    commitment = entry_of(4, rule="A", unit=Unit.RINGS)
    internal = entry_of(3, rule="B", unit=Unit.RINGS, force=Force.INTERNAL)
    local = entry_of(5, rule="C", unit=Unit.RINGS, force=Force.INTERNAL, jurisdiction="CN-41")
    other_unit = entry_of(60, rule="D", unit=Unit.SECOND, force=Force.INTERNAL, jurisdiction="CN-41")

    def rule_for(*entries: PolicyEntry) -> str | None:
        chosen = chosen_setting(matches=[match_of(entry) for entry in entries], unit=Unit.RINGS)
        return chosen and chosen.entry.rule

    assert rule_for(commitment, internal, other_unit) == "B"
    assert rule_for(commitment, internal, local) == "C"
    assert rule_for(other_unit) is None


def test_the_digest_names_what_is_said_and_not_when_it_was_known() -> None:
    entry = entry_of(45)

    assert entry.digest == entry_of(45, known_until=NOON).digest == entry_of("45.0").digest
    others = [entry_of(46), entry_of(rule="T-2"), entry_of(note_en="x"), entry_of(company="SGCC")]
    others.append(entry_of(valid_until=date(2030, 1, 1)))
    assert len({entry.digest, *(other.digest for other in others)}) == 6


def test_a_contradiction_needs_an_overlap_in_both_times() -> None:
    old = entry_of(valid_until=date(2022, 1, 1), known_from=noon_of(2023, 1, 1))
    new = entry_of(valid_from=date(2022, 1, 1), known_from=noon_of(2023, 1, 1))
    believed = entry_of(known_from=noon_of(2020, 1, 1), known_until=noon_of(2023, 1, 1))
    other_rule = entry_of(rule="T-2")
    wrong = entry_of(46, valid_from=date(2021, 12, 31), known_from=noon_of(2022, 12, 31))

    assert contradictions(entries=[old, new, believed, other_rule]) == ()
    assert contradictions(entries=[old, new, believed, wrong]) == ((old, wrong), (new, wrong), (believed, wrong))


@settings(deadline=None)
@given(st.datetimes(datetime(2019, 1, 1), datetime(2026, 1, 1)), st.datetimes(datetime(2019, 1, 1), datetime(2026, 1, 1)))
def test_statements_that_do_not_contradict_never_hold_together(at: datetime, known_at: datetime) -> None:
    entries = [
        entry_of(valid_until=date(2022, 1, 1), known_from=noon_of(2023, 1, 1)),
        entry_of(valid_from=date(2022, 1, 1), known_from=noon_of(2023, 1, 1)),
        entry_of(known_from=noon_of(2020, 1, 1), known_until=noon_of(2023, 1, 1)),
    ]
    at, known_at = at.replace(tzinfo=UTC), known_at.replace(tzinfo=UTC)

    found = matching(entries=entries, key="repair.arrival", place=DONGMEN, at=at, known_at=known_at)

    assert len(found) == 3
    assert sum(match.reason is None for match in found) <= 1
