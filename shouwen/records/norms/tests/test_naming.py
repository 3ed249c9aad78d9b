"""What binds in public is named by a norm or kept elsewhere: in a small handbook, and in the shipped one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shouwen.kernel.plain_yaml import read_yaml
from shouwen.platform.policies.choices import Force, Sense, Statistic, Unit
from shouwen.platform.policies.rules import Place, PolicyEntry
from shouwen.records.norms.rules.definition import NormInvalid, Words, parse_norm
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.naming import Exemption, Oversight, oversights, parse_exemptions
from shouwen.records.norms.rules.wording import Asked, limit_figures
from shouwen.records.norms.tests.factories import (
    NORMS,
    POLICIES,
    Change,
    Document,
    handbook_norms,
    handbook_register,
    lamp,
    policy,
)

WARRANTY = policy("lamp.warranty", 30, Unit.DAY, rule="R-1", force=Force.STATUTE)


def found(*entries: PolicyEntry, changes: tuple[Change, ...] = (), exempt: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    oversight = oversights(
        norms=[parse_norm(lamp(change)) for change in (lambda document: None, *changes)],
        register=Register.of([*POLICIES, *entries]),
        exemptions=[Exemption(key, Words("另有说明", "Kept elsewhere.")) for key in exempt],
    )
    return [(one.policy, one.code) for one in oversight]


def promising(document: Document) -> None:
    document["commitments"].append({"policy": "lamp.warranty"})


def test_a_handbook_that_names_every_public_rule_has_none_to_miss() -> None:
    assert found() == []


@pytest.mark.parametrize("force", [Force.STATUTE, Force.STANDARD, Force.COMMITMENT])
def test_a_public_limit_of_time_that_no_norm_names_is_missed(force: Force) -> None:
    assert found(policy("lamp.warranty", 30, Unit.DAY, force=force)) == [("lamp.warranty", "unnamed_policy")]


@pytest.mark.parametrize("kind", [{"sense": Sense.AT_LEAST}, {"statistic": Statistic.MEAN}, {"jurisdiction": "CN-31"}])
def test_notice_periods_means_and_local_rules_are_missed_too(kind: dict[str, Any]) -> None:
    assert found(policy("lamp.warranty", 30, force=Force.STATUTE, **kind)) == [("lamp.warranty", "unnamed_policy")]


@pytest.mark.parametrize("kind", [{"force": Force.INTERNAL}, {"unit": Unit.YUAN}, {"known_until": POLICIES[0].known_from.max}])
def test_what_is_internal_no_time_or_corrected_since_need_not_be_named(kind: dict[str, Any]) -> None:
    assert found(policy("lamp.warranty", 30, **{"force": Force.STATUTE} | kind)) == []


def test_a_step_s_limit_and_a_commitment_name_a_policy() -> None:
    by_step = found(WARRANTY, changes=(lambda document: document["steps"][1].update(limit={"policy": "lamp.warranty"}),))

    assert by_step == found(WARRANTY, changes=(promising,)) == []


def test_only_the_newest_version_of_a_norm_counts() -> None:
    def next_one(document: Document) -> None:
        document.update(version=2, effective_from=date(2027, 1, 1))

    assert found(WARRANTY, changes=(promising, next_one)) == [("lamp.warranty", "unnamed_policy")]


def test_what_is_kept_elsewhere_is_not_missed_unless_that_is_needless() -> None:
    assert found(WARRANTY, exempt=("lamp.warranty",)) == []
    assert found(exempt=("lamp.promise", "lamp.nothing", "lamp.mend")) == [
        ("lamp.mend", "needless_exemption"),
        ("lamp.nothing", "needless_exemption"),
        ("lamp.promise", "needless_exemption"),
    ]


def test_an_oversight_says_in_both_languages_which_rules_bind_nobody() -> None:
    commitment = policy("lamp.warranty", 20, Unit.DAY, rule="R-2", force=Force.COMMITMENT)

    (one,) = oversights(norms=[parse_norm(lamp())], register=Register.of([*POLICIES, WARRANTY, commitment]), exemptions=[])

    assert one == Oversight(
        "lamp.warranty",
        "unnamed_policy",
        Words(
            "没有规范引用它，R-1, R-2 因此约束不到任何事项；也没有说明在何处遵守。",
            "No norm names it, so that no matter is held to R-1, R-2, nor is it said where it is kept instead.",
        ),
    )
    assert str(one) == f"lamp.warranty unnamed_policy: {one.words.en}"


# Reading what is kept elsewhere.


def test_exemptions_are_read_with_their_reasons() -> None:
    document = {"kept_elsewhere": [{"policy": "hall.wait", "reason": {"zh": "排队", "en": "A queue."}}]}

    assert parse_exemptions(document) == (Exemption("hall.wait", Words("排队", "A queue.")),)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], ""),
        ({}, "kept_elsewhere"),
        ({"kept_elsewhere": [], "other": 1}, "other"),
        ({"kept_elsewhere": [{"reason": {"zh": "排队", "en": "A queue."}}]}, "kept_elsewhere[0].policy"),
        ({"kept_elsewhere": [{"policy": "hall.wait"}]}, "kept_elsewhere[0].reason"),
        ({"kept_elsewhere": [{"policy": "hall.wait", "reason": {"zh": "排队"}}]}, "kept_elsewhere[0].reason.en"),
    ],
)
def test_an_exemption_without_a_reason_in_both_languages_is_refused(document: object, field: str) -> None:
    with pytest.raises(NormInvalid) as caught:
        parse_exemptions(document)

    assert caught.value.field == field


# The shipped handbook.


def test_norms_and_register_of_the_handbook_do_not_miss_each_other() -> None:
    document = read_yaml((NORMS / "elsewhere" / "policies.yaml").read_text(encoding="utf-8"))
    exemptions = parse_exemptions(document)

    found = oversights(norms=handbook_norms(), register=handbook_register(), exemptions=exemptions)

    assert [str(one) for one in found] == []
    assert [one.policy for one in exemptions] == [
        "arrears.authority_decision",
        "billing.capacity_part_day",
        "hall.handling_charge",
        "hall.wait",
        "outage.restore_after_cause",
        "suspension.shortest",
    ]


@pytest.mark.parametrize(
    ("slug", "policies"),
    [
        ("payment_reminder", {"arrears.notice", "arrears.notice_again", "arrears.cut_off_after", "suspension.notice"}),
        ("bill_enquiry", {"meter.reading_abnormality", "suspension.dispute_answer"}),
        ("supply_change", {"meter.test_result", "service_application.meter_abnormality", "hall.handling"}),
    ],
)
def test_a_norm_is_committed_to_the_public_rules_of_its_subject(slug: str, policies: set[str]) -> None:
    (norm,) = [norm for norm in handbook_norms() if norm.slug == slug]

    assert policies - {commitment.policy for commitment in norm.commitments} == set()


@pytest.mark.parametrize(
    ("slug", "step", "rules"),
    [
        ("payment_reminder", "restore", {"R-111", "R-125", "R-304", "R-406", "I-4.3-restore"}),
        ("payment_reminder", "confirm", {"R-406", "I-4.3-confirm"}),
        ("payment_reminder", "cut_off", {"R-304", "I-4.3-cut_off"}),
        ("residential_connection", "energise", {"R-107", "R-124", "R-204", "R-205", "I-5.1-energise"}),
        ("low_voltage_connection", "inspect", {"R-204", "R-205", "I-5.2-inspect"}),
        ("high_voltage_connection", "review_design", {"R-204", "R-205", "I-5.3-review_design"}),
        ("high_voltage_connection", "inspect_midway", {"R-204", "R-205", "I-5.3-inspect_midway"}),
        ("high_voltage_connection", "inspect_completion", {"R-204", "R-205", "I-5.2-inspect"}),
        ("voltage_quality", "inspect_damage", {"R-406", "P-B7-equipment"}),
        ("voltage_quality", "tell_result", {"R-406", "I-6.2-tell_result"}),
    ],
)
def test_a_step_is_held_to_every_rule_about_the_same_thing(slug: str, step: str, rules: set[str]) -> None:
    (norm,) = [norm for norm in handbook_norms() if norm.slug == slug]

    assert {entry.rule for entry in handbook_register().entries(norm.step(step).limit.policy)} == rules


@pytest.mark.parametrize(("company", "hours", "rule"), [("SGCC", "24 hours", "R-406"), ("CSG", "48 hours", "P-B7-equipment")])
def test_state_grid_looks_at_damaged_equipment_within_a_day_others_within_two(company: str, hours: str, rule: str) -> None:
    asked = Asked(handbook_register(), Place("CN", company), date(2026, 5, 6))

    (figure,) = limit_figures(key="equipment_damage.on_site", asked=asked)

    assert (figure.words.en, figure.rules) == (hours, (rule,))
