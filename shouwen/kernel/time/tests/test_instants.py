"""Instants as text and as microseconds."""

from datetime import UTC, datetime

import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.instants import from_us, parse_instant, to_us, zone_named
from shouwen.kernel.time.limits import LONGEST_US
from shouwen.kernel.time.tests.examples import SHANGHAI


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-05-01T08:30:00+08:00", "2026-05-01T08:30:00+08:00"),
        ("2026-05-01T00:30:00Z", "2026-05-01T08:30:00+08:00"),
        ("2026-04-30T20:30:00-04:00", "2026-05-01T08:30:00+08:00"),
        ("2026-05-01T08:30", "2026-05-01T08:30:00+08:00"),
        ("2026-05-01 08:30:15", "2026-05-01T08:30:15+08:00"),
        ("2026-05-01T08:30:15.25", "2026-05-01T08:30:15.250000+08:00"),
        ("2024-02-29T00:00", "2024-02-29T00:00:00+08:00"),
    ],
)
def test_an_instant_is_read_and_told_in_the_zone(text: str, instant: str) -> None:
    assert parse_instant(text, zone=SHANGHAI, field="start").isoformat() == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01", "08:30", "2026-02-29T08:30", "2026-05-01T24:30", "2026-05-01T08:60", "2026-13-01T08:30", "yesterday", "",
        "T", " ", "1899-12-31T23:59", "2200-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00",
        "2026-05-01T08:30+25:00", None, 0, 1_777_600_000, True, ["2026-05-01T08:30"], {"at": 1},
    ],
)  # fmt: skip
def test_a_wrong_instant_is_refused(text: object) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_instant(text, zone=SHANGHAI, field="start")

    assert refusal.value.field == "start"


def test_microseconds_go_there_and_back() -> None:
    instant = datetime(2026, 5, 1, 0, 30, 0, 123456, tzinfo=UTC)

    assert to_us(instant) == 1_777_595_400_123_456
    assert from_us(to_us(instant), SHANGHAI) == instant
    assert from_us(-1, SHANGHAI) == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_an_instant_beyond_every_calendar_is_refused() -> None:
    with pytest.raises(BadInput):
        from_us(LONGEST_US * 10, SHANGHAI)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        zone_named("Nowhere/Else")

    assert refusal.value.field == "timezone"
