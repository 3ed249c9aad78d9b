from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shouwen.platform.policies.choices import Area, CustomerClass, Force, Sense, Statistic, Unit, Zone
from shouwen.platform.policies.rules import Place, PolicyEntry, Value
from shouwen.records.norms.rules.definition import Norm, parse_norm
from shouwen.records.norms.rules.duration import (
    ClockConflict,
    Excess,
    Gap,
    Register,
    findings,
    first_gap,
    longest_way,
    steps_until,
)
from shouwen.records.norms.tests.factories import POLICIES, Change, Document, lamp, outcome, policy, step

FIRST, DAY, JUNE = date(2026, 1, 1), date(2026, 5, 6), date(2026, 6, 1)
TOWN = Place("CN", "SGCC", "urban", None, "residential")
LIMITS = {"accept": Decimal(10), "mend": Decimal(60), "confirm": Decimal(5)}


def norm_with(change: Change = lambda document: None) -> Norm:
    return parse_norm(lamp(change))


def detour(document: Document) -> None:
    """Between taking and mending one may also call a specialist: two ways to the same step."""
    document["steps"][0]["outcomes"].append(outcome("hard", "specialist"))
    after = [outcome("found", "mend")]
    document["steps"].append(step("specialist", "dispatcher", "dispatch_centre", "planned", after))


def found(norm: Norm, *entries: PolicyEntry) -> tuple[Excess | ClockConflict, ...]:
    keys = {entry.key for entry in entries}
    return findings(norm=norm, register=Register.of([*entries, *(entry for entry in POLICIES if entry.key not in keys)]))


def test_the_longest_way_adds_what_lies_on_it() -> None:
    total, way = longest_way(norm=norm_with(), limits=LIMITS, until=None)

    assert (total, way) == (Decimal(75), ("accept", "mend", "confirm"))


def test_of_two_ways_the_longer_counts_and_ways_back_never() -> None:
    norm = norm_with(detour)

    total, way = longest_way(norm=norm, limits=LIMITS | {"specialist": Decimal(30)}, until="mend")

    assert (total, way) == (Decimal(100), ("accept", "specialist", "mend"))
    assert steps_until(norm=norm, until="mend") == {"accept", "specialist", "mend"}
    assert steps_until(norm=norm, until="specialist") == {"accept", "specialist"}
    assert steps_until(norm=norm, until=None) == {"accept", "mend", "confirm", "specialist"}


@pytest.mark.parametrize(("opened_limit", "total"), [(60, 60), (45, 45), (5, 10)])
def test_a_limit_since_the_opening_is_reached_at_its_own_time_unless_more_has_passed(opened_limit: int, total: int) -> None:
    def since_opened(document: Document) -> None:
        document["steps"][1]["limit"]["since"] = "opened"

    limits = LIMITS | {"mend": Decimal(opened_limit)}

    assert longest_way(norm=norm_with(since_opened), limits=limits, until="mend")[0] == Decimal(total)


def test_the_worst_excess_says_where_against_what_and_by_how_much() -> None:
    areas = (Value(Decimal(30)), Value(Decimal(90), area=Area.RURAL))

    (excess,) = found(norm_with(), policy("lamp.mend", 0, values=areas), policy("lamp.promise", 95, rule="R-1"))

    assert isinstance(excess, Excess)
    assert (excess.place.area, excess.total_s, excess.promised_s, excess.way) == ("rural", 6000, 5700, ("accept", "mend"))
    assert excess.entry.rule == "R-1"


def test_just_as_long_as_promised_is_kept() -> None:
    assert found(norm_with(), policy("lamp.promise", 70)) == ()


def test_a_mean_counts_like_a_cap_since_a_norm_above_it_cannot_keep_it() -> None:
    mean = policy("lamp.promise", 69, statistic=Statistic.MEAN, force=Force.COMMITMENT)

    assert [finding.promised_s for finding in found(norm_with(), mean) if isinstance(finding, Excess)] == [4140]


def test_a_notice_period_is_no_promise_of_speed() -> None:
    assert found(norm_with(), policy("lamp.promise", 5, sense=Sense.AT_LEAST)) == ()


def test_the_company_s_own_promise_counts_only_where_nothing_public_holds() -> None:
    own = policy("lamp.promise", 20, rule="I-1")
    in_shanghai = policy("lamp.promise", 100, rule="R-1", force=Force.STATUTE, jurisdiction="CN-31")

    (excess,) = found(norm_with(), own, in_shanghai)

    assert isinstance(excess, Excess)
    assert (excess.entry.rule, excess.place.jurisdiction) == ("I-1", "CN")


def test_a_promise_that_becomes_stricter_later_is_found_today() -> None:
    stricter = policy("lamp.promise", 60, rule="R-2", valid_from=date(2027, 1, 1), force=Force.COMMITMENT)

    (excess,) = found(norm_with(), stricter, policy("lamp.promise", 120, force=Force.COMMITMENT))

    assert isinstance(excess, Excess)
    assert excess.entry.rule == "R-2"


def test_a_limit_that_runs_out_and_leaves_a_longer_one_is_found_today() -> None:
    until_june = policy("lamp.mend", 60, rule="A-1", valid_until=JUNE)
    afterwards = policy("lamp.mend", 300, rule="A-2")

    (excess,) = found(norm_with(), until_june, afterwards)

    assert isinstance(excess, Excess)
    assert (excess.total_s, excess.promised_s) == (310 * 60, 120 * 60)


