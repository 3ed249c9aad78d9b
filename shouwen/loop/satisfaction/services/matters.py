"""What this flat needs to know of a matter, asked by the member of staff ``satisfaction``. Not verbs: the verbs call them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.workorders.choices import Stage
from shouwen.loop.workorders.permissions import SECRET_NORMS
from shouwen.loop.workorders.queries import WorkOrderDetail, get_work_order
from shouwen.platform.people.queries import get_viewer

if TYPE_CHECKING:
    from shouwen.loop.workorders.models import WorkOrder


def get_matter(*, work_order_id: int, viewer_id: int, at: datetime) -> WorkOrderDetail:
    """:raises NotFound: when there is no such matter, or the viewer may not know of it."""
    return get_work_order(work_order_id=work_order_id, viewer=get_viewer(staff_id=viewer_id, at=at))


def about_matter(*, work_order_id: int, at: datetime) -> WorkOrderDetail:
    """Return a matter as this flat sees it: all of them."""
    return get_matter(work_order_id=work_order_id, viewer_id=satisfaction_staff_id(), at=at)


def is_ungraded(order: WorkOrder) -> bool:
    """Return whether a matter is resolved, and its customer's grade is wanted and not settled yet."""
    return (
        order.stage == Stage.RESOLVED
        and order.survey_needed
        and order.grade is None
        and order.grade_settled_at is None
        and order.norm_code not in SECRET_NORMS
    )
