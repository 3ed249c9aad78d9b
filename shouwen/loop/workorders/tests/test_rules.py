"""The small rules: closing, the ladder, merging of fields, numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.loop.workorders.choices import Missing
from shouwen.loop.workorders.rules.closing import LoopState, missing_for_closing
from shouwen.loop.workorders.rules.escalation import next_alarm_at
from shouwen.loop.workorders.rules.merging import FieldChange, MergePlan, merge_fields
from shouwen.loop.workorders.rules.numbers import id_of, number_of
from shouwen.loop.workorders.tests.factories import NOON, after

DONE = LoopState(
    is_resolved=True,
    is_result_told=True,
    call_back_needed=True,
    call_back_reached=True,
    call_back_attempt_count=1,
    survey_needed=True,
    is_grade_settled=True,
    has_open_visit=False,
    open_promise_count=0,
)

# Closing.


def missing(**changes: object) -> tuple[Missing, ...]:
    return missing_for_closing(loop=replace(DONE, **changes), call_back_attempt_limit=3)


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, ()),
        ({"is_resolved": False}, (Missing.RESOLUTION,)),
        ({"is_result_told": False}, (Missing.RESULT_TOLD,)),
        ({"call_back_reached": False}, (Missing.CALL_BACK,)),
        ({"call_back_reached": False, "call_back_attempt_count": 2}, (Missing.CALL_BACK,)),
        ({"call_back_reached": False, "call_back_attempt_count": 3}, ()),
        ({"call_back_reached": False, "call_back_needed": False}, ()),
        ({"is_grade_settled": False}, (Missing.GRADE,)),
        ({"is_grade_settled": False, "survey_needed": False}, ()),
        ({"has_open_visit": True}, (Missing.VISIT,)),
        ({"open_promise_count": 1}, (Missing.PROMISE,)),
    ],
)
def test_closing_lacks_just_what_is_left_open(changes: dict[str, object], lacks: tuple[Missing, ...]) -> None:
    assert missing(**changes) == lacks


def test_all_that_is_missing_is_named_in_the_order_in_which_it_is_done() -> None:
    nothing_done = replace(
        DONE,
        is_resolved=False,
        is_result_told=False,
        call_back_reached=False,
        is_grade_settled=False,
        has_open_visit=True,
        open_promise_count=2,
    )

    assert missing_for_closing(loop=nothing_done, call_back_attempt_limit=3) == tuple(Missing)


# The ladder.


def rung_after(told: int | None, *, limit_min: float = 60, ladder_length: int = 3) -> object:
    return next_alarm_at(
        rung_told=told,
        start_at=NOON,
        warn_at=after(0.8 * limit_min),
        due_at=after(limit_min),
        ladder_length=ladder_length,
    )


@pytest.mark.parametrize(
    ("told", "next_min"), [(None, 48), (0, 60), (1, 120), (2, 180), (3, None)], ids=["first", "breach", "2nd", "3rd", "end"]
)
def test_each_rung_waits_as_long_again_as_the_limit_gave(told: int | None, next_min: float | None) -> None:
    assert rung_after(told) == (None if next_min is None else after(next_min))


def test_a_short_limit_gives_each_superior_half_an_hour() -> None:
    assert [rung_after(told, limit_min=5) for told in (0, 1, 2)] == [after(5), after(35), after(65)]


def test_without_a_ladder_nobody_is_told_not_even_before_the_limit() -> None:
    assert [rung_after(told, ladder_length=0) for told in (None, 0, 1)] == [None, None, None]


def test_a_ladder_of_one_ends_at_the_breach() -> None:
    assert [rung_after(told, ladder_length=1) for told in (None, 0, 1)] == [after(48), after(60), None]


# Merging of fields.


def test_a_field_is_written_when_it_is_still_as_it_was_seen() -> None:
    plan = merge_fields(
        present={"subject": "Lamp", "priority": 4, "result": "new"},
        wanted={
            "subject": FieldChange(seen="Lamp", wanted="Lamp out"),
            "priority": FieldChange(seen=3, wanted=2),
            "result": FieldChange(seen="old", wanted="new"),
        },
    )

    assert plan == MergePlan(changes={"subject": "Lamp out"}, conflicts={"priority": 4})


@given(
    present=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), min_size=4),
    one=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
    other=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
)
def test_of_two_who_saw_the_same_the_second_never_reverts_the_first(
    present: dict[str, int], one: dict[str, int], other: dict[str, int]
) -> None:
    def changes(wanted: dict[str, int]) -> dict[str, FieldChange]:
        return {name: FieldChange(present[name], value) for name, value in wanted.items()}

    first = merge_fields(present=present, wanted=changes(one))
    between = present | first.changes
    second = merge_fields(present=between, wanted=changes(other))
    afterwards = between | second.changes

    assert first.conflicts == {}
    assert all(afterwards[name] == value for name, value in first.changes.items())
    assert second.conflicts.keys() == {
        name for name, value in other.items() if name in first.changes and value != first.changes[name]
    }


# Numbers.


@pytest.mark.parametrize(("pk", "number"), [(1, "SW0000000018"), (17, "SW0000000174"), (1_234_567_890, "SW12345678903")])
def test_a_number_is_the_id_with_a_luhn_digit(pk: int, number: str) -> None:
    assert (number_of(pk), id_of(number)) == (number, pk)


@given(st.integers(1, 10**12))
def test_every_number_leads_back_to_its_id(pk: int) -> None:
    assert id_of(number_of(pk)) == pk


@given(pk=st.integers(1, 10**11), place=st.integers(0, 20), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found_out(pk: int, place: int, digit: str) -> None:
    number = number_of(pk)
    place = 2 + place % (len(number) - 2)
    heard = number[:place] + digit + number[place + 1 :]

    assert (id_of(heard) is not None) == (heard == number)


@given(pk=st.integers(1, 10**11), place=st.integers(0, 20))
def test_two_neighbours_that_changed_places_are_found_out_but_for_nought_and_nine(pk: int, place: int) -> None:
    number = number_of(pk)
    place = 2 + place % (len(number) - 3)
    one, other = number[place], number[place + 1]
    heard = number[:place] + other + one + number[place + 2 :]

    assert (id_of(heard) is not None) == (one == other or {one, other} == {"0", "9"})


@pytest.mark.parametrize("text", [" sw 0000-0001 74 ", "0000000174", "SW0000000174"])
def test_a_number_is_read_as_people_write_it(text: str) -> None:
    assert id_of(text) == 17


@pytest.mark.parametrize("text", ["", "SW", "SW174", "SW000000017", "XX0000000174", "SW00000001７4", "SW0000000175", "1" * 9])
def test_what_is_no_number_is_none(text: str) -> None:
    assert id_of(text) is None


def test_half_an_hour_is_the_least_patience() -> None:
    due_at = after(10)

    assert rung_after(1, limit_min=10) == due_at + timedelta(minutes=30)
