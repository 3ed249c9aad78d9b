"""Who may read contacts, record them, and settle what could not be understood."""

from __future__ import annotations

from django.db.models import Q

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.workorders.queries.lists import visible
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import Viewer

SETTLERS: frozenset[str] = frozenset(
    {
        RoleCode.AGENT,
        RoleCode.SHIFT_LEADER,
        RoleCode.CALL_BACK_AGENT,
        RoleCode.COMPLAINT_HANDLER,
        RoleCode.HALL_CLERK,
        RoleCode.DATA_STEWARD,
        RoleCode.SYSTEM_OPERATOR,
    }
)
READERS: frozenset[str] = SETTLERS | frozenset(
    {RoleCode.CUSTOMER_REPRESENTATIVE, RoleCode.QUALITY_INSPECTOR, RoleCode.UNIT_HEAD, RoleCode.CONNECTION_MANAGER}
)


def may_settle(viewer: Viewer) -> bool:
    return viewer.is_automatic or not SETTLERS.isdisjoint(viewer.roles)


def may_read(viewer: Viewer) -> bool:
    return viewer.is_automatic or not READERS.isdisjoint(viewer.roles)


def must_settle(viewer: Viewer) -> None:
    """Refuse whoever may not see, repair or discard what could not be understood.

    :raises NotAllowed: unless they answer customers, keep data or run the system.
    """
    if not may_settle(viewer):
        raise NotAllowed


def must_read(viewer: Viewer) -> None:
    """:raises NotAllowed: unless their work is with customers."""
    if not may_read(viewer):
        raise NotAllowed


def readable_by(viewer: Viewer) -> Q:
    """Return the interactions that ``viewer`` may read, as a condition: those of matters that they may see, and those without one."""
    if viewer.is_automatic:
        return Q()
    return Q(work_order__isnull=True) | Q(work_order__in=visible(viewer).values("pk"))


__all__ = ["READERS", "SETTLERS", "may_read", "may_settle", "must_read", "must_settle", "readable_by"]
