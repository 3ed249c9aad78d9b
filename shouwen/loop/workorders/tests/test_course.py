"""A ledger folded into a course."""

import pytest

from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders.rules.course import COURSE_FACTS, PAUSE_FACTS, BrokenLedger, Round, course_of, pauses_of
from shouwen.loop.workorders.tests.factories import after
from shouwen.loop.workorders.tests.ledgers import (
    closing,
    finishing,
    noting,
    opening,
    pausing,
    reopening,
    resolving,
    resuming,
)

LEDGER = [
    opening(),
    finishing("accept", "arrive", 5),
    pausing(10),
    resuming(25),
    finishing("arrive", "mend", 40),
    noting(41),
    finishing("mend", "arrive", 50, is_back=True),
    finishing("arrive", "mend", 55),
    finishing("mend", None, 60),
    resolving(60),
    closing(90),
]


def test_a_ledger_becomes_rounds_and_pauses() -> None:
    course = course_of(LEDGER)

    assert course.opened == LEDGER[0]
    assert course.rounds == [
        Round(
            number=1,
            begun_at=after(0),
            entered_at={"accept": after(0), "arrive": after(5), "mend": after(40)},
            reached_at={"accept": after(5), "arrive": after(40), "mend": after(60)},
            ended_at=after(60),
        )
    ]
    assert course.pauses == [Period(after(10), after(25))]
    assert (course.closed_at, course.paused_since) == (after(90), None)


def test_a_way_back_reaches_nothing_and_does_not_begin_the_step_again() -> None:
    course = course_of([opening(), finishing("accept", "arrive", 5), finishing("arrive", "accept", 9, is_back=True)])

    assert course.round.reached_at == {"accept": after(5)}
    assert course.round.entered_at == {"accept": after(0), "arrive": after(5)}


def test_a_reopened_matter_begins_a_new_round() -> None:
    course = course_of([*LEDGER, reopening(100), finishing("accept", "arrive", 104)])

    assert [one.number for one in course.rounds] == [1, 2]
    assert course.round == Round(
        number=2,
        begun_at=after(100),
        entered_at={"accept": after(100), "arrive": after(104)},
        reached_at={"accept": after(104)},
    )
    assert course.closed_at is None


def test_a_closed_matter_that_was_never_resolved_ends_its_round_at_its_closing() -> None:
    assert course_of([opening(), closing(30)]).round.ended_at == after(30)


def test_facts_that_make_no_course_change_nothing() -> None:
    assert course_of(LEDGER) == course_of(fact for fact in LEDGER if fact.kind() in COURSE_FACTS)


def test_the_pauses_alone_are_those_of_the_course() -> None:
    ledger = [opening(), pausing(1), resuming(3), pausing(7)]

    alone = pauses_of(fact for fact in ledger if fact.kind() in PAUSE_FACTS)

    assert alone == course_of(ledger).pauses == [Period(after(1), after(3)), Period(after(7), None)]
    assert course_of(ledger).paused_since == after(7)


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        ([], "empty"),
        ([pausing(1)], "before the opening"),
        ([opening(), resuming(1)], "was not paused"),
        ([opening(), pausing(1), pausing(2)], "paused already"),
        ([opening(), pausing(5), resuming(4)], "was not paused"),
        ([opening(), pausing(1), resuming(2), resuming(3)], "was not paused"),
    ],
)
def test_a_ledger_that_cannot_have_happened_is_refused(ledger: list, words: str) -> None:
    with pytest.raises(BrokenLedger, match=words):
        course_of(ledger)
