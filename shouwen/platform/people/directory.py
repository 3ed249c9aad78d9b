"""The tree of units as this process remembers it for a few seconds: every matter that is opened or handed on asks for units.

A room between models and queries, like ``principals``, and under the same promise: who changes the tree says ``forget_units``, and every
other process asks anew after ``VIEWER_CACHE_S``. A unit that is not remembered is asked for at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import transaction

from shouwen.kernel.freshness import FreshAnswers
from shouwen.platform.people import rules
from shouwen.platform.people.models import Unit
from shouwen.platform.people.principals import VIEWER_CACHE_S

UNIT_CARD = ("id", "code", "name", "kind", "path")
WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit in one line."""

    id: int
    code: str
    name: str
    kind: str
    path: str


_tree: FreshAnswers[str, Mapping[int, UnitCard]] = FreshAnswers(lifetime_s=VIEWER_CACHE_S)
_nearest: FreshAnswers[tuple[str, str], tuple[UnitCard, ...]] = FreshAnswers(lifetime_s=VIEWER_CACHE_S)


def unit(unit_id: int) -> UnitCard | None:
    """Return a unit that is open or was once, None when there is none."""
    found = _tree.get(WHOLE, _fetch_tree).get(unit_id)
    if found is None:
        _tree.forget(WHOLE)
        found = _tree.get(WHOLE, _fetch_tree).get(unit_id)
    return found


def nearest(kind: str, near_path: str) -> tuple[UnitCard, ...]:
    """Return the open units of a kind, the one nearest to ``near_path`` first."""
    return _nearest.get((kind, near_path), _fetch_nearest)


def _fetch_tree(_: str) -> Mapping[int, UnitCard]:
    cards = (UnitCard(*row) for row in Unit.objects.values_list(*UNIT_CARD))
    return MappingProxyType({card.id: card for card in cards})


def _fetch_nearest(asked: tuple[str, str]) -> tuple[UnitCard, ...]:
    kind, near_path = asked
    rows = Unit.objects.open().filter(kind=kind).values_list(*UNIT_CARD)
    cards = [UnitCard(*row) for row in rows]
    return tuple(sorted(cards, key=lambda card: rules.nearness(card.path, near_path=near_path)))


def forget_units() -> None:
    """Let a change of the tree be seen at once in this process, and again when it is committed."""
    forget_now()
    transaction.on_commit(forget_now)


def forget_now() -> None:
    """Forget the tree, whatever the database is doing."""
    _tree.forget_all()
    _nearest.forget_all()
