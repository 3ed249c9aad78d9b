"""Who may change people."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.rules import Viewer


def must_administer(viewer: Viewer) -> None:
    """Refuse whoever may not change units, staff, posts and certificates.

    :raises NotAllowed: unless they are a company manager, a system operator or automatic.
    """
    if not viewer.is_administrator:
        raise NotAllowed


def must_administer_or_be(viewer: Viewer, *, staff_id: int) -> None:
    """Refuse whoever is neither an administrator nor the person concerned."""
    if viewer.id != staff_id:
        must_administer(viewer)


def must_answer_for(viewer: Viewer, *, staff_id: int, unit_path: str) -> None:
    """Refuse whoever is neither the person concerned, nor leads their unit, nor is an administrator."""
    if not viewer.leads(unit_path):
        must_administer_or_be(viewer, staff_id=staff_id)
