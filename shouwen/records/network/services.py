"""Building the network, device by device from the substation down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.network import rules
from shouwen.records.network.choices import DeviceKind, TransformerUse
from shouwen.records.network.events import FeederAdded, SubstationAdded, SwitchAdded, TransformerAdded
from shouwen.records.network.models import Device, Feeder, Substation, Switch, Transformer
from shouwen.records.network.permissions import must_edit_network

SomeDevice = TypeVar("SomeDevice", bound=Device)
PATH_LIMIT = 300
FIELDS = {"path": "parent", "is_normally_closed": "normally"}  # how a list calls what the tables call otherwise
MODELS: dict[DeviceKind, type[Device]] = {
    DeviceKind.SUBSTATION: Substation,
    DeviceKind.FEEDER: Feeder,
    DeviceKind.SWITCH: Switch,
    DeviceKind.TRANSFORMER: Transformer,
}
PARENTS: dict[DeviceKind, tuple[DeviceKind, ...]] = {
    DeviceKind.SUBSTATION: (),
    DeviceKind.FEEDER: (DeviceKind.SUBSTATION,),
    DeviceKind.SWITCH: (DeviceKind.FEEDER, DeviceKind.SWITCH),
    DeviceKind.TRANSFORMER: (DeviceKind.FEEDER, DeviceKind.SWITCH),
}


class CannotAddDevice(Refusal):
    """The code cannot be used, or is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceEntry:
    """A device as a list states it; what is empty or None is left open.

    ``parent_code`` is of the device right above it, ``parent_kind`` tells a feeder from a switch of the same code. ``area_class``, ``use``
    and ``capacity_kva`` are a transformer's, ``is_normally_closed`` is a switch's.
    """

    kind: DeviceKind
    code: str
    name: str
    parent_code: str = ""
    parent_kind: str = ""
    area_class: str = ""
    use: str = ""
    capacity_kva: int | None = None
    is_normally_closed: bool | None = None


