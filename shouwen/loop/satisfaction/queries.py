"""Questions about asking: which call-backs are to be made, what a link shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.loop.satisfaction import permissions, rules
from shouwen.loop.satisfaction.models import CallBack, Survey
from shouwen.loop.workorders.permissions import SECRET_NORMS
from shouwen.loop.workorders.queries.parts import had_a_part
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.platform.people.queries import staff_with_number
from shouwen.platform.people.rules import Viewer
from shouwen.records.norms.queries import norm_version
from shouwen.records.norms.rules.definition import Words

STAFF_NO = "satisfaction"
PAGE_LIMIT = 200


def satisfaction_staff_id() -> int:
    """Return in whose name this flat acts by itself.

    :raises NotFound: before the company is founded.
    """
    return staff_with_number(staff_no=STAFF_NO).id


@dataclass(frozen=True, slots=True)
class CallBackCard:
    """One call-back that is to be made."""

    id: int
    work_order_id: int
    norm: str
    customer_id: int | None
    due_at: datetime
    attempt_count: int

    @property
    def number(self) -> str:
        return number_of(self.work_order_id)

    def is_overdue(self, at: datetime) -> bool:
        return at > self.due_at


@dataclass(frozen=True, slots=True)
class CallBackPage:
    """A page; ``next_after`` asks for the next one, None at the end."""

    cards: tuple[CallBackCard, ...]
    next_after: str | None


def list_call_backs_due(*, viewer: Viewer, at: datetime, after: str | None = None, limit: int = 50) -> CallBackPage:
    """Return the call-backs that may be made now, the earliest due first. Nobody is offered one of a matter in which they had a part.

    :raises NotAllowed: unless calling customers back is their work.
    :raises BadInput: when ``after`` is not a cursor of this list, or ``limit`` is out of range.
    """
    permissions.must_call_back(viewer)
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("limit", f"{limit} is out of range", f"ask for 1 to {PAGE_LIMIT}")
    took_part = had_a_part(staff_id=viewer.id, of="work_order")
    rows = CallBack.objects.open().filter(not_before__lte=at).exclude(work_order__norm_code__in=SECRET_NORMS).exclude(took_part)
    if after is not None:
        rows = rows.filter(_behind(after))
    columns = ("id", "work_order_id", "work_order__norm_code", "work_order__customer_id", "due_at", "attempt_count")
    found = list(rows.order_by("due_at", "id").values_list(*columns)[: limit + 1])
    cards = tuple(CallBackCard(*row) for row in found[:limit])
    return CallBackPage(cards, _cursor(cards[-1]) if len(found) > limit else None)


def _cursor(card: CallBackCard) -> str:
    return f"{card.due_at.astimezone(UTC).isoformat()}~{card.id}"


def _behind(cursor: str) -> Q:
    try:
        due, pk = cursor.split("~")
        due_at, last_id = datetime.fromisoformat(due), int(pk)
    except ValueError as error:
        raise BadInput("after", "this is not a cursor of this list", "take next_after of the page before") from error
    return Q(due_at__gt=due_at) | Q(due_at=due_at, id__gt=last_id)


@dataclass(frozen=True, slots=True)
class LinkCard:
    """What the page behind a link shows: which matter it is about, nothing of what it says."""

    number: str
    norm: Words
    expires_at: datetime


def link_card(*, token: str, at: datetime) -> LinkCard:
    """Return what a customer's link is about.

    :raises NotFound: when it is unknown, used, overtaken or expired: all look the same.
    """
    row = Survey.objects.select_related("work_order").filter(token_digest=rules.token_digest(token)).first()
    if row is None or not rules.holds(link=row.link_state, at=at):
        raise NotFound
    norm = norm_version(version_id=row.work_order.norm_version_id)
    return LinkCard(number_of(row.work_order_id), norm.name, row.expires_at)
