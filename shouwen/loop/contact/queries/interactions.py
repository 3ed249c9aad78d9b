"""The timeline of a customer or a matter (客户时间线): every contact, by whatever channel, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.errors import BadInput
from shouwen.loop.contact.models import Interaction
from shouwen.loop.contact.permissions import must_read, readable_by
from shouwen.platform.people.rules import Viewer

PAGE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class InteractionCard:
    """One contact."""

    id: int
    channel: str
    direction: str
    happened_at: datetime
    recorded_by_id: int
    customer_id: int | None
    match_kind: str
    confidence_pct: int | None
    norm: str
    norm_source: str
    work_order_id: int | None
    is_attached: bool
    envelope_id: int | None
    subject: str
    text: str


COLUMNS = (
    "id",
    "channel",
    "direction",
    "happened_at",
    "recorded_by_id",
    "customer_id",
    "match_kind",
    "confidence_pct",
    "norm_code",
    "norm_source",
    "work_order_id",
    "is_attached",
    "envelope_id",
    "subject",
    "text",
)


@dataclass(frozen=True, slots=True)
class InteractionPage:
    """A page; ``next_before`` asks for the next one, None at the end."""

    cards: tuple[InteractionCard, ...]
    next_before: int | None


def list_interactions(
    *,
    viewer: Viewer,
    customer_id: int | None = None,
    work_order_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> InteractionPage:
    """Return the contacts of a customer, of a matter, or of a customer about one matter, that ``viewer`` may read.

    :raises NotAllowed: unless their work is with customers.
    :raises BadInput: when neither is named, or ``limit`` is out of range.
    """
    must_read(viewer)
    if customer_id is None and work_order_id is None:
        raise BadInput("customer_id", "neither a customer nor a matter is named", "name one of them")
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("limit", f"{limit} is out of range", f"ask for 1 to {PAGE_LIMIT}")
    wanted = {"customer_id": customer_id, "work_order_id": work_order_id, "id__lt": before}
    rows = Interaction.objects.filter(readable_by(viewer), **{name: one for name, one in wanted.items() if one is not None})
    found = [InteractionCard(*row) for row in rows.order_by("-id").values_list(*COLUMNS)[: limit + 1]]
    cards = tuple(found[:limit])
    return InteractionPage(cards, cards[-1].id if len(found) > limit else None)