def test_working_time_within_a_promise_of_working_days_is_compared_by_days_of_eight_hours() -> None:
    half_days = policy("lamp.mend", 2, Unit.HALF_WORKING_DAY)

    kept = found(norm_with(), half_days, policy("lamp.accept", 0), policy("lamp.promise", 1, Unit.WORKING_DAY))
    broken = found(norm_with(), half_days, policy("lamp.accept", 1), policy("lamp.promise", 1, Unit.WORKING_DAY))

    assert kept == ()
    assert [(one.total_s, one.promised_s) for one in broken if isinstance(one, Excess)] == [(28860, 28800)]


def test_working_time_cannot_be_held_within_a_promise_on_the_wall_clock() -> None:
    (conflict,) = found(norm_with(), policy("lamp.mend", 1, Unit.WORKING_MINUTE))

    assert isinstance(conflict, ClockConflict)
    assert (conflict.step.key, conflict.entry.key) == ("mend", "lamp.promise")


def test_a_norm_for_some_classes_is_not_held_to_the_limits_of_others() -> None:
    homes = norm_with(lambda document: document.update(customer_classes=["residential"]))
    classes = (Value(Decimal(10)), Value(Decimal(500), customer_class=CustomerClass.HIGH_VOLTAGE_DUAL))
    slow_for_factories = policy("lamp.mend", 0, values=classes)

    assert found(homes, slow_for_factories) == ()
    assert len(found(norm_with(), slow_for_factories)) == 1


def test_the_register_forgets_what_was_corrected_and_remembers_what_it_was_asked() -> None:
    corrected = policy("lamp.mend", 1, known_until=POLICIES[0].known_from.replace(year=2021))
    register = Register.of([*POLICIES, corrected])

    first = register.limit_s("lamp.mend", TOWN, DAY, units={Unit.MINUTE: 60})

    assert (first, register.limit_s("lamp.mend", TOWN, DAY, units={Unit.MINUTE: 60})) == (3600, 3600)
    assert register.limit_s("lamp.mend", TOWN, DAY, units={Unit.HOUR: 3600}) is None
    assert register.entries("lamp.nothing") == ()


# Cases without a cap.


def gap_of(norm: Norm, *entries: PolicyEntry) -> Gap | None:
    return first_gap(norm=norm, step=norm.step("mend"), register=Register.of(entries))


def of_class(customer_class: CustomerClass) -> PolicyEntry:
    return policy("lamp.mend", 0, rule=f"A-{customer_class}", values=(Value(Decimal(5), customer_class=customer_class),))


def test_a_cap_for_the_whole_country_leaves_no_gap() -> None:
    assert gap_of(norm_with(), policy("lamp.mend", 60)) is None


@pytest.mark.parametrize("narrower", [{"jurisdiction": "CN-31"}, {"company": "SGCC"}, {"statistic": Statistic.MEAN}])
def test_a_cap_that_holds_in_one_province_or_for_one_company_leaves_the_country_without(narrower: dict[str, Any]) -> None:
    assert gap_of(norm_with(), policy("lamp.mend", 60, **narrower)) == Gap(Place(), FIRST)


def test_a_cap_that_runs_out_leaves_a_gap_unless_another_follows_on_that_day() -> None:
    until_june = policy("lamp.mend", 60, rule="A-1", valid_until=JUNE)
    later = policy("lamp.mend", 90, rule="A-2", valid_from=JUNE.replace(day=2))

    assert gap_of(norm_with(), until_june) == gap_of(norm_with(), until_june, later) == Gap(Place(), JUNE)
    assert gap_of(norm_with(), until_june, policy("lamp.mend", 90, rule="A-2", valid_from=JUNE)) is None


def test_what_ran_out_before_the_norm_s_first_day_is_of_no_concern() -> None:
    assert gap_of(norm_with(), policy("lamp.mend", 60), policy("lamp.mend", 50, rule="A-1", valid_until=FIRST)) is None


def test_where_a_policy_tells_areas_apart_each_of_them_needs_a_cap() -> None:
    town = Value(Decimal(5), area=Area.URBAN)
    country, remote = (Value(Decimal(9), area=area) for area in (Area.RURAL, Area.REMOTE))

    def gap(*values: Value) -> Gap | None:
        return gap_of(norm_with(), policy("lamp.mend", 0, values=values))

    assert gap(town) == Gap(Place(area=Area.RURAL), FIRST)
    assert gap(town, country, remote) is gap(town, Value(Decimal(9))) is None


def test_where_a_policy_tells_customers_apart_each_class_of_the_norm_needs_a_cap() -> None:
    homes = norm_with(lambda document: document.update(customer_classes=["residential"]))

    assert gap_of(homes, of_class(CustomerClass.RESIDENTIAL)) is None
    assert gap_of(homes, of_class(CustomerClass.LOW_VOLTAGE)) == Gap(Place(customer_class=CustomerClass.RESIDENTIAL), FIRST)
    assert gap_of(norm_with(), of_class(CustomerClass.RESIDENTIAL)) == Gap(Place(customer_class=CustomerClass.LOW_VOLTAGE), FIRST)


def test_a_cap_in_one_zone_alone_leaves_the_rest_without() -> None:
    inside = policy("lamp.mend", 0, values=(Value(Decimal(5), zone=Zone.INSIDE_OUTER_RING),))

    assert gap_of(norm_with(), inside) == Gap(Place(), FIRST)
