"""Who is shown the call-backs that are to be made, and who may have a customer asked."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.choices import RoleCode as R
from shouwen.platform.people.rules import Viewer

CALLERS: frozenset[str] = frozenset({R.CALL_BACK_AGENT, R.SHIFT_LEADER})


def must_call_back(viewer: Viewer) -> None:
    """:raises NotAllowed: unless calling customers back, or assigning it, is their work."""
    if not viewer.is_automatic and CALLERS.isdisjoint(viewer.roles):
        raise NotAllowed
