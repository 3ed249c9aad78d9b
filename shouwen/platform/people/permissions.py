"""Who may change people."""

from __future__ import annotations

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import Viewer

RESETS_DISCIPLINE: frozenset[str] = frozenset({RoleCode.DISCIPLINE_OFFICER, RoleCode.COMPANY_MANAGER})


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


def must_set_password(viewer: Viewer, *, owner: Viewer) -> None:
    """Refuse whoever may not set this person's password.

    Anybody sets their own, an administrator anybody's; a discipline officer's (举报保密, R-408) only another one or a company manager,
    of whom the founder is the first.

    :raises NotAllowed: otherwise.
    """
    if viewer.id != owner.id and owner.has_role(RoleCode.DISCIPLINE_OFFICER):
        if RESETS_DISCIPLINE.isdisjoint(viewer.roles):
            raise NotAllowed
        return
    must_administer_or_be(viewer, staff_id=owner.id)


def must_answer_for(viewer: Viewer, *, staff_id: int, unit_path: str) -> None:
    """Refuse whoever is neither the person concerned, nor leads their unit, nor is an administrator."""
    if not viewer.leads(unit_path):
        must_administer_or_be(viewer, staff_id=staff_id)
