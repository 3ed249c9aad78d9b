"""Who may approve texts, look at messages and have one sent once more. Queueing is allowed or not by the verb that asks for it."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.people.choices import RoleCode as R
from shouwen.platform.people.rules import Viewer

APPROVERS: frozenset[str] = frozenset({R.KNOWLEDGE_EDITOR, R.SYSTEM_OPERATOR, R.COMPANY_MANAGER})
FRONT_ROLES: frozenset[str] = frozenset(
    {
        R.AGENT,
        R.SHIFT_LEADER,
        R.CALL_BACK_AGENT,
        R.COMPLAINT_HANDLER,
        R.HALL_CLERK,
        R.CUSTOMER_REPRESENTATIVE,
        R.CONNECTION_MANAGER,
    }
)
OTHER_READERS: frozenset[str] = frozenset(
    {R.OUTAGE_PLANNER, R.COLLECTION_CLERK, R.QUALITY_INSPECTOR, R.DISCIPLINE_OFFICER, R.UNIT_HEAD, R.BRANCH_MANAGER}
)


def must_approve(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they keep the texts to customers."""
    if not _holds(viewer, APPROVERS):
        raise NotAllowed


def must_resend(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they speak with customers."""
    if not _holds(viewer, FRONT_ROLES):
        raise NotAllowed


def must_see(viewer: Viewer) -> None:
    """:raises NotFound: unless their work needs to know what customers were told."""
    if not _holds(viewer, FRONT_ROLES | OTHER_READERS | APPROVERS):
        raise NotFound


def _holds(viewer: Viewer, roles: frozenset[str]) -> bool:
    return viewer.is_automatic or not roles.isdisjoint(viewer.roles)
