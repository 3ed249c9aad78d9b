"""Two people change one matter at once: what each saw decides, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as somebody saw it and as they want it."""

    seen: object
    wanted: object


@dataclass(frozen=True, slots=True)
class MergePlan:
    """``changes`` to write; ``conflicts``: fields that somebody else changed meanwhile to something else, with their present value."""

    changes: dict[str, object]
    conflicts: dict[str, object]


def merge_fields(*, present: Mapping[str, object], wanted: Mapping[str, FieldChange]) -> MergePlan:
    """Return which changes fit: a field still as it was seen, or already as it is wanted."""
    changes: dict[str, object] = {}
    conflicts: dict[str, object] = {}
    for name, change in wanted.items():
        now = present[name]
        if now == change.wanted:
            continue
        if now == change.seen:
            changes[name] = change.wanted
        else:
            conflicts[name] = now
    return MergePlan(changes, conflicts)
