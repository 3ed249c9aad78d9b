"""Building the network."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.models import Post, Staff, Unit
from shouwen.records.network import queries, services
from shouwen.records.network.choices import AreaClass, DeviceKind
from shouwen.records.network.models import Feeder, Switch, Transformer
from shouwen.records.network.tests.factories import FeederFactory, SubstationFactory, SwitchFactory, TransformerFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def staff_with(role: str) -> int:
    unit, _ = Unit.objects.get_or_create(code="01", defaults={"name": "Company", "kind": "company", "path": "01."})
    person = Staff.objects.create(staff_no=f"N-{role}", name=role, home_unit=unit)
    Post.objects.create(staff=person, role=role, unit=unit, held_from=datetime(2020, 1, 1, tzinfo=UTC))
    return person.pk


def test_a_transformer_is_reached_from_its_substation_by_its_path() -> None:
    planner = staff_with("outage_planner")

    substation_id = services.add_substation(code="DM", name="Dongmen", actor_id=planner, at=NOON)
    feeder_id = services.add_feeder(substation_id=substation_id, code="F03", name="Line 3", actor_id=planner, at=NOON)
    switch_id = services.add_switch(feeder_id=feeder_id, code="K1", name="First", actor_id=planner, at=NOON)
    lower_id = services.add_switch(
        feeder_id=feeder_id, upstream_id=switch_id, code="K2", name="Second", actor_id=planner, at=NOON
    )
    transformer_id = services.add_transformer(
        feeder_id=feeder_id,
        switch_id=lower_id,
        code="T17",
        name="Wensan Road",
        area_class=AreaClass.URBAN,
        actor_id=planner,
        at=NOON,
    )

    assert queries.get_transformer(transformer_id=transformer_id).path == "DM.F03.K1.K2.T17."
    assert [card.id for card in queries.list_transformers_below(path="DM.F03.K1.")] == [transformer_id]
    assert [fact.kind for fact in list_facts(case_kind="transformer", case_id=transformer_id)] == ["TransformerAdded"]


def test_below_a_device_is_neither_its_neighbour_nor_what_was_removed() -> None:
    feeder = FeederFactory(code="F03")
    mine = TransformerFactory(feeder=feeder)
    TransformerFactory(feeder=FeederFactory(code="F031", substation=feeder.substation))
    TransformerFactory(feeder=feeder, removed_at=NOON)

    assert [card.id for card in queries.list_transformers_below(path=feeder.path)] == [mine.pk]
    assert queries.list_transformers_below(path="") == []
    assert queries.transformer_ids_by_code(codes=[mine.code, "unknown"]) == {mine.code: mine.pk}


def test_a_code_is_refused_when_taken_or_with_a_dot() -> None:
    planner = staff_with("outage_planner")
    taken = FeederFactory()

    for code in (taken.code, "F.1"):
        with pytest.raises(services.CannotAddDevice):
            services.add_feeder(substation_id=taken.substation_id, code=code, name="x", actor_id=planner, at=NOON)


def test_a_switch_of_another_feeder_is_refused() -> None:
    planner = staff_with("outage_planner")
    feeder, stranger = FeederFactory(), SwitchFactory()

    with pytest.raises(services.CannotAddDevice):
        services.add_transformer(
            feeder_id=feeder.pk, switch_id=stranger.pk, code="T1", name="x", area_class="urban", actor_id=planner, at=NOON
        )

    assert not Transformer.objects.exists()


def test_an_unknown_parent_is_not_found_and_an_agent_may_not_build() -> None:
    planner, agent = staff_with("outage_planner"), staff_with("agent")

    with pytest.raises(NotFound):
        services.add_feeder(substation_id=1, code="F1", name="x", actor_id=planner, at=NOON)
    with pytest.raises(NotAllowed):
        services.add_substation(code="DM", name="x", actor_id=agent, at=NOON)


# From a list.


def entry(kind: DeviceKind, code: str, parent_code: str = "", **details: Any) -> services.DeviceEntry:
    return services.DeviceEntry(kind=kind, code=code, name=f"{kind} {code}", parent_code=parent_code, **details)


def ensure(wanted: services.DeviceEntry) -> bool:
    return services.ensure_device(entry=wanted, actor_id=staff_with("data_steward"), at=NOON)


def test_a_listed_device_is_added_once_below_its_parent() -> None:
    feeder = FeederFactory(code="F03")
    switch, transformer = (
        entry(DeviceKind.SWITCH, "K1", "F03", is_normally_closed=False),
        entry(DeviceKind.TRANSFORMER, "T17", "K1", area_class="rural", capacity_kva=400),
    )
    actor = staff_with("data_steward")

    told = [
        services.ensure_device(entry=one, actor_id=actor, at=NOON)
        for one in (switch, transformer, switch, transformer, entry(DeviceKind.TRANSFORMER, "T17", "K1"))
    ]

    assert told == [True, True, False, False, False]
    assert Switch.objects.get().is_normally_closed is False
    added = Transformer.objects.get()
    assert (added.path, added.feeder_id, added.use, added.capacity_kva) == (f"{feeder.path}K1.T17.", feeder.pk, "public", 400)


def test_a_parent_of_two_kinds_is_told_apart_by_its_kind() -> None:
    feeder = FeederFactory(code="X1")
    SwitchFactory(code="X1", feeder=feeder)

    with pytest.raises(services.CannotAddDevice) as refusal:
        ensure(entry(DeviceKind.TRANSFORMER, "T1", "X1", area_class="urban"))

    assert refusal.value.explain() == "X1 is a feeder and a switch; state parent_kind."
    assert not Transformer.objects.exists()


def test_a_parent_kind_decides() -> None:
    feeder = FeederFactory(code="X1")
    SwitchFactory(code="X1", feeder=feeder)

    ensure(entry(DeviceKind.TRANSFORMER, "T1", "X1", parent_kind="feeder", area_class="urban"))

    assert Transformer.objects.get().path == f"{feeder.path}T1."


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (entry(DeviceKind.SUBSTATION, "S9", "S1"), "A substation hangs below nothing; leave its parent empty."),
        (entry(DeviceKind.FEEDER, "F9"), "It needs a parent: the device right above it."),
        (entry(DeviceKind.FEEDER, "F9", "S1", parent_kind="feeder"), "Its parent S1 is not in the network."),
        (entry(DeviceKind.FEEDER, "F1", "S1"), "F1 is in the network already, with another name."),
        (entry(DeviceKind.FEEDER, "F2", "S1"), "F2 was removed from the network."),
        (entry(DeviceKind.SWITCH, "K9", "F2"), "Its parent F2 is not in the network."),
        (entry(DeviceKind.TRANSFORMER, "T9", "F1"), "A transformer needs its area class: urban, rural or remote."),
    ],
)
def test_a_listed_device_that_cannot_be_is_refused_and_nothing_is_added(wanted: services.DeviceEntry, says: str) -> None:
    substation = SubstationFactory(code="S1")
    FeederFactory(code="F1", substation=substation)
    FeederFactory(code="F2", substation=substation, removed_at=NOON)

    with pytest.raises(services.CannotAddDevice) as refusal:
        ensure(wanted)

    assert refusal.value.explain() == says
    assert (Feeder.objects.count(), Switch.objects.count(), Transformer.objects.count()) == (2, 0, 0)


def test_a_way_from_the_substation_that_is_too_long_is_refused() -> None:
    switch = SwitchFactory(path="S." * 145)

    with pytest.raises(services.CannotAddDevice):
        ensure(entry(DeviceKind.SWITCH, "K234567890", switch.code))


def test_an_agent_may_not_bring_a_list() -> None:
    with pytest.raises(NotAllowed):
        services.ensure_device(entry=entry(DeviceKind.SUBSTATION, "DM"), actor_id=staff_with("agent"), at=NOON)
