from __future__ import annotations

from datetime import date

import pytest

from shouwen.kernel.plain_yaml import read_yaml
from shouwen.records.norms.rules.definition import LimitRef, NormInvalid, Words, parse_norm
from shouwen.records.norms.tests.factories import NORMS, Change, handbook_norms, lamp


def test_a_norm_is_read_with_its_defaults() -> None:
    def leave_out(document: dict) -> None:
        del document["steps"][0]["assist"]
        document["steps"][0]["limit"] = {"policy": "lamp.accept"}
        del document["steps"][0]["outcomes"][0]["back"]

    norm = parse_norm(lamp(leave_out))

    first = norm.first
    assert (norm.id, norm.category, norm.version, norm.effective_from) == ("6.9", 6, 1, date(2026, 1, 1))
    assert (first.key, first.assist, first.limit) == ("accept", (), LimitRef("lamp.accept", "step"))
    assert [(one.key, one.next, one.back) for one in first.outcomes] == [("sent", "mend", False), ("known", "end_told", False)]
    assert norm.step("mend").outcome("returned").back is True
    assert (norm.is_end("end_done"), norm.is_end("mend"), norm.is_step("mend"), norm.customer_classes) == (True, False, True, ())


def test_what_a_norm_says_is_read_back_equal_and_has_the_same_digest() -> None:
    for norm in (parse_norm(lamp()), *handbook_norms()):
        again = parse_norm(norm.as_document())

        assert (again, again.digest) == (norm, norm.digest)


def test_the_digest_follows_the_text_and_nothing_else() -> None:
    norm = parse_norm(lamp())
    other_words = parse_norm(lamp(lambda document: document["purpose"].update(en="Another.")))
    same_written_out = parse_norm(lamp(lambda document: document.update(effective_from="2026-01-01", customer_classes=[])))

    assert other_words.digest != norm.digest
    assert same_written_out.digest == norm.digest


def test_words_are_chinese_for_all_variants_and_english_otherwise() -> None:
    text = Words(zh="灯", en="Lamp")

    assert [text.text(language) for language in ("zh", "zh-hans", "zh-hant", "en", "fr")] == ["灯", "灯", "灯", "Lamp", "Lamp"]


@pytest.mark.parametrize("key", ["step", "end"])
def test_an_unknown_step_end_or_outcome_is_a_key_error(key: str) -> None:
    norm = parse_norm(lamp())

    with pytest.raises(KeyError):
        getattr(norm, key)("nowhere")
    with pytest.raises(KeyError):
        norm.first.outcome("nowhere")


def put(path: str, value: object) -> Change:
    """Return a change that puts ``value`` at a place like ``steps.0.limit``; None takes the field away."""

    def change(document: dict) -> None:
        *parents, last = path.split(".")
        place: object = document
        for name in parents:
            place = place[int(name) if name.isdigit() else name]  # type: ignore[index]
        if value is None:
            del place[last]  # type: ignore[attr-defined]
        else:
            place[last] = value  # type: ignore[index]

    return change


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        ("id", None, "id", "is missing"),
        ("id", "six", "id", r"must look like [1-9]\.[1-9]\d*"),
        ("slug", "Lamp-out", "slug", "must look like [a-z][a-z0-9_]*"),
        ("version", 0, "version", "must be a whole number from 1"),
        ("version", True, "version", "must be a whole number from 1"),
        ("effective_from", "soon", "effective_from", "must be a day like 2026-01-01"),
        ("name", "Lamp", "name", "must be a mapping"),
        ("name.en", None, "name.en", "is missing"),
        ("name.fr", "Lampe", "name.fr", "is not a field of the handbook's format"),
        ("purpose.zh", "  ", "purpose.zh", "must be a text"),
        ("opens.channels", "phone", "opens.channels", "must be a list of texts"),
        ("opens.who", "all", "opens.who", "is not a field of the handbook's format"),
        ("commitments", None, "commitments", "is missing"),
        ("commitments.0.policy", None, "commitments[0].policy", "is missing"),
        ("pauses", "never", "pauses", "must be a list"),
        ("pauses.0.reason", 7, "pauses[0].reason", "must be a text"),
        ("call_back.needed", "yes", "call_back.needed", "must be true or false"),
        ("survey", None, "survey", "must be true or false"),
        ("steps", [], "steps", "there must be at least one"),
        ("steps.1.key", "Mend", "steps[1].key", "must look like [a-z][a-z0-9_]*"),
        ("steps.1.limit.since", "yesterday", "steps[1].limit.since", "must be step or opened"),
        ("steps.1.limti", {}, "steps[1].limti", "is not a field of the handbook's format"),
        ("steps.1.outcomes.0.next", None, "steps[1].outcomes[0].next", "is missing"),
        ("steps.1.outcomes.0.back", "no", "steps[1].outcomes[0].back", "must be true or false"),
        ("ends.1.success", None, "ends[1].success", "must be true or false"),
        ("customer_classes", [1], "customer_classes", "must be a list of texts"),
        ("color", "red", "color", "is not a field of the handbook's format"),
    ],
)
def test_a_fault_is_named_by_field_and_problem(path: str, value: object, field: str, problem: str) -> None:
    with pytest.raises(NormInvalid) as caught:
        parse_norm(lamp(put(path, value)))

    assert (caught.value.field, caught.value.problem, str(caught.value)) == (field, problem, f"{field}: {problem}")


@pytest.mark.parametrize("document", [None, [], "norm", 7])
def test_what_is_no_mapping_is_no_norm(document: object) -> None:
    with pytest.raises(NormInvalid, match="must be a mapping") as caught:
        parse_norm(document)

    assert caught.value.field == ""


def test_the_handbook_has_the_36_norms_in_nine_categories_each_in_a_file_of_its_name() -> None:
    names = {path.name: parse_norm(read_yaml(path.read_text(encoding="utf-8"))) for path in NORMS.glob("*.yaml")}

    assert sorted(norm.id for norm in names.values()) == [
        f"{category}.{number}" for category in range(1, 10) for number in range(1, 5)
    ]
    assert [name for name, norm in names.items() if not name.startswith(f"{norm.id}-")] == []
    assert len({norm.slug for norm in names.values()}) == 36
