"""Who may search, look, change and import."""

from __future__ import annotations

from collections.abc import Collection

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.choices import RoleCode as R
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.choices import PersonalField

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
FIELD_ROLES: frozenset[str] = frozenset({R.METERING_TECHNICIAN, R.USE_INSPECTOR, R.CREW_LEADER, R.DISPATCHER})
OFFICE_ROLES: frozenset[str] = frozenset(
    {R.BILLING_CLERK, R.COLLECTION_CLERK, R.OUTAGE_PLANNER, R.POWER_QUALITY_ENGINEER, R.QUALITY_INSPECTOR, R.UNIT_HEAD}
)
STEWARDS: frozenset[str] = frozenset({R.DATA_STEWARD, R.DISCIPLINE_OFFICER})

SEARCHERS = FRONT_ROLES | FIELD_ROLES | OFFICE_ROLES | STEWARDS
CONTACT_REVEALERS = FRONT_ROLES | FIELD_ROLES | STEWARDS | {R.COLLECTION_CLERK, R.OUTAGE_PLANNER}
IDENTITY_REVEALERS = STEWARDS | {R.HALL_CLERK, R.CONNECTION_MANAGER, R.CUSTOMER_REPRESENTATIVE}
EDITORS = FRONT_ROLES | {R.DATA_STEWARD}
RANKERS: frozenset[str] = frozenset({R.DATA_STEWARD, R.CUSTOMER_REPRESENTATIVE, R.UNIT_HEAD, R.BRANCH_MANAGER})
REPRESENTATIVES: frozenset[str] = frozenset({R.CUSTOMER_REPRESENTATIVE, R.CONNECTION_MANAGER})
IMPORTERS: frozenset[str] = frozenset({R.DATA_STEWARD, R.SYSTEM_OPERATOR})


def must_search(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they hold a role that meets customers."""
    _must_hold(viewer, SEARCHERS)


def must_reveal(viewer: Viewer, fields: Collection[str]) -> None:
    """:raises NotAllowed: unless they hold a role for every field; the identity number is for fewer than the rest."""
    _must_hold(viewer, CONTACT_REVEALERS)
    if PersonalField.IDENTITY in fields:
        _must_hold(viewer, IDENTITY_REVEALERS)


def must_edit(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they may change customer records."""
    _must_hold(viewer, EDITORS)


def must_rank(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they may change tiers and representatives."""
    _must_hold(viewer, RANKERS)


def must_import(viewer: Viewer) -> None:
    """:raises NotAllowed: unless they are a data steward, a system operator or automatic."""
    _must_hold(viewer, IMPORTERS)


def _must_hold(viewer: Viewer, roles: frozenset[str]) -> None:
    if not viewer.is_automatic and roles.isdisjoint(viewer.roles):
        raise NotAllowed
