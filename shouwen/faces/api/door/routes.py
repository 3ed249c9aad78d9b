"""Which endpoint an address means: a tree of its parts, so that the hundredth endpoint is found as fast as the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from ninja import NinjaAPI
from ninja.operation import Operation


@dataclass(slots=True)
class _Place:
    parts: dict[str, _Place] = field(default_factory=dict)
    any_part: _Place | None = None
    name: str = ""  # of the part that leads here, when it may be any
    operations: dict[str, Operation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an address: an operation for each method, and the parts of the address that are values."""

    operations: dict[str, Operation]
    values: dict[str, str]


class Routes:
    """The endpoints of an API. A part that is written out goes before one that may be any."""

    def __init__(self, api: NinjaAPI) -> None:
        self._root = _Place()
        for path, operation in operations_of(api):
            place = self._root
            for part in path.strip("/").split("/"):
                place = _below(place, part)
            place.operations |= dict.fromkeys(operation.methods, operation)

    def find(self, path: str) -> Found | None:
        """Return what stands at ``path`` (below the root of the API), None when nothing does."""
        place, values = self._root, {}
        for part in path.split("/"):
            if (named := place.parts.get(part)) is not None:
                place = named
            elif place.any_part is not None and part:
                place = place.any_part
                values[place.name] = part
            else:
                return None
        return Found(place.operations, values) if place.operations else None


def operations_of(api: NinjaAPI) -> Iterator[tuple[str, Operation]]:
    """Yield every operation with its path below the root of the API."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield f"{router.prefix}{path}", operation


@cache
def asked_by(operation: Operation) -> frozenset[str]:
    """Return the names that an operation takes after the question mark."""
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return frozenset(name for model in models for name in getattr(model, "__ninja_flatten_map__", {}))


def _below(place: _Place, part: str) -> _Place:
    if not part.startswith("{"):
        return place.parts.setdefault(part, _Place())
    if place.any_part is None:
        place.any_part = _Place(name=part.strip("{}"))
    assert place.any_part.name == part.strip("{}"), f"one place, two names: {part}"
    return place.any_part
