"""The network from a list of devices: what hangs below something comes after it, whatever the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shouwen.config.command.import_lists import Records, Stated
from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.rules import Layout, Problem, RowRefused
from shouwen.records.network.choices import AreaClass, DeviceKind, TransformerUse
from shouwen.records.network.services import DeviceEntry, ensure_device

OPEN, CLOSED = "open", "closed"
LAYOUT = Layout(
    limits={"code": 30, "name": 80, "parent": 30, "capacity_kva": 9},
    lists={
        "kind": frozenset(DeviceKind.values),
        "parent_kind": frozenset(DeviceKind.values),
        "area_class": frozenset(AreaClass.values),
        "use": frozenset(TransformerUse.values),
        "normally": frozenset({OPEN, CLOSED}),
    },
    needed=("kind", "code", "name"),
)
FROM_THE_TOP = list(DeviceKind)


def _read(stated: Stated) -> DeviceEntry:
    get = stated.values.get
    capacity = get("capacity_kva", "")
    if capacity and not (capacity.isascii() and capacity.isdigit()):
        raise RowRefused([Problem("capacity_kva", "The capacity is a whole number of kVA.", {})])
    return DeviceEntry(
        kind=DeviceKind(stated.values["kind"]),
        code=stated.values["code"],
        name=stated.values["name"],
        parent_code=get("parent", ""),
        parent_kind=get("parent_kind", ""),
        area_class=get("area_class", ""),
        use=get("use", ""),
        capacity_kva=int(capacity) if capacity else None,
        is_normally_closed={OPEN: False, CLOSED: True}.get(get("normally", "")),
    )


def _parents_first(entries: Sequence[DeviceEntry]) -> list[DeviceEntry]:
    ordered: list[DeviceEntry] = []
    for kind in FROM_THE_TOP:
        ordered += _upstream_first([entry for entry in entries if entry.kind is kind])
    return ordered


def _upstream_first(entries: list[DeviceEntry]) -> list[DeviceEntry]:
    """Return devices of one kind, each after the one of them that it hangs below; those that hang in a ring come last."""
    ordered: list[DeviceEntry] = []
    waiting = entries
    while waiting:
        codes = {entry.code for entry in waiting}
        ready = [entry for entry in waiting if not _hangs_below_one_of(entry, codes)]
        ordered += ready or waiting
        waiting = [entry for entry in waiting if _hangs_below_one_of(entry, codes)] if ready else []
    return ordered


def _hangs_below_one_of(entry: DeviceEntry, codes: set[str]) -> bool:
    return entry.parent_kind in ("", entry.kind) and entry.parent_code != entry.code and entry.parent_code in codes


def _take(entry: DeviceEntry, actor_id: int, at: datetime) -> ImportOutcome:
    is_new = ensure_device(entry=entry, actor_id=actor_id, at=at)
    return ImportOutcome.CREATED if is_new else ImportOutcome.UNCHANGED


DEVICES = Records(
    layout=LAYOUT,
    read=_read,
    key=lambda entry: ("code", (entry.kind, entry.code)),
    in_order=_parents_first,
    take=_take,
)
