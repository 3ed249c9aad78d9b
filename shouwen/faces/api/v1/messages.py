"""What customers were told about a matter."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from ninja import Router

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks
from shouwen.faces.api.door.replies import page
from shouwen.faces.api.door.shapes import AfterId, Limit, PathId, Shape
from shouwen.kernel.errors import NotFound
from shouwen.loop.messages.queries import list_messages
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.workorders.choices import Verb
from shouwen.loop.workorders.queries import may_do

router = Router(tags=["messages"])


class Message(Shape):
    """One message: which template, by which way, and what became of it. Addresses and texts are not shown here."""

    id: int
    template: str
    customer_id: int | None
    staff_id: int | None
    channel: str
    state: str
    problem: str
    try_count: int
    not_before: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class Messages(Shape):
    items: list[Message]
    next: str | None


@router.get("/work-orders/{work_order_id}/messages", **asks(Scope.MESSAGES_READ, gives=Messages))
def list_messages_of_matter(request: ApiRequest, work_order_id: PathId, after: AfterId = 0, limit: Limit = 50) -> HttpResponse:
    """List what was told about a matter, the oldest first."""
    viewer = request.auth.viewer
    if not may_do(work_order_id=work_order_id, verb=Verb.SEE, viewer=viewer):
        raise NotFound
    about = About(kind="work_order", id=work_order_id)
    cards = list_messages(about=about, viewer=viewer, after_id=after, limit=limit + 1)
    return page(request, cards[:limit], next_after=cards[limit - 1].id if len(cards) > limit else None)
