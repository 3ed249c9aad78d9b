"""Questions to the register. What a process has read stays in its memory until the register changes.

Another process's change is seen within ``CHECK_EVERY_S``, one's own at once: inside the writing transaction too, and never
after it was rolled back.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from types import MappingProxyType
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from shouwen.kernel.errors import NotFound
from shouwen.platform.policies import rules
from shouwen.platform.policies.models import Policy, PolicyQuerySet, RegisterVersion
from shouwen.platform.policies.rules import EVERYWHERE, Match, Place, PolicyEntry, PolicyRef

CHECK_EVERY_S = 1.0
MATCHES_KEPT = 20_000  # a company has a few dozen places, a register a few hundred keys, a day is one

Entries = Mapping[str, tuple[PolicyEntry, ...]]


@dataclass(slots=True)
class _Register:
    """The whole register as one process has read it, and what was worked out from it."""

    number: int
    stamp: UUID | None
    own_writes: tuple[int, ...]
    entries: tuple[PolicyEntry, ...]
    turns: list[datetime]  # the instants at which what we know changes, in order
    checked_s: float
    by_turn: dict[int, Entries] = field(default_factory=dict)
    matches: dict[tuple[str, Place, date, int], tuple[Match, ...]] = field(default_factory=dict)

    def known_at(self, known_at: datetime) -> Entries:
        turn = bisect_right(self.turns, known_at)
        known = self.by_turn.get(turn)
        if known is None:
            known = self.by_turn[turn] = _by_key(entry for entry in self.entries if entry.is_known_at(known_at))
        return known

    def matches_of(self, *, key: str, place: Place, day: date, known_at: datetime) -> tuple[Match, ...]:
        asked = (key, place, day, bisect_right(self.turns, known_at))
        found = self.matches.get(asked)
        if found is None:
            if len(self.matches) >= MATCHES_KEPT:
                self.matches.clear()
            entries = self.known_at(known_at).get(key, ())
            found = self.matches[asked] = rules.matching_on(entries=entries, key=key, place=place, day=day, known_at=known_at)
        return found


def entries_for(*, key: str, known_at: datetime) -> tuple[PolicyEntry, ...]:
    """Return what was known about ``key`` at an instant, valid or not: the input of ``rules.matching``.

    Asked again later for the same instant it gives the same statements, whatever was learned or corrected since.
    """
    return _register().known_at(known_at).get(key, ())


def all_entries(*, known_at: datetime | None = None) -> tuple[PolicyEntry, ...]:
    """Return every entry known at an instant, ordered by key; without one, every entry that was ever known."""
    entries = _register().entries
    return entries if known_at is None else tuple(entry for entry in entries if entry.is_known_at(known_at))


def matches_for(*, key: str, place: Place, at: datetime, known_at: datetime) -> tuple[Match, ...]:
    """Return ``rules.matching`` of what was known about ``key``, from memory when it was asked before."""
    return _register().matches_of(key=key, place=place, day=rules.day_of(at), known_at=known_at)


def value(*, policy: PolicyRef, at: datetime, place: Place | None = None) -> Decimal:
    """Return a setting as of ``at`` in the unit of ``policy``: the company's own before a stronger rule's, the most local first.

    What the register does not state in that unit is ``policy.default``. Without a place only what holds nationally counts.
    """
    matches = matches_for(key=policy.key, place=place or EVERYWHERE, at=at, known_at=at)
    chosen = rules.chosen_setting(matches=matches, unit=policy.unit)
    return policy.default if chosen is None or chosen.amount is None else chosen.amount


def register_version() -> int:
    """Return the number of the register's present state, 0 before the first load."""
    return _register().number


@dataclass(frozen=True, kw_only=True)
class PolicyFilters:
    """What to list; None leaves a question open. ``words`` is a part of the name, the key or the rule."""

    key: str | None = None
    rule: str | None = None
    force: str | None = None
    jurisdiction: str | None = None
    company: str | None = None
    mark: str | None = None
    requirement: str | None = None
    valid_on: date | None = None
    known_at: datetime | None = None
    words: str | None = None


@dataclass(frozen=True)
class PolicyCard:
    """One row of a list: its id for later verbs, the entry, and where it came from."""

    policy_id: int
    entry: PolicyEntry
    origin: str
    closed_origin: str


@dataclass(frozen=True)
class PolicyPage:
    """A page of policies in the order of key and id; ``next_after`` asks for the next one, None at the end."""

    policies: tuple[PolicyCard, ...]
    next_after: str | None


