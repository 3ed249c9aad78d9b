"""Reading the handbook's form: what is right is read exactly, what is wrong is named."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shouwen.platform.policies.choices import Area, CustomerClass, Sense, Zone
from shouwen.platform.policies.rules import PolicyInvalid, Value, parse_policies, parse_text


def row_of(**changes: Any) -> dict[str, Any]:
    return {
        "key": "repair.arrival",
        "rule": "R-105",
        "name": {"zh": "到达现场时限", "en": "Arrival on site"},
        "force": "commitment",
        "statistic": "mean",
        "jurisdiction": "CN",
        "company": "SGCC",
        "requirement": "B7",
        "valid": {"from": date(2022, 1, 1), "until": None},
        "known": {"from": date(2023, 8, 8), "until": None},
        "mark": "C2",
        "source": "W1, W2",
        "unit": "minute",
        "values": [{"area": "urban", "value": 45}, {"area": "rural", "value": 90}],
    } | changes


def test_an_entry_is_read_with_every_field() -> None:
    (entry,) = parse_policies([row_of(note={"zh": "注意", "en": "Mind"}, sense="at_least")], where="a.yaml")

    assert (entry.key, entry.rule, entry.name_zh, entry.name_en) == ("repair.arrival", "R-105", "到达现场时限", "Arrival on site")
    assert (entry.force, entry.statistic, entry.percentile, entry.sense) == ("commitment", "mean", None, "at_least")
    assert (entry.jurisdiction, entry.company, entry.requirement) == ("CN", "SGCC", "B7")
    assert (entry.valid_from, entry.valid_until) == (date(2022, 1, 1), None)
    assert (entry.mark, entry.source, entry.note_zh, entry.note_en, entry.unit) == ("C2", "W1, W2", "注意", "Mind", "minute")
    assert entry.values == (Value(Decimal(45), area=Area.URBAN), Value(Decimal(90), area=Area.RURAL))


def test_a_day_of_knowing_begins_at_midnight_in_shanghai() -> None:
    (entry,) = parse_policies([row_of()], where="a.yaml")

    assert entry.known_from == datetime(2023, 8, 7, 16, tzinfo=UTC)


def test_an_instant_of_knowing_keeps_its_offset_or_is_read_in_shanghai() -> None:
    (entry,) = parse_policies([row_of(known={"from": "2023-08-08T09:00:00Z", "until": "2023-08-08T18:00:00"})], where="a.yaml")

    assert (entry.known_from, entry.known_until) == (datetime(2023, 8, 8, 9, tzinfo=UTC), datetime(2023, 8, 8, 10, tzinfo=UTC))


def test_the_sense_is_at_most_unless_said_otherwise() -> None:
    assert parse_policies([row_of()], where="a.yaml")[0].sense is Sense.AT_MOST


def test_zone_and_customer_class_are_dimensions_beside_area() -> None:
    outside = {"zone": "outside_outer_ring", "customer_class": "residential", "value": 90}
    values = [{"zone": "inside_outer_ring", "value": 60}, outside]

    (entry,) = parse_policies([row_of(values=values)], where="a.yaml")

    assert entry.values == (
        Value(Decimal(60), zone=Zone.INSIDE_OUTER_RING),
        Value(Decimal(90), zone=Zone.OUTSIDE_OUTER_RING, customer_class=CustomerClass.RESIDENTIAL),
    )


def test_a_figure_with_a_point_is_read_exactly_as_written() -> None:
    text = """
- {key: reliability.supply, rule: R-101, name: {zh: 可靠率, en: Reliability}, force: commitment, statistic: mean,
   jurisdiction: CN, company: SGCC, requirement: C6, valid: {from: 2022-01-01, until: null},
   known: {from: 2023-08-08, until: null}, mark: C2, source: W1, unit: pct, values: [{value: 99.9}]}
