"""Questions about matters, each answered for a viewer."""

from shouwen.loop.workorders.queries.complete import list_complete
from shouwen.loop.workorders.queries.details import (
    HandOverCard,
    PromiseCard,
    StepCard,
    TargetCard,
    WorkOrderDetail,
    get_work_order,
    may_do,
)
from shouwen.loop.workorders.queries.lists import (
    OpenCounts,
    WorkOrderCard,
    WorkOrderFilters,
    WorkOrderPage,
    count_open,
    list_work_orders,
    recent_at_supply_point,
)
from shouwen.loop.workorders.queries.progress import (
    Progress,
    TargetStanding,
    count_unclosed_by_owner,
    list_linked,
    list_progress,
    list_target_standings,
    next_alarm_at,
)
from shouwen.loop.workorders.queries.reasons import OtherPolicy, TargetReason, explain_target
from shouwen.loop.workorders.queries.timeline import TimelineLine, inside_timeline, outside_timeline, timeline_of
from shouwen.loop.workorders.queries.verification import Difference, Verification, list_ids, verify_work_order

__all__ = [
    "Difference",
    "HandOverCard",
    "OpenCounts",
    "OtherPolicy",
    "Progress",
    "PromiseCard",
    "StepCard",
    "TargetCard",
    "TargetReason",
    "TargetStanding",
    "TimelineLine",
    "Verification",
    "WorkOrderCard",
    "WorkOrderDetail",
    "WorkOrderFilters",
    "WorkOrderPage",
    "count_open",
    "count_unclosed_by_owner",
    "explain_target",
    "get_work_order",
    "inside_timeline",
    "list_complete",
    "list_ids",
    "list_linked",
    "list_progress",
    "list_target_standings",
    "list_work_orders",
    "may_do",
    "next_alarm_at",
    "outside_timeline",
    "recent_at_supply_point",
    "timeline_of",
    "verify_work_order",
]