def list_policies(*, filters: PolicyFilters, after: str | None = None, limit: int = 50) -> PolicyPage:
    """Return up to ``limit`` policies behind the cursor ``after``.

    Without ``known_at`` the corrected and withdrawn ones are there too.

    :raises NotFound: when the cursor is none that a page has given.
    """
    rows = _filtered(filters).in_order()
    if after is not None:
        key, pk = _cursor(after)
        rows = rows.filter(Q(key__gt=key) | Q(key=key, pk__gt=pk))
    found = list(rows[: limit + 1])
    page = found[:limit]
    next_after = f"{page[-1].key}|{page[-1].pk}" if len(found) > limit else None
    return PolicyPage(tuple(_card(row) for row in page), next_after)


def get_policy(*, policy_id: int) -> PolicyCard:
    """Return one policy.

    :raises NotFound: when there is none.
    """
    row = Policy.objects.filter(pk=policy_id).first()
    if row is None:
        raise NotFound
    return _card(row)


def _card(row: Policy) -> PolicyCard:
    return PolicyCard(policy_id=row.pk, entry=row.entry, origin=row.origin, closed_origin=row.closed_origin)


def _cursor(after: str) -> tuple[str, int]:
    key, _, pk = after.rpartition("|")
    if not pk.isascii() or not pk.isdigit():
        raise NotFound
    return key, int(pk)


def _filtered(filters: PolicyFilters) -> PolicyQuerySet:
    named = ("key", "rule", "force", "jurisdiction", "company", "mark", "requirement")
    rows = Policy.objects.filter(**{name: wanted for name in named if (wanted := getattr(filters, name)) is not None})
    if filters.known_at is not None:
        rows = rows.known_at(filters.known_at)
    if (day := filters.valid_on) is not None:
        rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)
    if words := filters.words:
        names = Q(name_zh__icontains=words) | Q(name_en__icontains=words)
        rows = rows.filter(names | Q(key__icontains=words) | Q(rule__icontains=words))
    return rows


# What this process remembers.


@dataclass(slots=True)
class _Memory:
    """What the whole process has read. ``turn`` counts the times it was forgotten, so that an older reading is not put back."""

    register: _Register | None = None
    turn: int = 0


_memory = _Memory()
_own = threading.local()  # the register as the thread's open transaction has changed it
_write_numbers = count(1)


class _Write:
    """The mark of an own write: it waits among the transaction's commit hooks and is gone with a rollback."""

    def __init__(self) -> None:
        self.number = next(_write_numbers)

    def __call__(self) -> None:
        forget()


def forget() -> None:
    """Let the next question read the register again."""
    _memory.turn += 1
    _memory.register = None
    _own.register = None


def mark_written() -> None:
    """Say that the open transaction has changed the register; called by the verb that did."""
    transaction.on_commit(_Write())
    _own.register = None


def _register() -> _Register:
    pending = tuple(hook[1].number for hook in connection.run_on_commit if isinstance(hook[1], _Write))
    return _uncommitted(pending) if pending else _committed()


def _uncommitted(pending: tuple[int, ...]) -> _Register:
    register: _Register | None = getattr(_own, "register", None)
    if register is None or register.own_writes != pending:
        register = _own.register = _read(pending)
    return register


def _committed() -> _Register:
    register = _memory.register
    now_s = time.monotonic()
    if register is not None:
        if now_s - register.checked_s < CHECK_EVERY_S:
            return register
        register.checked_s = now_s
        if _present_stamp() == register.stamp:
            return register
    turn = _memory.turn
    register = _read(())
    if turn == _memory.turn:
        _memory.register = register
    return register


def _present_stamp() -> UUID | None:
    return RegisterVersion.objects.filter(pk=1).values_list("stamp", flat=True).first()


def _read(own_writes: tuple[int, ...]) -> _Register:
    """Read version and rows. The version is read first: a change in between makes the next check read again."""
    number, stamp = RegisterVersion.objects.filter(pk=1).values_list("number", "stamp").first() or (0, None)
    entries = tuple(row.entry for row in Policy.objects.in_order())
    instants = {entry.known_from for entry in entries} | {entry.known_until for entry in entries if entry.known_until}
    return _Register(number, stamp, own_writes, entries, sorted(instants), time.monotonic())


def _by_key(entries: Iterable[PolicyEntry]) -> Entries:
    grouped: dict[str, list[PolicyEntry]] = defaultdict(list)
    for entry in entries:
        grouped[entry.key].append(entry)
    return MappingProxyType({key: tuple(group) for key, group in grouped.items()})
