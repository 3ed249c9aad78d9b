"""Who may change the network."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import Viewer

EDITORS: frozenset[str] = frozenset(
    {RoleCode.DISPATCHER, RoleCode.OUTAGE_PLANNER, RoleCode.DATA_STEWARD, RoleCode.SYSTEM_OPERATOR}
)


def must_edit_network(viewer: Viewer) -> None:
    """Refuse whoever may not change the network.

    :raises NotAllowed: unless they are a dispatcher, an outage planner, a data steward, a system operator or automatic.
    """
    if not viewer.is_automatic and EDITORS.isdisjoint(viewer.roles):
        raise NotAllowed
