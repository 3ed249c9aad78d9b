"""What a fact is: something that has happened, told once, never changed.

A flat declares its facts in ``events.py`` as frozen dataclasses of primitives::

    @dataclass(frozen=True, kw_only=True)
    class WorkOrderOpened(Fact):
        case_kind = "work_order"
        work_order_id: int
        norm_id: str

The field named ``<case_kind>_id`` is the case that the fact belongs to: one case's facts in order are its history.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

Primitive = str | int | bool | None | Decimal | datetime | date | tuple["Primitive", ...]
Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """The root of all facts. ``at`` is when it happened (not when it was written); ``actor_id`` who did it, None for nobody."""

    case_kind: ClassVar[str] = ""

    at: datetime
    actor_id: int | None

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    @property
    def case_id(self) -> int:
        return int(getattr(self, f"{self.case_kind}_id"))

    def payload(self) -> dict[str, Json]:
        """Return the fact's own fields as JSON: instants in UTC, decimals as text, tuples as lists."""
        common = {"at", "actor_id"}
        return {field.name: as_json(getattr(self, field.name)) for field in fields(self) if field.name not in common}


def as_json(value: Primitive) -> Json:
    """Return ``value`` as JSON that reads back to the same value by the field's type."""
    match value:
        case None | bool() | str() | int():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date() | Decimal():
            return str(value)
        case tuple():
            return [as_json(part) for part in value]
    raise TypeError(f"A fact holds primitives only, not {type(value).__name__}.")
