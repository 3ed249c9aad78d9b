"""Which entries of a key hold at a place, on a day, by what was known then, and why each of the others does not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from shouwen.platform.policies.choices import Reason, Unit
from shouwen.platform.policies.rules.entries import Place, PolicyEntry, day_of


class Match(NamedTuple):
    """What one entry says about the case. It holds when ``reason`` is None; ``amount`` is its value, None for a duty or no value.

    A binding gives the reason why a holding entry does not bind, and its own deadline ``due_at`` where it has one.
    """

    entry: PolicyEntry
    amount: Decimal | None
    reason: Reason | None = None
    due_at: datetime | None = None


def matching(*, entries: Iterable[PolicyEntry], key: str, place: Place, at: datetime, known_at: datetime) -> tuple[Match, ...]:
    """Return a match for every entry of ``key``, in the order given: those that hold, and with a reason those that do not.

    ``at`` is judged as a day in Asia/Shanghai against the valid time, ``known_at`` as an instant against the known time.
    """
    return matching_on(entries=entries, key=key, place=place, day=day_of(at), known_at=known_at)


def matching_on(*, entries: Iterable[PolicyEntry], key: str, place: Place, day: date, known_at: datetime) -> tuple[Match, ...]:
    """Return what ``matching`` does, for a day that is known already."""
    around = _jurisdictions_around(place.jurisdiction)
    return tuple([_match(entry, place, around, day, known_at) for entry in entries if entry.key == key])


def _match(entry: PolicyEntry, place: Place, around: frozenset[str], day: date, known_at: datetime) -> Match:
    """Return the match with the first reason why the entry does not hold: knowledge, then place, then valid time, then class."""
    if known_at < entry.known_from:
        return Match(entry, None, Reason.NOT_KNOWN_YET)
    if entry.known_until is not None and known_at >= entry.known_until:
        return Match(entry, None, Reason.SUPERSEDED)
    if entry.jurisdiction not in around:
        return Match(entry, None, Reason.OTHER_JURISDICTION)
    if entry.company is not None and entry.company != place.company:
        return Match(entry, None, Reason.OTHER_COMPANY)
    if day < entry.valid_from:
        return Match(entry, None, Reason.NOT_YET_VALID)
    if entry.valid_until is not None and day >= entry.valid_until:
        return Match(entry, None, Reason.EXPIRED)
    amount = entry.value_for(place)
    has_value = amount is not None or entry.unit is Unit.DUTY
    return Match(entry, amount, None if has_value else Reason.NO_VALUE_FOR_CLASS)


@lru_cache(maxsize=4096)
def _jurisdictions_around(jurisdiction: str) -> frozenset[str]:
    """Return the jurisdiction and all that contain it: ``CN-41-zhoukou`` lies in ``CN-41`` and in ``CN``."""
    parts = jurisdiction.split("-")
    return frozenset("-".join(parts[:length]) for length in range(1, len(parts) + 1))


def chosen_setting(*, matches: Iterable[Match], unit: Unit) -> Match | None:
    """Return the entry by which a setting is set, None when no entry in ``unit`` holds.

    The company's own (weakest) force goes first, since the handbook check holds it within the stronger ones; then the most local
    jurisdiction, then an entry of the company itself, then the rule's id.
    """
    holding = [match for match in matches if match.reason is None and match.amount is not None and match.entry.unit == unit]
    return min(holding, key=_nearness, default=None)


def _nearness(match: Match) -> tuple[int, int, bool, str]:
    entry = match.entry
    return (-entry.force.rank, -entry.jurisdiction.count("-"), entry.company is None, entry.rule)
