"""Each defect is planted into a small sound norm and must be found: just that one, at its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shouwen.platform.policies.choices import Area, Force, Statistic, Unit
from shouwen.platform.policies.rules import PolicyEntry, Value
from shouwen.platform.policies.tests.factories import handbook_entries
from shouwen.records.norms.rules.definition import parse_norm
from shouwen.records.norms.rules.soundness import WORDS, check
from shouwen.records.norms.tests.factories import POLICIES, Change, Document, handbook_norms, lamp, outcome, policy, step

JUNE = date(2026, 6, 1)
EXTRA = (
    policy("lamp.price", 5, Unit.YUAN),
    policy("lamp.mean", 10, statistic=Statistic.MEAN),
    policy("lamp.late", 10, valid_from=parse_norm(lamp()).effective_from.replace(year=2027)),
    policy("lamp.shanghai", 10, jurisdiction="CN-31"),
    policy("lamp.company", 10, company="SGCC"),
    policy("lamp.ending", 10, valid_until=JUNE),
    policy("lamp.growing", 10, rule="T-1", valid_until=JUNE),
    policy("lamp.growing", 500, rule="T-2"),
    policy("lamp.town", 0, values=(Value(Decimal(10), area=Area.URBAN),)),
    policy("lamp.office", 1, Unit.WORKING_HOUR),
    policy("lamp.tight", 1, Unit.HOUR, force=Force.COMMITMENT, rule="R-9"),
)


def defects(change: Change) -> list[tuple[str, str]]:
    found = check(norm=parse_norm(lamp(change)), policies=[*POLICIES, *EXTRA])
    return [(defect.code, defect.place) for defect in found]


def set_in(number: int, **fields: Any) -> Change:
    return lambda document: document["steps"][number].update(fields)


def without(number: int, field: str) -> Change:
    return lambda document: document["steps"][number].pop(field)


def way_out(number: int, key: str, where: str, *, back: bool = False) -> Change:
    return lambda document: document["steps"][number]["outcomes"].append(outcome(key, where, back=back))


def limited_by(number: int, key: str) -> Change:
    return set_in(number, limit={"policy": key})


def promising(key: str, until: str | None = "mend") -> Change:
    return lambda document: document.update(commitments=[{"policy": key, "until": until}])


def dead_end(document: Document) -> None:
    document["steps"].append(step("stuck", "agent", "service_centre", "replied", [], limit={"policy": "lamp.accept"}))
    way_out(0, "strange", "stuck")(document)


def trap(document: Document) -> None:
    round_and_round = [outcome("again", "circle", back=True)]
    document["steps"].append(
        step("circle", "agent", "service_centre", "replied", round_and_round, limit={"policy": "lamp.accept"})
    )
    way_out(0, "strange", "circle")(document)


def lonely_step(document: Document) -> None:
    to_the_end = [outcome("done", "end_done")]
    document["steps"].append(step("lonely", "agent", "service_centre", "replied", to_the_end, limit={"policy": "lamp.accept"}))


def lonely_end(document: Document) -> None:
    document["ends"].append({"key": "end_lost", "name": {"zh": "丢失", "en": "Lost"}, "success": False})


def end_twice(document: Document) -> None:
    document["ends"].append(document["ends"][0])


def pause_twice(document: Document) -> None:
    document["pauses"].append(document["pauses"][0])


def no_success(document: Document) -> None:
    document["ends"][0]["success"] = False


def unmarked(document: Document) -> None:
    document["steps"][1]["outcomes"][1]["back"] = False


LIMITED_TOO_NARROWLY = ("late", "shanghai", "company", "ending", "town")
PLANTED: list[tuple[Change, str, str]] = [
    (end_twice, "duplicate_key", "ends.end_done"),
    (pause_twice, "duplicate_key", "pauses"),
    (way_out(0, "sent", "mend"), "duplicate_key", "steps.accept.outcomes.sent"),
    (set_in(1, target="accepted"), "duplicate_target", "steps.mend.target"),
    (without(0, "role"), "no_role", "steps.accept.role"),
    (without(1, "unit"), "no_unit", "steps.mend.unit"),
    (without(2, "standard"), "no_standard", "steps.confirm.standard"),
    (set_in(2, standard={"zh": "做好。", "en": ""}), "no_standard", "steps.confirm.standard"),
    (set_in(2, standard={"en": "Do it."}), "no_standard", "steps.confirm.standard"),
    (without(0, "limit"), "no_limit", "steps.accept.limit"),
    (without(0, "target"), "no_target", "steps.accept.target"),
    (dead_end, "no_outcome", "steps.stuck.outcomes"),
    (lambda document: document["opens"].update(channels=[]), "no_channel", "opens.channels"),
    (lambda document: document.update(escalation=[]), "no_escalation", "escalation"),
    (set_in(0, role="pilot"), "unknown_role", "steps.accept.role"),
    (lambda document: document.update(escalation=["pilot"]), "unknown_role", "escalation"),
    (set_in(0, unit="airport"), "unknown_unit", "steps.accept.unit"),
    (set_in(0, assist=["airport"]), "unknown_unit", "steps.accept.assist"),
    (lambda document: document.update(customer_classes=["kings"]), "unknown_class", "customer_classes"),
    (lambda document: document["opens"].update(channels=["pigeon"]), "unknown_channel", "opens.channels"),
    (set_in(0, target="landed"), "unknown_target", "steps.accept.target"),
    (lambda document: document["pauses"][0].update(reason="tea"), "unknown_reason", "pauses"),
    (way_out(0, "strange", "nowhere"), "dangling_next", "steps.accept.outcomes.strange"),
    (lonely_step, "unreachable_step", "steps.lonely"),
    (lonely_end, "unreachable_end", "ends.end_lost"),
    (trap, "no_way_to_end", "steps.circle"),
    (no_success, "no_success_end", "ends"),
    (unmarked, "unmarked_back", "steps.mend.outcomes.returned"),
    (way_out(1, "over", "mend"), "unmarked_back", "steps.mend.outcomes.over"),
    (way_out(0, "skip", "end_told", back=True), "back_goes_forward", "steps.accept.outcomes.skip"),
    (limited_by(1, "lamp.nothing"), "dangling_limit", "steps.mend.limit"),
    (limited_by(1, "lamp.price"), "limit_not_duration", "steps.mend.limit"),
    (limited_by(1, "lamp.mean"), "limit_without_cap", "steps.mend.limit"),
    *((limited_by(1, f"lamp.{name}"), "limit_without_cap", "steps.mend.limit") for name in LIMITED_TOO_NARROWLY),
    (promising("lamp.nothing"), "dangling_commitment", "commitments[0]"),
    (promising("lamp.price"), "commitment_not_duration", "commitments[0]"),
    (promising("lamp.promise", until="nobody"), "until_missing", "commitments[0].until"),
    (promising("lamp.tight"), "above_commitment", "commitments[0]"),
    (limited_by(1, "lamp.growing"), "above_commitment", "commitments[0]"),
    (limited_by(1, "lamp.office"), "clock_kinds_differ", "steps.mend.limit"),
]


def test_the_small_norm_is_sound() -> None:
    assert defects(lambda document: None) == []


@pytest.mark.parametrize(("change", "code", "place"), PLANTED, ids=[f"{code} at {place}" for _, code, place in PLANTED])
def test_a_planted_defect_is_found_alone_and_at_its_place(change: Change, code: str, place: str) -> None:
    assert defects(change) == [(code, place)]


def test_every_defect_that_has_words_is_planted() -> None:
    assert {code for _, code, _ in PLANTED} == set(WORDS)


def test_a_defect_says_in_both_languages_what_is_wrong() -> None:
    (defect,) = check(norm=parse_norm(lamp(promising("lamp.tight"))), policies=[*POLICIES, *EXTRA])

    assert str(defect) == (
        "6.9 commitments[0] above_commitment: "
        "The longest way accept → mend takes 70 min, more than the 60 min of R-9 (CN urban residential)."
    )
    assert defect.words.zh == "最长路径 accept → mend 合计 70 min，超过 R-9 的 60 min（CN urban residential）。"


def test_every_defect_of_a_norm_is_named_at_once() -> None:
    def spoil(document: Document) -> None:
        without(0, "role")(document)
        lonely_end(document)
        limited_by(1, "lamp.nothing")(document)

    assert defects(spoil) == [
        ("no_role", "steps.accept.role"),
        ("unreachable_end", "ends.end_lost"),
        ("dangling_limit", "steps.mend.limit"),
    ]


def test_every_norm_of_the_handbook_is_sound() -> None:
    assert [str(defect) for norm in handbook_norms() for defect in check(norm=norm, policies=handbook_entries())] == []


def power_fault_with(key: str, *limits: PolicyEntry) -> list[str]:
    """Return the defects of the power-fault norm when ``limits`` are the company's own about ``key``."""
    others = [entry for entry in handbook_entries() if entry.key != key or entry.force is not Force.INTERNAL]
    (norm,) = [norm for norm in handbook_norms() if norm.slug == "power_fault"]
    return [str(defect) for defect in check(norm=norm, policies=[*others, *limits])]


