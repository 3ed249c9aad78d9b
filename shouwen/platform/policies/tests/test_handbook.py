"""The shipped policies: all load, nothing is missing, nothing contradicts, and each trap of the rules is caught."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from shouwen.platform.policies.choices import Force, Mark, Reading, Statistic
from shouwen.platform.policies.rules import Binding, Place, PolicyEntry, bind, contradictions, matching, strictest
from shouwen.platform.policies.tests.factories import HANDBOOK, NOON, handbook_entries, noon_of

# Other files and flats refer to these keys.
KEYS = {
    "repair": "arrival restoration",
    "outage": "planned_notice temporary_notice restore_after_cause",
    "connection": "total scheme_reply design_review mid_inspection completion_inspection energise",
    "meter": "test_result reading_abnormality",
    "complaint": "contact reply investigate dispatch",
    "bill": "dispute",
    "query": "objection",
    "consultation": "reply",
    "arrears": "notice notice_again cut_off_after reconnection late_fee",
    "hall": "wait handling",
    "order": "dispatch crew_accept arrival_entry return call_back call_back_other",
    "urge": "interval before_escalation",
    "answer": "rings",
    "important_user": "dispatch crew switching",
    "service_application": "meter_abnormality other",
    "municipal": "reply",
    "reliability": "supply",
    "voltage": "qualification",
    "suspension": "shortest total_a_year",
    "outage_damage": "factor",
    "contact": "first plan",
    "fault": "answer on_site",
    "equipment_damage": "on_site",
    "escalation": "warn_at_pct",
    "reopen": "window_days",
    "message": "quiet_hours_from quiet_hours_until",
}
RULES = [
    *(f"R-{number}" for number in [*range(101, 113), *range(121, 128), *range(201, 219), *range(301, 309), *range(401, 417)]),
]
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1), "working_day": timedelta(days=1)}


def entries_of(key: str, *forces: Force) -> list[PolicyEntry]:
    return [entry for entry in handbook_entries() if entry.key == key and (not forces or entry.force in forces)]


def binding_of(
    key: str, place: Place, at: datetime, *, forces: tuple[Force, ...] = tuple(Force), known_at: datetime = NOON
) -> Binding:
    matches = matching(entries=entries_of(key, *forces), key=key, place=place, at=at, known_at=known_at)
    return bind(matches=matches, due_of=lambda amount, unit: at + int(amount) * UNITS[unit])


def bound(binding: Binding) -> tuple[str, int, str] | None:
    match = binding.bound
    return match and (match.entry.rule, int(match.amount or 0), match.entry.unit)


def test_every_file_loads_and_the_six_of_the_register_of_rules_are_there() -> None:
    names = {path.name for path in HANDBOOK.glob("*.yaml")}

    assert names >= {"public-sgcc.yaml", "public-csg.yaml", "national.yaml", "local.yaml", "service-95598.yaml", "product.yaml"}
    assert len(handbook_entries()) >= 205


def test_no_two_entries_contradict() -> None:
    assert contradictions(entries=handbook_entries()) == ()


def test_every_key_that_others_refer_to_exists() -> None:
    keys = {f"{subject}.{what}" for subject, whats in KEYS.items() for what in whats.split()}

    assert keys - {entry.key for entry in handbook_entries()} == set()


def test_every_rule_of_the_register_is_there() -> None:
    assert set(RULES) - {entry.rule for entry in handbook_entries()} == set()


def test_what_no_source_confirms_is_marked_unverified() -> None:
    unverified = {entry.rule for entry in handbook_entries() if entry.rule.startswith("R-") and entry.mark is Mark.UNVERIFIED}

    assert unverified >= {"R-410", "R-411", "R-412", "R-405", "R-112"}
    assert {entry.mark for entry in handbook_entries() if entry.rule.startswith(("P-", "I-"))} <= set(Mark)


def test_a_key_is_measured_in_one_kind_of_thing_only() -> None:
    """Two units of time may share a key, a time and a share may not; the capacity charge changed its very method in 2024."""
    kinds: dict[str, set[object]] = {}
    for entry in handbook_entries():
        kinds.setdefault(entry.key, set()).add("time" if entry.is_duration else entry.unit)

    assert {key for key, found in kinds.items() if len(found) > 1} == {"billing.capacity_month_days"}


CITY = Place("CN-32", "SGCC", "urban", None, "residential")
PUBLIC = (Force.STATUTE, Force.STANDARD, Force.COMMITMENT)


def test_fifty_minutes_to_a_town_are_a_breach_in_2021_and_lawful_in_2023() -> None:
    in_2021 = binding_of("repair.arrival", CITY, noon_of(2021, 6, 1), forces=PUBLIC)
    in_2023 = binding_of("repair.arrival", CITY, noon_of(2023, 6, 1), forces=PUBLIC)

    assert (bound(in_2021), bound(in_2023)) == (("R-105", 45, "minute"), ("R-202", 60, "minute"))
    assert [match.reason for match in in_2023.others if match.entry.statistic is Statistic.MEAN and match.amount] == [
        "mean_not_cap"
    ]


def test_the_product_s_own_cap_warns_where_the_commitment_is_only_a_mean() -> None:
    binding = binding_of("repair.arrival", CITY, noon_of(2023, 6, 1))

    assert bound(binding) == ("P-B7-arrival", 45, "minute")
    assert [bound(binding_of("repair.arrival", Place("CN", None, area), NOON)) for area in ("urban", "rural", "remote")] == [
        ("P-B7-arrival", 45, "minute"),
        ("P-B7-arrival", 90, "minute"),
        ("P-B7-arrival", 120, "minute"),
    ]


def test_the_three_readings_of_one_arrival_differ() -> None:
    place = Place("CN-31", "SGCC", "urban", "outside_outer_ring")
    matches = matching(entries=entries_of("repair.arrival"), key="repair.arrival", place=place, at=NOON, known_at=NOON)

    found = {
        reading: strictest(matches=matches, reading=reading, due_of=lambda amount, unit: NOON + int(amount) * UNITS[unit]).entry
        for reading in Reading
    }

    assert {reading: entry and entry.rule for reading, entry in found.items()} == {
        Reading.LIABILITY: "R-202",
        Reading.INDICATOR: "R-105",
        Reading.WARNING: "P-B7-arrival",
    }


@pytest.mark.parametrize(("zone", "minutes"), [("inside_outer_ring", 60), ("outside_outer_ring", 90)])
def test_shanghai_distinguishes_inside_and_outside_the_outer_ring(zone: str, minutes: int) -> None:
    place = Place("CN-31", "SGCC", None, zone)

    assert bound(binding_of("repair.arrival", place, NOON, forces=(Force.STATUTE,))) == ("R-301", minutes, "minute")


def test_shanghai_s_limit_holds_nowhere_else_and_the_unnamed_province_s_nowhere() -> None:
    binding = binding_of("repair.arrival", Place("CN-32", "SGCC", "urban", "inside_outer_ring"), NOON, forces=(Force.STATUTE,))

    assert binding.bound is None
    assert {(match.entry.rule, match.reason) for match in binding.others} == {
        ("R-301", "other_jurisdiction"),
        ("R-306", "other_jurisdiction"),
    }


def test_what_we_knew_in_january_2023_was_the_old_text() -> None:
    accepted = noon_of(2022, 12, 31)

    then = binding_of("repair.arrival", CITY, accepted, forces=(Force.COMMITMENT,), known_at=noon_of(2023, 1, 1))
    now = binding_of("repair.arrival", CITY, accepted, forces=(Force.COMMITMENT,))

    assert (bound(then), bound(now)) == (("R-105", 45, "minute"), None)
    assert [match.reason for match in then.others if match.entry.company == "SGCC"] == ["not_known_yet", "not_known_yet"]
    assert [match.reason for match in now.others if match.entry.company == "SGCC"] == ["mean_not_cap", "superseded", "expired"]


def test_complaints_answered_in_seven_days_until_2021_in_five_since() -> None:
    found = [bound(binding_of("complaint.reply", CITY, at, forces=PUBLIC)) for at in (noon_of(2021, 12, 31), noon_of(2022, 1, 1))]

    assert found == [("R-110", 7, "working_day"), ("R-110", 5, "working_day")]


def test_supply_comes_back_in_three_days_under_the_rules_of_1996_and_in_24_hours_under_those_of_2024() -> None:
    found = [bound(binding_of("outage.restore_after_cause", CITY, at)) for at in (noon_of(2024, 5, 31), noon_of(2024, 6, 1))]

    assert found == [("R-209", 3, "day"), ("R-209", 24, "hour")]


@pytest.mark.parametrize(
    ("company", "customer_class", "found"),
    [
        ("SGCC", "residential", ("R-203", 3)),
        ("SGCC", "high_voltage_dual", ("R-205", 30)),
        ("CSG", "residential", ("R-123", 2)),
        ("CSG", "low_voltage", ("R-123", 5)),
        (None, "high_voltage_single", ("R-203", 20)),
    ],
)
def test_a_supply_scheme_is_due_by_company_and_class(company: str | None, customer_class: str, found: tuple[str, int]) -> None:
    binding = binding_of("connection.scheme_reply", Place("CN-44", company, "urban", None, customer_class), NOON)

    assert bound(binding) == (*found, "working_day")


def test_the_two_companies_reconnect_in_24_and_in_12_hours() -> None:
    places = [Place("CN-44", company) for company in ("SGCC", "CSG")]

    found = [bound(binding_of("arrears.reconnection", place, NOON, forces=PUBLIC)) for place in places]

    assert found == [("R-111", 24, "hour"), ("R-125", 12, "hour")]


@pytest.mark.parametrize(("customer_class", "per_mille"), [("residential", 1), ("low_voltage", 2), ("high_voltage_dual", 2)])
def test_the_late_fee_depends_on_the_customer(customer_class: str, per_mille: int) -> None:
    place = Place("CN", None, None, None, customer_class)

    (match,) = matching(entries=entries_of("arrears.late_fee"), key="arrears.late_fee", place=place, at=NOON, known_at=NOON)

    assert (match.amount, match.entry.unit) == (Decimal(per_mille), "per_mille")


def test_zhoukou_is_part_of_henan_and_its_own_rules_do_not_leave_it() -> None:
    zhoukou, henan = Place("CN-41-zhoukou", "SGCC"), Place("CN-41", "SGCC")

    assert bound(binding_of("important_user.crew", zhoukou, NOON)) == ("R-307", 30, "minute")
    assert bound(binding_of("important_user.crew", henan, NOON)) is None
    assert bound(binding_of("arrears.reconnection", zhoukou, NOON, forces=(Force.STATUTE,))) == ("R-304", 24, "hour")
