"""Changing the register: loading the handbook, correcting, adding, withdrawing. The old statement stays, with its known time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies import permissions, queries, rules
from shouwen.platform.policies.choices import Origin
from shouwen.platform.policies.events import PolicyRevised, PolicyWithdrawn, RegisterLoaded
from shouwen.platform.policies.models import Policy, RegisterVersion
from shouwen.platform.policies.rules import PolicyEntry, PolicyInvalid, Problem

Subject = tuple[str, str]  # rule id and key: what one line of statements is about


class PoliciesContradict(Refusal):
    """Two entries state the same rule about the same key for the same time."""

    message = "These policies contradict each other: %(pairs)s."


class CannotRevise(Refusal):
    """The policy cannot be replaced, added or withdrawn like this."""


@dataclass(frozen=True, kw_only=True)
class LoadCount:
    """What a load did. ``kept`` names the rules of the handbook that an administrator here has decided otherwise."""

    inserted: int
    closed: int
    unchanged: int
    kept: tuple[str, ...]


def load_register(*, folder: Path, actor_id: int | None, at: datetime) -> LoadCount:
    """Read every ``*.yaml`` file of ``folder`` into the register.

    :raises PolicyInvalid: names every fault of every file; nothing is loaded then.
    :raises PoliciesContradict: when two entries of the files do.
    """
    return learn_entries(entries=read_folder(folder=folder), actor_id=actor_id, at=at)


def read_folder(*, folder: Path) -> tuple[PolicyEntry, ...]:
    """Return the entries of a handbook folder, files in the order of their names.

    :raises PolicyInvalid: names every fault of every file.
    """
    entries: list[PolicyEntry] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            entries += rules.parse_text(text=path.read_text(encoding="utf-8"), where=path.name)
        except UnicodeDecodeError as error:
            problems.append(Problem(path.name, "the file", "-", f"is not UTF-8: {error.reason} at byte {error.start}"))
        except PolicyInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise PolicyInvalid(tuple(problems))
    return tuple(entries)


@transaction.atomic
def learn_entries(*, entries: Sequence[PolicyEntry], actor_id: int | None, at: datetime) -> LoadCount:
    """Take the handbook's entries into the register; what stands there unchanged is left alone.

    The first load takes the known times as they are written. Afterwards nothing can be learned into the past: a changed entry
    closes the known time of the old one at ``at`` and is known from ``at`` itself. What an administrator has decided here is
    kept. A rule that the handbook no longer mentions is left; an entry is withdrawn by closing its known time in the file, or by
    ``withdraw_policy``.

    :raises PoliciesContradict: when two entries do.
    """
    _check_contradictions(entries)
    version = _lock_register()
    rows = list(Policy.objects.select_for_update().order_by("pk"))
    change = _changes(rows, entries, at) if rows else _Change(insert=list(entries))
    if change.is_empty:
        return change.count()
    for row, closed_at in change.close:
        _close(row, origin=Origin.HANDBOOK, actor_id=actor_id, at=closed_at)
    _insert(change.insert, origin=Origin.HANDBOOK, actor_id=actor_id)
    _count_up(version)
    announce(
        RegisterLoaded(
            register_id=version.number,
            inserted_count=len(change.insert),
            closed_count=len(change.close),
            keys=change.keys(),
            actor_id=actor_id,
            at=at,
        )
    )
    return change.count()


@transaction.atomic
def revise_policy(*, policy_id: int, entries: Sequence[PolicyEntry], why: str, actor_id: int, at: datetime) -> tuple[int, ...]:
    """Replace a policy by one or more entries about the same rule and key, known from ``at``; return their ids.

    Two entries are needed when a figure changes on a day to come: the old figure until that day, the new one from it.

    :raises NotAllowed: unless the actor is an administrator.
    :raises NotFound: when there is no such policy.
    :raises CannotRevise: when it is no longer held, nothing would change, or the entries do not fit.
    """
    permissions.must_keep_register(actor_id=actor_id, at=at)
    version = _lock_register()
    row = _held(policy_id, at)
    if not entries or any((entry.rule, entry.key) != (row.rule, row.key) for entry in entries):
        raise CannotRevise("A revision speaks of the same rule and key: %(rule)s %(key)s.", rule=row.rule, key=row.key)
    if [entry.digest for entry in entries] == [row.digest]:
        raise CannotRevise("The revision of %(rule)s %(key)s says the same as before.", rule=row.rule, key=row.key)
    learned = [replace(entry, known_from=at.astimezone(UTC), known_until=None) for entry in entries]
    _check_fits(learned, besides=row)
    _close(row, origin=Origin.DESK, actor_id=actor_id, at=at)
    new_ids = _insert(learned, origin=Origin.DESK, actor_id=actor_id)
    _count_up(version)
    announce(
        PolicyRevised(policy_id=row.pk, key=row.key, rule=row.rule, new_policy_ids=new_ids, why=why, actor_id=actor_id, at=at)
    )
    return new_ids


@transaction.atomic
def add_policy(*, entry: PolicyEntry, why: str, actor_id: int, at: datetime) -> int:
    """Add a policy that the handbook does not have, known from ``at``; return its id.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotRevise: when it contradicts a policy that is held.
    """
    permissions.must_keep_register(actor_id=actor_id, at=at)
    version = _lock_register()
    learned = replace(entry, known_from=at.astimezone(UTC), known_until=None)
    _check_fits([learned], besides=None)
    (new_id,) = _insert([learned], origin=Origin.DESK, actor_id=actor_id)
    _count_up(version)
    announce(
        PolicyRevised(
            policy_id=new_id, key=entry.key, rule=entry.rule, new_policy_ids=(new_id,), why=why, actor_id=actor_id, at=at
        )
    )
    return new_id


@transaction.atomic
def withdraw_policy(*, policy_id: int, why: str, actor_id: int, at: datetime) -> None:
    """Hold a policy no longer true from ``at`` on. Verdicts given before stay as they are.

    :raises NotAllowed: unless the actor is an administrator.
    :raises NotFound: when there is no such policy.
    :raises CannotRevise: when it is no longer held.
    """
    permissions.must_keep_register(actor_id=actor_id, at=at)
    version = _lock_register()
    row = _held(policy_id, at)
    _close(row, origin=Origin.DESK, actor_id=actor_id, at=at)
    _count_up(version)
    announce(PolicyWithdrawn(policy_id=row.pk, key=row.key, rule=row.rule, why=why, actor_id=actor_id, at=at))


@dataclass(kw_only=True)
class _Change:
    insert: list[PolicyEntry] = field(default_factory=list)
    close: list[tuple[Policy, datetime]] = field(default_factory=list)
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.insert and not self.close

    def keys(self) -> tuple[str, ...]:
        return tuple(sorted({entry.key for entry in self.insert} | {row.key for row, _ in self.close}))

    def count(self) -> LoadCount:
        return LoadCount(
            inserted=len(self.insert), closed=len(self.close), unchanged=self.unchanged, kept=tuple(sorted(set(self.kept)))
        )


def _changes(rows: Iterable[Policy], entries: Iterable[PolicyEntry], at: datetime) -> _Change:
    """Compare the handbook with the register, one subject at a time."""
    rows_of: dict[Subject, list[Policy]] = defaultdict(list)
    told_of: dict[Subject, list[PolicyEntry]] = defaultdict(list)
    for row in rows:
        rows_of[row.rule, row.key].append(row)
    for entry in entries:
        told_of[entry.rule, entry.key].append(entry)
    change = _Change()
    for subject, told in told_of.items():
        _compare(change, rows_of[subject], told, at)
    return change


def _compare(change: _Change, rows: list[Policy], told: list[PolicyEntry], at: datetime) -> None:
    held = [row for row in rows if row.known_until is None]
    if any(row.origin == Origin.DESK for row in held):
        change.kept.append(f"{held[0].rule} {held[0].key}")
        return
    moment = max([at, *(row.known_from for row in rows), *(row.known_until for row in rows if row.known_until)])
    present = [entry for entry in told if entry.known_until is None or entry.known_until > at]
    standing = {row.digest for row in rows if row.known_until is None or row.known_until > at}
    withdrawn = {row.digest for row in rows if row.closed_origin == Origin.DESK}
    for entry in present:
        if entry.digest in standing:
            change.unchanged += 1
        elif entry.digest in withdrawn:
            change.kept.append(f"{entry.rule} {entry.key}")
        else:
            change.insert.append(_learned(entry, moment))
    said = {entry.digest for entry in present}
    change.close += [(row, moment) for row in held if row.digest not in said]


def _learned(entry: PolicyEntry, moment: datetime) -> PolicyEntry:
    known_from = max(entry.known_from, moment)
    known_until = None if entry.known_until is None else max(entry.known_until, known_from)
    return replace(entry, known_from=known_from, known_until=known_until)


def _lock_register() -> RegisterVersion:
    """Let one writer at a time change the register."""
    RegisterVersion.objects.get_or_create(pk=1)
    return RegisterVersion.objects.select_for_update().get(pk=1)


def _count_up(version: RegisterVersion) -> None:
    version.number += 1
    version.stamp = uuid4()
    version.save(update_fields=["number", "stamp"])
    queries.mark_written()


def _held(policy_id: int, at: datetime) -> Policy:
    row = Policy.objects.select_for_update().filter(pk=policy_id).first()
    if row is None:
        raise NotFound
    if row.known_until is not None:
        raise CannotRevise("%(rule)s %(key)s is no longer held; a later entry stands.", rule=row.rule, key=row.key)
    if at < row.known_from:
        raise CannotRevise("%(rule)s %(key)s was learned only at %(since)s.", rule=row.rule, key=row.key, since=row.known_from)
    return row


def _check_contradictions(entries: Iterable[PolicyEntry]) -> None:
    if pairs := rules.contradictions(entries=entries):
        named = ", ".join(f"{one.rule} {one.key} from {one.valid_from} and from {other.valid_from}" for one, other in pairs)
        raise PoliciesContradict(pairs=named)


def _check_fits(learned: Sequence[PolicyEntry], *, besides: Policy | None) -> None:
    """Refuse what contradicts another statement about the same rule and key, or itself."""
    rows = Policy.objects.filter(rule=learned[0].rule, key=learned[0].key)
    others = [row.entry for row in rows if row != besides]
    if pairs := rules.contradictions(entries=[*others, *learned]):
        other = pairs[0][0]
        raise CannotRevise(
            "%(rule)s %(key)s already says something for the time from %(since)s.",
            rule=other.rule,
            key=other.key,
            since=other.valid_from,
        )


def _close(row: Policy, *, origin: Origin, actor_id: int | None, at: datetime) -> None:
    row.known_until, row.closed_origin, row.closed_by_id = at, origin, actor_id
    row.save(update_fields=["known_until", "closed_origin", "closed_by"])


def _insert(entries: Iterable[PolicyEntry], *, origin: Origin, actor_id: int | None) -> tuple[int, ...]:
    rows = [_row(entry, origin, actor_id) for entry in entries]
    return tuple(row.pk for row in Policy.objects.bulk_create(rows))


def _row(entry: PolicyEntry, origin: Origin, actor_id: int | None) -> Policy:
    return Policy(
        key=entry.key,
        rule=entry.rule,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        force=entry.force,
        statistic=entry.statistic,
        percentile=entry.percentile,
        sense=entry.sense,
        jurisdiction=entry.jurisdiction,
        company=entry.company,
        requirement=entry.requirement,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        known_from=entry.known_from,
        known_until=entry.known_until,
        mark=entry.mark,
        source=entry.source,
        note_zh=entry.note_zh,
        note_en=entry.note_en,
        unit=entry.unit,
        values_by_class=[value.as_row() for value in entry.values],
        digest=entry.digest,
        origin=origin,
        entered_by_id=actor_id,
        closed_origin=Origin.HANDBOOK if entry.known_until else "",
    )
