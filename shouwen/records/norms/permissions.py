"""Who may change the handbook."""

from __future__ import annotations

from datetime import datetime

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people import queries as people


def must_keep_handbook(*, actor_id: int, at: datetime) -> None:
    """Refuse whoever may not issue a new version of a norm.

    :raises NotAllowed: unless they are an administrator or automatic.
    """
    if not people.get_viewer(staff_id=actor_id, at=at).is_administrator:
        raise NotAllowed
