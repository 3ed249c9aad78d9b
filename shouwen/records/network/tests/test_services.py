"""Building the network."""

from datetime import UTC, datetime

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.models import Post, Staff, Unit
from shouwen.records.network import queries, services
from shouwen.records.network.choices import AreaClass
from shouwen.records.network.models import Transformer
from shouwen.records.network.tests.factories import FeederFactory, SwitchFactory, TransformerFactory

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
