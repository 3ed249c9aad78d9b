from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shouwen.platform.policies.choices import Area, CustomerClass, Force, Sense, Statistic, Unit
from shouwen.platform.policies.rules import Place, PolicyEntry, Value
from shouwen.records.norms.rules.definition import Words
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.wording import UNITS, Asked, Figure, amount_words, limit_figures, statements
from shouwen.records.norms.tests.factories import handbook_norms, handbook_register, policy

DAY = date(2026, 5, 6)
PLACE = Place("CN", "SGCC")


def asked(*entries: PolicyEntry, classes: tuple[str, ...] = (), place: Place = PLACE) -> Asked:
    return Asked(Register.of(entries), place, DAY, classes)


def said(figures: tuple[Figure, ...]) -> list[tuple[str, str]]:
    return [(figure.classes.en if figure.classes else "", figure.words.en) for figure in figures]


@pytest.mark.parametrize(
    ("amount", "unit", "zh", "en"),
    [
        ("45", Unit.MINUTE, "45 分钟", "45 minutes"),
        ("1", Unit.HOUR, "1 小时", "1 hour"),
        ("1", Unit.WORKING_DAY, "1 个工作日", "1 working day"),
        ("1", Unit.HALF_WORKING_DAY, "半个工作日", "half a working day"),
        ("3", Unit.HALF_WORKING_DAY, "3 个工作半日", "3 half working days"),
        ("4", Unit.WORKING_HOUR, "4 小时（工作时间）", "4 working hours"),
        ("1.50", Unit.DAY, "1.5 天", "1.5 days"),
        ("100", Unit.SECOND, "100 秒", "100 seconds"),
    ],
)
def test_a_length_of_time_is_said_in_plain_words(amount: str, unit: Unit, zh: str, en: str) -> None:
    assert amount_words(amount=Decimal(amount), unit=unit) == Words(zh=zh, en=en)


def test_every_unit_of_time_has_words() -> None:
    assert {unit for unit in Unit if policy("lamp.mend", 1, unit).is_duration} == set(UNITS)


def test_one_limit_for_all_names_no_class() -> None:
    figures = limit_figures(key="lamp.mend", asked=asked(policy("lamp.mend", 60)))

    assert figures == (Figure(None, Words(zh="60 分钟", en="60 minutes"), ("T-lamp.mend",)),)


def test_areas_with_the_same_figure_are_named_together() -> None:
    values = tuple(Value(Decimal(amount), area=area) for area, amount in ((Area.URBAN, 1), (Area.RURAL, 2), (Area.REMOTE, 2)))

    figures = limit_figures(key="lamp.mend", asked=asked(policy("lamp.mend", 0, Unit.WORKING_DAY, values=values)))

    assert said(figures) == [("town", "1 working day"), ("country, remote area", "2 working days")]


def test_the_shortest_cap_is_said_and_names_its_rule_while_means_stay_out() -> None:
    figures = limit_figures(
        key="lamp.mend",
        asked=asked(
            policy("lamp.mend", 90, rule="R-1", force=Force.STATUTE),
            policy("lamp.mend", 1, Unit.HOUR, rule="I-1"),
            policy("lamp.mend", 5, rule="R-2", statistic=Statistic.MEAN),
        ),
    )

    assert [(figure.words.en, figure.rules) for figure in figures] == [("1 hour", ("I-1",))]


def test_working_time_stands_beside_the_wall_clock_since_they_cannot_be_compared() -> None:
    entries = (policy("lamp.mend", 3, Unit.HOUR, rule="A-1"), policy("lamp.mend", 1, Unit.WORKING_DAY, rule="A-2"))

    assert said(limit_figures(key="lamp.mend", asked=asked(*entries))) == [("", "3 hours and 1 working day")]


def test_only_the_classes_that_a_norm_is_for_are_named() -> None:
    values = tuple(Value(Decimal(number), customer_class=kind) for number, kind in enumerate(CustomerClass, start=1))
    limit = policy("lamp.mend", 0, Unit.DAY, values=values)

    homes = limit_figures(key="lamp.mend", asked=asked(limit, classes=("residential",)))
    factories = limit_figures(key="lamp.mend", asked=asked(limit, classes=("high_voltage_single", "high_voltage_dual")))

    assert said(homes) == [("", "1 day")]
    assert said(factories) == [("high voltage, one source", "3 days"), ("high voltage, two sources", "4 days")]


def test_rules_of_another_place_or_company_are_not_said() -> None:
    entries = (
        policy("lamp.mend", 60, rule="A-1"),
        policy("lamp.mend", 10, rule="A-2", jurisdiction="CN-31"),
        policy("lamp.mend", 20, rule="A-3", company="CSG"),
        policy("lamp.mend", 5, rule="A-4", valid_until=date(2026, 5, 6)),
    )

    at_home = limit_figures(key="lamp.mend", asked=asked(*entries))
    in_shanghai = limit_figures(key="lamp.mend", asked=asked(*entries, place=Place("CN-31", "SGCC")))

    assert (said(at_home), said(in_shanghai)) == ([("", "60 minutes")], [("", "10 minutes")])


def test_commitments_say_their_kind_of_figure_their_force_and_rule() -> None:
    entries = (
        policy("lamp.promise", 45, rule="R-1", statistic=Statistic.MEAN, force=Force.COMMITMENT),
        policy("lamp.promise", 2, Unit.HOUR, rule="R-2", statistic=Statistic.PERCENTILE, percentile=95, force=Force.STANDARD),
        policy("lamp.promise", 7, Unit.DAY, rule="R-3", sense=Sense.AT_LEAST, force=Force.STATUTE),
        policy("lamp.promise", 1, rule="I-1"),
    )

    found = statements(key="lamp.promise", asked=asked(*entries))

    assert [(one.force.en, one.rule, one.figures[0].words) for one in found] == [
        ("public commitment", "R-1", Words("平均 45 分钟", "45 minutes on average")),
        ("standard", "R-2", Words("95% 在 2 小时内", "95% within 2 hours")),
        ("statute", "R-3", Words("至少 7 天", "at least 7 days")),
    ]


def test_the_company_s_own_rule_is_said_where_nothing_public_is() -> None:
    (one,) = statements(key="lamp.promise", asked=asked(policy("lamp.promise", 5)))

    assert (one.force.en, said(one.figures)) == ("internal rule", [("", "5 minutes")])


def test_every_limit_and_commitment_of_the_handbook_can_be_said() -> None:
    silent = []
    for norm in handbook_norms():
        question = Asked(handbook_register(), PLACE, DAY, norm.customer_classes)
        silent += [f"{norm.id} {step.key}" for step in norm.steps if not limit_figures(key=step.limit.policy, asked=question)]
        silent += [f"{norm.id} {one.policy}" for one in norm.commitments if not statements(key=one.policy, asked=question)]

    of_shanghai = ["3.1 bill.dispute", "3.1 suspension.dispute_answer", "4.3 suspension.notice"]
    of_the_other_company = [f"5.{number} hall.handling" for number in (1, 2, 3, 4)]
    assert silent == of_shanghai + of_the_other_company
