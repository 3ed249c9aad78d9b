"""Who hears what: the register that ``@hears`` fills when the flats' ``handlers`` are imported.

A hearer is named by its place (``satisfaction.plan_survey``): the name is part of the delivery row, so renaming one needs a migration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from shouwen.kernel.facts import Fact, Json

F = TypeVar("F", bound=Fact)
Reader = Callable[[Any], Any]


@dataclass(frozen=True)
class Hearer:
    """One reaction to one kind of fact."""

    name: str
    kind: type[Fact]
    react: Callable[[Any], None]


_known_kinds: dict[str, type[Fact]] = {}
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


def kind_named(name: str) -> type[Fact]:
    """Return one declared kind of fact.

    :raises KeyError: when this version does not declare it.
    """
    if name not in _known_kinds:
        _known_kinds.update(all_kinds())
    return _known_kinds[name]


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
    readers = _readers(kind)  # type: ignore[arg-type]  # every class can be hashed, also one named by a variable
    values = {name: readers[name](value) for name, value in payload.items() if name in readers}
    return kind(at=at, actor_id=actor_id, **values)


@cache
def _readers(kind: type[Fact]) -> dict[str, Reader]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items() if name not in ("at", "actor_id", "case_kind")}


def _reader(hint: Any) -> Reader:
    """Return how a value of type ``hint`` is read back from its JSON: the reverse of ``kernel.facts.as_json``."""
    parts = [part for part in get_args(hint) if part not in (NoneType, ...)]
    if get_origin(hint) is tuple:
        return partial(_read_tuple, _reader(parts[0]))
    if parts:  # an optional value
        return partial(_read_optional, _reader(parts[0]))
    return READERS.get(hint, _as_it_is)


def _read_tuple(read: Reader, value: list[Json]) -> tuple[Any, ...]:
    return tuple(read(part) for part in value)


def _read_optional(read: Reader, value: Json) -> Any:
    return None if value is None else read(value)


def _as_it_is(value: Json) -> Json:
    return value


READERS: dict[type, Reader] = {datetime: datetime.fromisoformat, date: date.fromisoformat, Decimal: Decimal}


__all__ = ["Hearer", "all_kinds", "fact_from_row", "forget", "hearer_named", "hearers_of", "hears", "kind_named"]
