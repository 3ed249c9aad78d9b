"""Who may read who looked at a customer."""

from __future__ import annotations

from shouwen.kernel.errors import NotFound
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import HEAD_ROLES, Viewer, is_within

SEES_ALL_LOOKS: frozenset[str] = frozenset({RoleCode.DATA_STEWARD, RoleCode.DISCIPLINE_OFFICER})


def sees_all_looks(viewer: Viewer) -> bool:
    return not SEES_ALL_LOOKS.isdisjoint(viewer.roles)


def led_paths(viewer: Viewer) -> tuple[str, ...]:
    """Return the tops of the units whose people's looks the viewer may read as their supervisor."""
    paths = sorted({path for role, path in viewer.role_paths if role in HEAD_ROLES})
    return tuple(path for path in paths if not any(path != top and is_within(path, top=top) for top in paths))


def must_read_looks(viewer: Viewer) -> None:
    """Refuse whoever is no data steward, discipline officer or supervisor.

    :raises NotFound: as if there were nothing.
    """
    if not sees_all_looks(viewer) and not led_paths(viewer):
        raise NotFound
