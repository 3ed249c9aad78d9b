"""Half-open periods of time: an instant belongs to ``[since, until)``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """The time from ``since`` (inside) to ``until`` (outside); ``until`` None: it has not ended yet."""

    since: datetime
    until: datetime | None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.since:
            raise ValueError("A period cannot end before it begins.")

    def __contains__(self, instant: datetime) -> bool:
        return self.since <= instant and (self.until is None or instant < self.until)

    @property
    def is_open(self) -> bool:
        return self.until is None

    @property
    def length(self) -> timedelta:
        """Return how long it lasts.

        :raises ValueError: when it has not ended yet.
        """
        if self.until is None:
            raise ValueError("An open period has no length yet.")
        return self.until - self.since


def merged(periods: Iterable[Period]) -> list[Period]:
    """Return the same time as periods that neither overlap nor touch, in order; empty ones are dropped."""
    result: list[Period] = []
    for period in sorted(periods, key=lambda one: one.since):
        if period.until is not None and period.until == period.since:
            continue
        if result and (result[-1].until is None or period.since <= result[-1].until):
            result[-1] = Period(result[-1].since, _later(result[-1].until, period.until))
        else:
            result.append(period)
    return result


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)
