from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.platform.outbox import hearing
from shouwen.platform.outbox.hearing import fact_from_row, hearer_named, hearers_of, hears, kind_named
from shouwen.platform.outbox.tests.hearts import NOON, HeartBeat, HeartMeasured, hearer

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai")]))
FIGURES = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**8), max_value=10**8)
FACTS = st.builds(
    HeartMeasured,
    at=INSTANTS,
    actor_id=st.none() | st.integers(1, 10**9),
    heart_id=st.integers(1, 10**12),
    name=st.text(max_size=20),
    is_calm=st.booleans(),
    rate=FIGURES,
    first_at=INSTANTS,
    last_at=st.none() | INSTANTS,
    born_on=st.dates(),
    checked_on=st.none() | st.dates(),
    weight=st.none() | FIGURES,
    notes=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    rates=st.lists(FIGURES, max_size=3).map(tuple),
    moments=st.none() | st.lists(INSTANTS, max_size=2).map(tuple),
    doctor_id=st.none() | st.integers(1, 9),
)


@given(FACTS)
def test_every_fact_is_read_back_as_it_was_told(fact: HeartMeasured) -> None:
    assert fact_from_row(kind=HeartMeasured, at=fact.at, actor_id=fact.actor_id, payload=fact.payload()) == fact


def test_a_field_that_is_no_longer_declared_is_left_aside() -> None:
    payload = {"heart_id": 7, "colour": "red"}

    assert fact_from_row(kind=HeartBeat, at=NOON, actor_id=None, payload=payload) == HeartBeat(heart_id=7, at=NOON, actor_id=None)


def test_what_a_fact_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="primitives"):
        HeartBeat(heart_id=1.5, at=NOON, actor_id=None).payload()


def test_values_are_told_in_utc_and_as_text() -> None:
    fact = HeartMeasured(
        at=NOON,
        actor_id=1,
        heart_id=1,
        name="Li",
        is_calm=True,
        rate=Decimal("61.50"),
        first_at=datetime(2026, 5, 6, 12, tzinfo=ZoneInfo("Asia/Shanghai")),
        last_at=None,
        born_on=date(1990, 2, 28),
        checked_on=None,
        weight=None,
        notes=("a", "b"),
        rates=(Decimal("1.0"),),
        moments=None,
        doctor_id=None,
    )

    assert fact.payload() == {
        "heart_id": 1,
        "name": "Li",
        "is_calm": True,
        "rate": "61.50",
        "first_at": "2026-05-06T04:00:00+00:00",
        "last_at": None,
        "born_on": "1990-02-28",
        "checked_on": None,
        "weight": None,
        "notes": ["a", "b"],
        "rates": ["1.0"],
        "moments": None,
        "doctor_id": None,
    }


def test_a_hearer_is_registered_under_its_place_and_name() -> None:
    def listen(fact: HeartBeat) -> None: ...

    with hearer(listen) as name:
        assert name == "tests.listen"
        assert [one.name for one in hearers_of("HeartBeat")] == [name]
        assert hearer_named(name).react is listen
        with pytest.raises(ValueError, match=r"Two hearers are called tests\.listen"):
            hears(HeartBeat)(listen)

    assert (hearers_of("HeartBeat"), hearer_named("tests.listen")) == ((), None)


def test_kinds_are_found_by_name() -> None:
    assert kind_named("HeartBeat") is HeartBeat
    assert hearing.all_kinds()["HeartMeasured"] is HeartMeasured
    with pytest.raises(KeyError):
        kind_named("NoSuchFact")
