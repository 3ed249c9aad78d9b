"""How a customer is looked after: their tier and their representative (E2)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.choices import Tier
from shouwen.records.customers.events import RepresentativeAssigned, TierChanged
from shouwen.records.customers.permissions import REPRESENTATIVES, must_rank
from shouwen.records.customers.services.record import locked, must_be_one_of


class CannotRepresent(Refusal):
    """They cannot be anybody's representative."""

    message = "The representative must hold the post of a customer representative or a connection manager."


@transaction.atomic
def change_tier(*, customer_id: int, tier: str, actor_id: int, at: datetime) -> bool:
    """Change how a customer is looked after (客户等级); return False when they had this tier already.

    :raises NotAllowed: unless the actor may change tiers.
    :raises NotFound: when there is no such customer.
    :raises BadInput: when there is no such tier.
    """
    must_rank(get_viewer(staff_id=actor_id, at=at))
    must_be_one_of(Tier, field="tier", value=tier)
    customer = locked(customer_id)
    from_tier = customer.tier
    if from_tier == tier:
        return False
    customer.tier = tier
    customer.save(update_fields=["tier"])
    announce(TierChanged(customer_id=customer_id, from_tier=from_tier, to_tier=tier, actor_id=actor_id, at=at))
    return True


@transaction.atomic
def assign_representative(*, customer_id: int, staff_id: int | None, actor_id: int, at: datetime) -> bool:
    """Give a customer a representative (客户代表), or none; return False when it was the same before.

    :raises NotAllowed: unless the actor may assign representatives.
    :raises NotFound: when there is no such customer, or the representative has left.
    :raises CannotRepresent: when they do not hold such a post.
    """
    must_rank(get_viewer(staff_id=actor_id, at=at))
    customer = locked(customer_id)
    if customer.representative_id == staff_id:
        return False
    if staff_id is not None:
        _must_represent(get_viewer(staff_id=staff_id, at=at))
    customer.representative_id = staff_id
    customer.save(update_fields=["representative"])
    announce(RepresentativeAssigned(customer_id=customer_id, staff_id=staff_id, actor_id=actor_id, at=at))
    return True


def _must_represent(viewer: Viewer) -> None:
    if REPRESENTATIVES.isdisjoint(viewer.roles):
        raise CannotRepresent
