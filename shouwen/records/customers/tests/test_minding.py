"""Needs, sensitivities, tiers and representatives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shouwen.kernel.errors import BadInput, NotAllowed, NotFound
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.records.customers import services
from shouwen.records.customers.choices import NeedKind, SensitivityKind, Tier
from shouwen.records.customers.models import (
    Sensitivity,
    SpecialNeed,
)
from shouwen.records.customers.tests.factories import (
    NOON,
    CustomerFactory,
    SpecialNeedFactory,
    SupplyPointFactory,
    agent,
    steward,
    told_of,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


# Minding.


def test_life_support_is_recorded_with_its_end_and_reviewed_a_month_before_it() -> None:
    point, actor = SupplyPointFactory(), agent().pk
    customer_id = point.account.customer_id

    need_id = services.record_special_need(
        customer_id=customer_id,
        kind=NeedKind.LIFE_SUPPORT,
        supply_point_id=point.pk,
        note="Ventilator",
        until_at=datetime(2026, 12, 31, 16, tzinfo=UTC),
        actor_id=actor,
        at=NOON,
    )

    need = SpecialNeed.objects.get(pk=need_id)
    assert (need.note, need.recorded_at, need.review_on) == ("Ventilator", NOON, date(2026, 12, 2))
    assert need.ended_at == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert told_of(customer_id) == ["SpecialNeedRecorded"]


def test_what_ends_soon_is_reviewed_today() -> None:
    need_id = services.record_special_need(
        customer_id=CustomerFactory().pk,
        kind=NeedKind.LIFE_SUPPORT,
        until_at=NOON + timedelta(days=3),
        actor_id=agent().pk,
        at=NOON,
    )

    assert SpecialNeed.objects.get(pk=need_id).review_on == date(2026, 5, 6)


@pytest.mark.parametrize(("kind", "until_at"), [("life_support", None), ("disability", NOON), ("wings", None)])
def test_a_need_without_a_sound_end_is_refused(kind: str, until_at: datetime | None) -> None:
    customer = CustomerFactory()

    with pytest.raises(BadInput):
        services.record_special_need(customer_id=customer.pk, kind=kind, until_at=until_at, actor_id=agent().pk, at=NOON)

    assert not SpecialNeed.objects.exists()


def test_a_need_holds_once_at_a_time_and_again_after_its_end() -> None:
    need, actor = SpecialNeedFactory(), agent().pk

    with pytest.raises(services.AlreadyHolds):
        services.record_special_need(customer_id=need.customer_id, kind=need.kind, actor_id=actor, at=LATER)
    services.end_special_need(special_need_id=need.pk, actor_id=actor, at=LATER)
    with pytest.raises(services.HasEnded):
        services.end_special_need(special_need_id=need.pk, actor_id=actor, at=LATER)
    services.record_special_need(customer_id=need.customer_id, kind=need.kind, actor_id=actor, at=LATER)

    assert list(SpecialNeed.objects.order_by("pk").values_list("recorded_at", "ended_at")) == [(NOON, LATER), (LATER, None)]
    assert told_of(need.customer_id) == ["SpecialNeedEnded", "SpecialNeedRecorded"]


def test_a_need_at_a_place_of_somebody_else_is_not_found() -> None:
    customer, foreign = CustomerFactory(), SupplyPointFactory()

    with pytest.raises(NotFound):
        services.record_special_need(
            customer_id=customer.pk, kind="disability", supply_point_id=foreign.pk, actor_id=agent().pk, at=NOON
        )

    assert not SpecialNeed.objects.exists()


def test_a_sensitivity_is_noted_until_a_day() -> None:
    customer, actor = CustomerFactory(), agent().pk

    row_id = services.note_sensitivity(
        customer_id=customer.pk, kind=SensitivityKind.DISPUTE, note="Court", until_at=LATER, actor_id=actor, at=NOON
    )
    with pytest.raises(BadInput):
        services.note_sensitivity(customer_id=customer.pk, kind="dispute", note="x" * 2001, actor_id=actor, at=NOON)

    row = Sensitivity.objects.get()
    assert (row.pk, row.kind, row.note, row.noted_at, row.until_at) == (row_id, "dispute", "Court", NOON, LATER)
    assert told_of(customer.pk) == ["SensitivityNoted"]


# Ranking.


def test_a_tier_is_changed_by_those_who_may_and_told_from_what_to_what() -> None:
    customer, actor = CustomerFactory(), steward().pk

    changed = services.change_tier(customer_id=customer.pk, tier=Tier.KEY, actor_id=actor, at=NOON)
    again = services.change_tier(customer_id=customer.pk, tier=Tier.KEY, actor_id=actor, at=NOON)
    with pytest.raises(BadInput):
        services.change_tier(customer_id=customer.pk, tier="gold", actor_id=actor, at=NOON)

    assert (changed, again) == (True, False)
    assert told_of(customer.pk) == ["TierChanged"]
    assert Fact.objects.get().payload == {"customer_id": customer.pk, "from_tier": "ordinary", "to_tier": "key"}


def test_a_representative_holds_the_post_and_can_be_taken_away() -> None:
    customer, actor = CustomerFactory(), steward().pk
    representative = staff_with_role(RoleCode.CUSTOMER_REPRESENTATIVE)

    assigned = services.assign_representative(customer_id=customer.pk, staff_id=representative.pk, actor_id=actor, at=NOON)
    again = services.assign_representative(customer_id=customer.pk, staff_id=representative.pk, actor_id=actor, at=NOON)
    with pytest.raises(services.CannotRepresent):
        services.assign_representative(customer_id=customer.pk, staff_id=agent().pk, actor_id=actor, at=NOON)
    customer.refresh_from_db()
    kept = customer.representative_id
    taken = services.assign_representative(customer_id=customer.pk, staff_id=None, actor_id=actor, at=LATER)

    customer.refresh_from_db()
    assert (assigned, again, taken) == (True, False, True)
    assert (kept, customer.representative_id) == (representative.pk, None)
    assert told_of(customer.pk) == ["RepresentativeAssigned", "RepresentativeAssigned"]


def test_an_agent_changes_no_tier() -> None:
    customer = CustomerFactory()

    with pytest.raises(NotAllowed):
        services.change_tier(customer_id=customer.pk, tier=Tier.VIP, actor_id=agent().pk, at=NOON)

    customer.refresh_from_db()
    assert (customer.tier, told_of(customer.pk)) == (Tier.ORDINARY, [])