def test_a_limit_lengthened_beyond_the_commitment_makes_the_power_fault_norm_unsound() -> None:
    assert power_fault_with("repair.arrival", policy("repair.arrival", 300)) == [
        (
            "6.1 commitments[2] above_commitment: The longest way accept → dispatch → crew_accept → arrive takes 240 min, "
            "more than the 120 min of R-122 (CN CSG remote residential)."
        )
    ]


def test_a_limit_that_holds_in_shanghai_alone_makes_the_power_fault_norm_unsound() -> None:
    assert power_fault_with("repair.accept", policy("repair.accept", 5, jurisdiction="CN-31")) == [
        "6.1 steps.accept.limit limit_without_cap: On 2026-01-01 the policy repair.accept states no cap for a single case (CN)."
    ]


def test_a_limit_that_runs_out_makes_the_power_fault_norm_unsound() -> None:
    assert power_fault_with("repair.accept", policy("repair.accept", 5, valid_until=JUNE)) == [
        "6.1 steps.accept.limit limit_without_cap: On 2026-06-01 the policy repair.accept states no cap for a single case (CN)."
    ]


def test_a_limit_that_grows_from_a_day_on_makes_the_power_fault_norm_unsound() -> None:
    short = policy("repair.accept", 5, rule="I-1", valid_until=JUNE)
    long = policy("repair.accept", 500, rule="I-2", valid_from=date(2025, 1, 1))

    found = power_fault_with("repair.accept", short, long)

    assert [defect.partition(":")[0] for defect in found] == [f"6.1 commitments[{index}] above_commitment" for index in (0, 1, 2)]
    assert found[2].endswith("takes 506 min, more than the 45 min of R-122 (CN CSG urban residential).")