@transaction.atomic
def add_substation(*, code: str, name: str, actor_id: int, at: datetime) -> int:
    """Add a substation and return its id.

    :raises CannotAddDevice: when the code is taken or no code.
    """
    _check(Substation, code, actor_id, at)
    row = Substation.objects.create(code=code, name=name, path=rules.path_of(code=code, parent_path=""))
    announce(SubstationAdded(substation_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


@transaction.atomic
def add_feeder(*, substation_id: int, code: str, name: str, actor_id: int, at: datetime) -> int:
    """Add a feeder of a substation and return its id.

    :raises CannotAddDevice: when the code is taken or no code.
    :raises NotFound: when there is no such substation.
    """
    _check(Feeder, code, actor_id, at)
    substation = _get(Substation, substation_id)
    row = Feeder.objects.create(code=code, name=name, substation=substation, path=_path(code, substation))
    announce(FeederAdded(feeder_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


@transaction.atomic
def add_switch(
    *,
    feeder_id: int,
    upstream_id: int | None = None,
    code: str,
    name: str,
    is_normally_closed: bool = True,
    actor_id: int,
    at: datetime,
) -> int:
    """Add a switch on a feeder, below the switch ``upstream_id`` or directly on the feeder, and return its id.

    :raises CannotAddDevice: when the code is taken or no code, or the upstream switch is on another feeder.
    :raises NotFound: when there is no such feeder or switch.
    """
    _check(Switch, code, actor_id, at)
    feeder = _get(Feeder, feeder_id)
    upstream = _switch_on(feeder, upstream_id)
    row = Switch.objects.create(
        code=code,
        name=name,
        feeder=feeder,
        upstream=upstream,
        is_normally_closed=is_normally_closed,
        path=_path(code, upstream or feeder),
    )
    announce(SwitchAdded(switch_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


@transaction.atomic
def add_transformer(
    *,
    feeder_id: int,
    switch_id: int | None = None,
    code: str,
    name: str,
    area_class: str,
    use: str = TransformerUse.PUBLIC,
    capacity_kva: int | None = None,
    actor_id: int,
    at: datetime,
) -> int:
    """Add a transformer below a switch or directly on a feeder and return its id. ``area_class`` is urban, rural or remote.

    :raises CannotAddDevice: when the code is taken or no code, or the switch is on another feeder.
    :raises NotFound: when there is no such feeder or switch.
    """
    _check(Transformer, code, actor_id, at)
    feeder = _get(Feeder, feeder_id)
    switch = _switch_on(feeder, switch_id)
    row = Transformer.objects.create(
        code=code,
        name=name,
        feeder=feeder,
        switch=switch,
        area_class=area_class,
        use=use,
        capacity_kva=capacity_kva,
        path=_path(code, switch or feeder),
    )
    announce(TransformerAdded(transformer_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


@transaction.atomic
def ensure_device(*, entry: DeviceEntry, actor_id: int, at: datetime) -> bool:
    """Add the device that ``entry`` states and return True; return False when it is there just so.

    :raises NotAllowed: unless the actor may change the network.
    :raises CannotAddDevice: when something of it is wrong or missing, or the device of this code is another.
    """
    must_edit_network(get_viewer(staff_id=actor_id, at=at))
    parent = _parent(entry)
    there = MODELS[entry.kind]._default_manager.filter(code=entry.code).first()
    if there is None:
        _add(entry, parent, actor_id, at)
        return True
    _must_be_the_same(there, entry, parent)
    return False


def _parent(entry: DeviceEntry) -> Device | None:
    """Return the device in service right above the one that ``entry`` states, None above a substation."""
    possible = PARENTS[entry.kind]
    if not possible:
        if entry.parent_code:
            raise CannotAddDevice("A substation hangs below nothing; leave its parent empty.")
        return None
    if not entry.parent_code:
        raise CannotAddDevice("It needs a parent: the device right above it.")
    kinds = [kind for kind in possible if entry.parent_kind in ("", kind)]
    rows = [MODELS[kind]._default_manager.filter(code=entry.parent_code, removed_at__isnull=True).first() for kind in kinds]
    found = [row for row in rows if row is not None]
    if len(found) > 1:
        raise CannotAddDevice("%(code)s is a feeder and a switch; state parent_kind.", code=entry.parent_code)
    if not found:
        raise CannotAddDevice("Its parent %(code)s is not in the network.", code=entry.parent_code)
    return found[0]


def _add(entry: DeviceEntry, parent: Device | None, actor_id: int, at: datetime) -> None:
    feeder_id, switch_id = (parent.feeder_id, parent.pk) if isinstance(parent, Switch) else (parent.pk if parent else 0, None)
    common: dict[str, Any] = {"code": entry.code, "name": entry.name, "actor_id": actor_id, "at": at}
    match entry.kind:
        case DeviceKind.SUBSTATION:
            add_substation(**common)
        case DeviceKind.FEEDER:
            add_feeder(substation_id=feeder_id, **common)
        case DeviceKind.SWITCH:
            is_closed = entry.is_normally_closed is not False
            add_switch(feeder_id=feeder_id, upstream_id=switch_id, is_normally_closed=is_closed, **common)
        case DeviceKind.TRANSFORMER:
            if not entry.area_class:
                raise CannotAddDevice("A transformer needs its area class: urban, rural or remote.")
            add_transformer(
                feeder_id=feeder_id,
                switch_id=switch_id,
                area_class=entry.area_class,
                use=entry.use or TransformerUse.PUBLIC,
                capacity_kva=entry.capacity_kva,
                **common,
            )


def _must_be_the_same(there: Device, entry: DeviceEntry, parent: Device | None) -> None:
    """Refuse an entry that says something else than what is there; what it leaves open is not compared."""
    if there.removed_at is not None:
        raise CannotAddDevice("%(code)s was removed from the network.", code=entry.code)
    path = rules.path_of(code=entry.code, parent_path=parent.path if parent else "")
    stated: dict[str, object] = {"name": entry.name, "path": path}
    if entry.kind == DeviceKind.SWITCH:
        stated |= {"is_normally_closed": entry.is_normally_closed}
    if entry.kind == DeviceKind.TRANSFORMER:
        stated |= {"area_class": entry.area_class, "use": entry.use, "capacity_kva": entry.capacity_kva}
    otherwise = [name for name, value in stated.items() if value not in ("", None) and getattr(there, name) != value]
    if otherwise:
        fields = ", ".join(FIELDS.get(name, name) for name in otherwise)
        raise CannotAddDevice("%(code)s is in the network already, with another %(fields)s.", code=entry.code, fields=fields)


def _check(kind: type[Device], code: str, actor_id: int, at: datetime) -> None:
    must_edit_network(get_viewer(staff_id=actor_id, at=at))
    if not rules.is_code(code):
        raise CannotAddDevice("%(code)s cannot be a device's code: use letters, digits, - and _.", code=code)
    if kind._default_manager.filter(code=code).exists():
        raise CannotAddDevice("The code %(code)s is taken.", code=code)


def _path(code: str, parent: Device) -> str:
    """Return the path of a device below ``parent``.

    :raises CannotAddDevice: when it would have too many devices.
    """
    path = rules.path_of(code=code, parent_path=parent.path)
    if len(path) > PATH_LIMIT:
        raise CannotAddDevice("The way from the substation to %(code)s is too long.", code=code)
    return path


def _get(kind: type[SomeDevice], device_id: int) -> SomeDevice:
    rows: QuerySet[SomeDevice] = kind._default_manager.all()  # type: ignore[assignment]
    row = rows.filter(pk=device_id, removed_at__isnull=True).first()
    if row is None:
        raise NotFound
    return row


def _switch_on(feeder: Feeder, switch_id: int | None) -> Switch | None:
    if switch_id is None:
        return None
    switch = _get(Switch, switch_id)
    if switch.feeder_id != feeder.pk:
        raise CannotAddDevice("The switch %(code)s is on another feeder.", code=switch.code)
    return switch
