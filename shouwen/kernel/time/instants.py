"""Instants as whole microseconds since 1970-01-01 UTC, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shouwen.kernel.errors import BadInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
US = timedelta(microseconds=1)
SECOND_US = 1_000_000
FIRST_YEAR, LAST_YEAR = 1900, 2200  # no instant of the business lies outside


def to_us(instant: datetime) -> int:
    """Return the microseconds from 1970 to ``instant``, which must be aware."""
    return (instant - EPOCH) // US


def from_us(us: int, zone: ZoneInfo) -> datetime:
    """Return the instant in ``zone``.

    :raises BadInput: when no calendar reaches that far.
    """
    try:
        return (EPOCH + timedelta(microseconds=us)).astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise BadInput("limit", "the way to its end is longer than any calendar", "give a shorter limit") from error


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the time zone.

    :raises BadInput: when no zone has that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise BadInput("timezone", f"there is no time zone {name!r}", "use an IANA name such as Asia/Shanghai") from error


def parse_instant(text: object, *, zone: ZoneInfo, field: str) -> datetime:
    """Return the instant written in ISO 8601; without an offset it is local time in ``zone``.

    A local time that occurs twice means the first; one that a clock change skips means the moment of the change.

    :raises BadInput: naming ``field`` when the text is no such instant.
    """
    hint = "write an instant such as 2026-05-01T08:30:00+08:00 or 2026-05-01T08:30:00"
    if not isinstance(text, str) or "T" not in text.replace(" ", "T"):
        raise BadInput(field, f"{text!r} is not an instant", hint)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(field, f"{text!r} is not an instant", hint) from error
    if not FIRST_YEAR <= instant.year < LAST_YEAR:
        raise BadInput(
            field, f"the year {instant.year} is out of reach", f"write an instant between {FIRST_YEAR} and {LAST_YEAR}"
        )
    return instant.astimezone(zone) if instant.tzinfo else local_instant(instant, zone)


def local_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks in ``zone`` show ``local`` (naive): the first if twice, the change itself if never."""
    instant = local.replace(tzinfo=zone)
    offset, other_offset = instant.utcoffset(), instant.replace(fold=1).utcoffset()
    is_skipped = offset != other_offset and offset is not None and other_offset is not None and offset < other_offset
    return _clock_change(local, zone) if is_skipped else instant


def _clock_change(skipped: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which the clock jumped over ``skipped``, found to the second by halving."""
    before = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = skipped.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0).astimezone(zone)
