"""Who may run the machine's door."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.rules import Viewer


def must_operate(viewer: Viewer) -> None:
    """Refuse whoever does not run the system: facts of every matter pass through webhooks and failed deliveries.

    :raises NotAllowed: unless they are a company manager, a system operator or automatic.
    """
    if not viewer.is_administrator:
        raise NotAllowed
