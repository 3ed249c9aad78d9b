"""Which of the entries that hold binds a single case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shouwen.platform.policies.choices import Force, Reading, Reason, Statistic
from shouwen.platform.policies.rules.entries import PolicyEntry
from shouwen.platform.policies.rules.matches import Match

DueOf = Callable[[Decimal, str], datetime]

NOT_A_CAP = {Statistic.MEAN: Reason.MEAN_NOT_CAP, Statistic.PERCENTILE: Reason.PERCENTILE_NOT_CAP}
READING_FORCES = {
    Reading.LIABILITY: frozenset({Force.STATUTE, Force.STANDARD}),
    Reading.INDICATOR: frozenset({Force.COMMITMENT}),
    Reading.WARNING: frozenset({Force.INTERNAL}),
}


@dataclass(frozen=True, slots=True)
class Binding:
    """The entry that binds with its deadline, or None when nothing binds; and every other entry of the key with its reason."""

    bound: Match | None
    others: tuple[Match, ...]

    @property
    def entry(self) -> PolicyEntry | None:
        return self.bound.entry if self.bound else None

    @property
    def due_at(self) -> datetime | None:
        return self.bound.due_at if self.bound else None


def bind(*, matches: Iterable[Match], due_of: DueOf) -> Binding:
    """Return the cap whose deadline comes first; ``due_of(amount, unit)`` says when a limit ends for this case.

    Only a cap in a unit of time can bind a single case. Equal deadlines go to the stronger force, then to the lower rule id.
    For a notice that must be given so long *before* an event, ``due_of`` counts back from it: the longest notice comes first.
    """
    return _binding(*_dated_caps(matches, due_of), latest=False)


def bind_not_before(*, matches: Iterable[Match], due_of: DueOf) -> Binding:
    """Return the cap that allows something last: for "not before so long has passed" the latest instant binds, not the first."""
    return _binding(*_dated_caps(matches, due_of), latest=True)


def strictest(*, matches: Iterable[Match], reading: Reading, due_of: DueOf) -> Binding:
    """Return the strictest entry for one reading: liability (statute, standard), indicator (commitment) or warning (internal).

    A commitment that is a mean binds no single case, yet it is the yardstick of the indicator: there it counts beside the caps.
    """
    own, others = [], []
    for match in matches:
        if match.reason is None and match.entry.force not in READING_FORCES[reading]:
            others.append(Match(match.entry, match.amount, Reason.OTHER_FORCE))
        else:
            own.append(match)
    dated, unfit = _dated_caps(own, due_of, means_count=reading is Reading.INDICATOR)
    return _binding(dated, others + unfit, latest=False)


def _dated_caps(matches: Iterable[Match], due_of: DueOf, *, means_count: bool = False) -> tuple[list[Match], list[Match]]:
    """Return the matches that can bind, with their deadlines, and the others with their reasons."""
    dated, others = [], []
    for match in matches:
        entry, amount, reason, _ = match
        if reason is not None:
            others.append(match)
        elif amount is None or not entry.is_duration:
            others.append(Match(entry, amount, Reason.NOT_A_DURATION))
        elif entry.statistic is Statistic.CAP or means_count:
            dated.append(Match(entry, amount, None, due_of(amount, entry.unit)))
        else:
            others.append(Match(entry, amount, NOT_A_CAP[entry.statistic]))
    return dated, others


def _binding(dated: list[Match], others: list[Match], *, latest: bool) -> Binding:
    if not dated:
        return Binding(None, tuple(others))
    bound = dated[0]
    for match in dated:
        if match is not bound and _goes_before(match, bound, latest):
            bound = match
    losers = [Match(match.entry, match.amount, _why_lost(match, bound), match.due_at) for match in dated if match is not bound]
    return Binding(bound, (*losers, *others))


def _goes_before(one: Match, other: Match, latest: bool) -> bool:
    if one.due_at != other.due_at:
        return (one.due_at > other.due_at) is latest  # type: ignore[operator]  # both are dated
    return one.entry.standing < other.entry.standing


def _why_lost(match: Match, bound: Match) -> Reason:
    if match.due_at != bound.due_at:
        return Reason.LATER_DUE if match.due_at > bound.due_at else Reason.EARLIER_DUE  # type: ignore[operator]
    return Reason.SAME_DUE if match.entry.force is bound.entry.force else Reason.WEAKER_FORCE
