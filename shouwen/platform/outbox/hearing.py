"""Who hears what: the register that ``@hears`` fills when the flats' ``handlers`` are imported.

A hearer is named by its place (``satisfaction.plan_survey``): the name is part of the delivery row, so renaming one needs a migration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_type_hints

from shouwen.kernel.facts import Fact, Json

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Hearer:
    """One reaction to one kind of fact."""

    name: str
    kind: type[Fact]
    react: Callable[[Any], None]


_by_kind: dict[str, list[Hearer]] = defaultdict(list)
_by_name: dict[str, Hearer] = {}


def hears(kind: type[F]) -> Callable[[Callable[[F], None]], Callable[[F], None]]:
    """Register the decorated function as a hearer of ``kind``."""

    def register(react: Callable[[F], None]) -> Callable[[F], None]:
        hearer = Hearer(name=f"{react.__module__.split('.')[-2]}.{react.__name__}", kind=kind, react=react)
        if hearer.name in _by_name:
            raise ValueError(f"Two hearers are called {hearer.name}.")
        _by_name[hearer.name] = hearer
        _by_kind[kind.kind()].append(hearer)
        return react

    return register


def hearers_of(kind: str) -> tuple[Hearer, ...]:
    return tuple(_by_kind.get(kind, ()))


def hearer_named(name: str) -> Hearer | None:
    return _by_name.get(name)


def forget(name: str) -> None:
    """Take a hearer off the register; for tests that add one."""
    hearer = _by_name.pop(name)
    _by_kind[hearer.kind.kind()].remove(hearer)


def all_kinds() -> dict[str, type[Fact]]:
    """Return every declared kind of fact by its name."""
    kinds: dict[str, type[Fact]] = {}
    waiting = list(Fact.__subclasses__())
    while waiting:
        kind = waiting.pop()
        kinds[kind.kind()] = kind
        waiting.extend(kind.__subclasses__())
    return kinds


def fact_from_row(*, kind: type[F], at: datetime, actor_id: int | None, payload: dict[str, Json]) -> F:
    """Return the fact that was announced, with its types; a field added since then takes its default."""
    readers = _readers(kind)
    values = {name: readers[name](value) for name, value in payload.items() if name in readers}
    return kind(at=at, actor_id=actor_id, **values)


@cache
def _readers(kind: type[Fact]) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items() if name not in ("at", "actor_id", "case_kind")}


def _reader(hint: Any) -> Callable[[Any], Any]:
    text = str(hint)
    for needle, read in (
        ("datetime", datetime.fromisoformat),
        ("Decimal", Decimal),
        ("date", date.fromisoformat),
        ("tuple", tuple),
    ):
        if needle in text and not (needle == "date" and hint is datetime):
            return lambda value, read=read: None if value is None else read(value)
    return lambda value: value


__all__ = ["Hearer", "all_kinds", "fact_from_row", "forget", "hearer_named", "hearers_of", "hears"]