"""
    (entry,) = parse_text(text=text, where="a.yaml")

    assert entry.values == (Value(Decimal("99.9")),)


def test_a_duty_has_no_values() -> None:
    row = row_of(unit="duty")
    del row["values"]

    assert parse_policies([row], where="a.yaml")[0].values == ()


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"key": "Repair"}, "key", "'Repair' must be subject.what in small letters"),
        ({"rule": "105"}, "rule", "'105' must be letters, a dash and a number or name"),
        ({"name": {"zh": "到达"}}, "name", "must have zh and en"),
        ({"name": {"zh": "到达", "en": ""}}, "name.en", "must be a text"),
        ({"force": "law"}, "force", "'law' must be one of statute, standard, commitment, internal"),
        ({"statistic": "median"}, "statistic", "'median' must be one of cap, mean, percentile"),
        ({"statistic": "percentile"}, "percentile", "must be a whole number between 1 and 99"),
        ({"percentile": 95}, "percentile", "only goes with statistic: percentile"),
        ({"sense": "about"}, "sense", "'about' must be one of at_most, at_least"),
        ({"jurisdiction": "Shanghai"}, "jurisdiction", "'Shanghai' must be CN, CN-31 or CN-41-zhoukou"),
        ({"company": "ACME"}, "company", "'ACME' must be one of SGCC, CSG"),
        ({"valid": {"from": "soon", "until": None}}, "valid.from", "'soon' must be a day such as 2022-01-01"),
        ({"valid": {"from": date(2022, 1, 1)}}, "valid", "must have from and until"),
        ({"valid": {"from": date(2022, 1, 1), "until": date(2022, 1, 1)}}, "valid.until", "must be after from"),
        ({"known": {"from": "soon", "until": None}}, "known.from", "'soon' must be a day or an instant"),
        ({"known": {"from": "0001-01-01", "until": None}}, "known.from", "'0001-01-01' is out of reach"),
        ({"known": {"from": date(1, 1, 1), "until": None}}, "known.from", "datetime.date(1, 1, 1) is out of reach"),
        (
            {"known": {"from": "9999-12-31T23:00:00-08:00", "until": None}},
            "known.from",
            "'9999-12-31T23:00:00-08:00' is out of reach",
        ),
        ({"mark": "sure"}, "mark", "'sure' must be one of C, C2, C-, K, X"),
        ({"source": None}, "source", "must be a text"),
        ({"unit": "week"}, "unit", None),
        ({"values": []}, "values", "must be a list of at least one value"),
        ({"values": [{"area": "urban"}]}, "values[1]", "must have a value"),
        ({"values": [{"value": 1, "city": "x"}]}, "values[1]", "'city' is not a class"),
        ({"values": [{"value": 1, "area": "town"}]}, "area", "'town' must be one of urban, rural, remote"),
        ({"values": [{"value": -1}]}, "values[1]", "must not be negative"),
        ({"values": [{"value": True}]}, "values[1]", "True must be an exact figure"),
        ({"values": [{"value": 0.5}]}, "values[1]", "0.5 must be an exact figure"),
        ({"values": [{"value": "NaN"}]}, "values[1]", "'NaN' must be an exact figure"),
        ({"values": [{"value": 101}], "unit": "pct"}, "values[1]", "must not exceed 100 pct"),
        ({"values": [{"value": 100_001}]}, "values[1]", "is no believable number of minute"),
        ({"values": [{"value": 1}, {"value": 2}]}, "values[2]", "fits the same case as an earlier value with equal right"),
        (
            {"values": [{"area": "urban", "value": 1}, {"customer_class": "residential", "value": 2}]},
            "values[2]",
            "fits the same case as an earlier value with equal right",
        ),
        ({"unit": "duty"}, "values", "a duty has no values"),
        ({"colour": "red"}, "colour", "is not a field of a policy"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str, problem: str | None) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policies([row_of(**changes)], where="a.yaml")

    (found,) = caught.value.problems
    assert (found.where, found.field) == ("a.yaml", field)
    assert problem is None or found.problem == problem


@pytest.mark.parametrize("field", ["key", "company", "known", "unit"])
def test_a_missing_field_is_named(field: str) -> None:
    row = row_of()
    del row[field]

    with pytest.raises(PolicyInvalid) as caught:
        parse_policies([row], where="a.yaml")

    assert [(one.field, one.problem) for one in caught.value.problems] == [(field, "is missing")]


def test_every_fault_of_a_document_is_found_in_one_go() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policies([row_of(mark="?"), row_of(), row_of(unit="week"), "what"], where="a.yaml")

    assert [(problem.entry, problem.field) for problem in caught.value.problems] == [
        ("entry 1 (R-105 repair.arrival)", "mark"),
        ("entry 3 (R-105 repair.arrival)", "unit"),
        ("entry 4", "-"),
    ]
    first_line = "a.yaml: entry 1 (R-105 repair.arrival): mark: '?' must be one of C, C2, C-, K, X\n"
    assert str(caught.value).startswith(f"The policies cannot be read:\n{first_line}")


@pytest.mark.parametrize("text", ["key: [", "a: 1", "just words", "", "- !!python/object:os.system {}", "- {valid: 2022-13-45}"])
def test_a_text_that_is_no_list_of_policies_is_refused(text: str) -> None:
    with pytest.raises(PolicyInvalid):
        parse_text(text=text, where="a.yaml")


def test_the_rules_need_no_django() -> None:
    program = "import sys, shouwen.platform.policies.rules; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
