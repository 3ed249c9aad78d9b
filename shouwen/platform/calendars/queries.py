"""Questions about calendars, answered from memory: a version never changes, and which is in force is asked again every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db import connection, transaction

from shouwen.kernel.errors import NotFound
from shouwen.kernel.freshness import FreshAnswers
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.chinese_days import chinese_days_of, official_chinese_days
from shouwen.kernel.time.documents import read_calendar
from shouwen.platform.calendars import rules
from shouwen.platform.calendars.models import CalendarVersion

MEMORY_S = 2.0
WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class CalendarCard:
    """One version of a calendar; ``digest`` names it."""

    name: str
    digest: str
    known_from: datetime
    calendar: WorkCalendar


def _at_commit() -> list[object]:
    return [entry[1] for entry in connection.run_on_commit]


Versions = Mapping[str, tuple[CalendarCard, ...]]

_memory: FreshAnswers[str, Versions] = FreshAnswers(lifetime_s=MEMORY_S, at_commit=_at_commit)


def calendar_in_force(*, name: str, at: datetime) -> CalendarCard:
    """Return the version of a calendar that was known at ``at``.

    :raises NotFound: when there is no such calendar.
    """
    for card in _versions().get(name, ()):
        if card.known_from <= at:
            return card
    raise NotFound("There is no calendar %(name)s.", name=name)


def calendar_with_digest(*, digest: str) -> CalendarCard:
    """Return the version that a deadline or a verdict names.

    :raises NotFound: when it is not kept here.
    """
    for cards in _versions().values():
        for card in cards:
            if card.digest == digest:
                return card
    raise NotFound("There is no calendar with the digest %(digest)s.", digest=digest)


def list_calendars() -> list[CalendarCard]:
    """Return every version of every calendar, by name, the newest first."""
    return [card for name in sorted(_versions()) for card in _versions()[name]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the calendar in force is certain.

    ``confirmed_until`` None: it stands on no announcement, every day is. ``is_outdated``: the packages installed here know more, or
    other, official days than the published version holds; loading the calendars again publishes them.
    """

    name: str
    confirmed_until: date | None
    source: str
    is_alarming: bool
    is_outdated: bool

    @property
    def says(self) -> str:
        """Return it as one English line for an operator."""
        if self.confirmed_until is None:
            return "every day is known"
        newer = "; newer days are installed and not published yet" if self.is_outdated else ""
        return f"official days confirmed until {self.confirmed_until} ({self.source}){newer}"


def coverage(*, at: datetime) -> list[Coverage]:
    """Return until which day each calendar in force at ``at`` is confirmed, by name; an alarm is due from November on."""
    names = sorted(_versions())
    return [_coverage_of(calendar_in_force(name=name, at=at), at) for name in names if _is_in_force(name, at)]


def _is_in_force(name: str, at: datetime) -> bool:
    return any(card.known_from <= at for card in _versions()[name])


def _coverage_of(card: CalendarCard, at: datetime) -> Coverage:
    official = card.calendar.base
    until = rules.confirmed_until(official)
    is_outdated = official is not None and official != official_chinese_days()
    is_alarming = rules.is_alarming(confirmed_until=until, today=at.astimezone(card.calendar.zone).date())
    return Coverage(card.name, until, official.source if official else "", is_alarming or is_outdated, is_outdated)


def forget() -> None:
    """Read the versions again at the next question, whatever the database is doing."""
    _memory.forget_all()


def forget_published() -> None:
    """Let a new version be seen: by its transaction at once, by this process when it is committed."""
    transaction.on_commit(_memory.changing(WHOLE))


def _versions() -> Versions:
    """Return the versions of each calendar, the newest first."""
    return _memory.get(WHOLE, _fetch_versions)


def _fetch_versions(_: str) -> Versions:
    found: dict[str, list[CalendarCard]] = {}
    rows = CalendarVersion.objects.order_by("name", "-known_from", "-id")
    for pk, name, digest, known_from in rows.values_list("id", "name", "digest", "known_from"):
        found.setdefault(name, []).append(CalendarCard(name, digest, known_from, _calendar(pk, digest)))
    return {name: tuple(cards) for name, cards in found.items()}


@cache
def _calendar(pk: int, digest: str) -> WorkCalendar:
    row = CalendarVersion.objects.only("document", "official_days", "official_source").get(pk=pk)
    official = chinese_days_of(row.official_days, source=row.official_source) if row.official_days else None
    return read_calendar(row.document, official=official)
