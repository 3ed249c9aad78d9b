"""Building the network, device by device from the substation down."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.network import rules
from shouwen.records.network.choices import TransformerUse
from shouwen.records.network.events import FeederAdded, SubstationAdded, SwitchAdded, TransformerAdded
from shouwen.records.network.models import Device, Feeder, Substation, Switch, Transformer
from shouwen.records.network.permissions import must_edit_network

SomeDevice = TypeVar("SomeDevice", bound=Device)


class CannotAddDevice(Refusal):
    """The code cannot be used, or is taken."""


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
    row = Feeder.objects.create(
        code=code, name=name, substation=substation, path=rules.path_of(code=code, parent_path=substation.path)
    )
    announce(FeederAdded(feeder_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


@transaction.atomic
def add_switch(*, feeder_id: int, upstream_id: int | None = None, code: str, name: str, actor_id: int, at: datetime) -> int:
    """Add a switch on a feeder, below the switch ``upstream_id`` or directly on the feeder, and return its id.

    :raises CannotAddDevice: when the code is taken or no code, or the upstream switch is on another feeder.
    :raises NotFound: when there is no such feeder or switch.
    """
    _check(Switch, code, actor_id, at)
    feeder = _get(Feeder, feeder_id)
    upstream = _switch_on(feeder, upstream_id)
    path = rules.path_of(code=code, parent_path=(upstream or feeder).path)
    row = Switch.objects.create(code=code, name=name, feeder=feeder, upstream=upstream, path=path)
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
        path=rules.path_of(code=code, parent_path=(switch or feeder).path),
    )
    announce(TransformerAdded(transformer_id=row.pk, path=row.path, actor_id=actor_id, at=at))
    return row.pk


def _check(kind: type[Device], code: str, actor_id: int, at: datetime) -> None:
    must_edit_network(get_viewer(staff_id=actor_id, at=at))
    if not rules.is_code(code):
        raise CannotAddDevice("%(code)s cannot be a device's code: use letters, digits, - and _.", code=code)
    if kind._default_manager.filter(code=code).exists():
        raise CannotAddDevice("The code %(code)s is taken.", code=code)


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
