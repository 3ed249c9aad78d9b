"""Who a viewer is and what follows from it; which unit is near; when signing in is locked. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouwen.platform.people.choices import RoleCode

HEAD_ROLES: frozenset[str] = frozenset(
    {RoleCode.SHIFT_LEADER, RoleCode.UNIT_HEAD, RoleCode.BRANCH_MANAGER, RoleCode.COMPANY_MANAGER}
)
HEAD_ORDER: tuple[str, ...] = (
    RoleCode.SHIFT_LEADER,
    RoleCode.UNIT_HEAD,
    RoleCode.BRANCH_MANAGER,
    RoleCode.COMPANY_MANAGER,
)
ADMINISTRATOR_ROLES: frozenset[str] = frozenset({RoleCode.COMPANY_MANAGER, RoleCode.SYSTEM_OPERATOR})

FAILURE_LIMIT = 10
FAILURE_WINDOW = timedelta(minutes=15)

PATH_MARK = "."


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: made once, passed to every query and checked by every service.

    ``unit_path`` is where they belong, ``role_paths`` where they hold which role. ``is_automatic`` marks a gateway or a job that
    acts in its own name.
    """

    id: int
    staff_no: str
    unit_id: int
    unit_path: str
    roles: frozenset[str]
    role_paths: tuple[tuple[str, str], ...]
    is_automatic: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.id != 0

    def has_role(self, role: str) -> bool:
        return role in self.roles

    def leads(self, path: str) -> bool:
        """Return whether they hold a head role in the unit at ``path`` or in one above it."""
        return any(role in HEAD_ROLES and is_within(path, top=held_in) for role, held_in in self.role_paths)

    def sees_unit(self, path: str) -> bool:
        """Return whether the unit at ``path`` is their own, one in which they hold a post, or one below these."""
        return self.is_automatic or any(is_within(path, top=top) for top in self.unit_paths)

    @property
    def unit_paths(self) -> tuple[str, ...]:
        """Return the tops of what they see: their unit's path and those of their posts, none below another."""
        paths = sorted({self.unit_path, *(path for _, path in self.role_paths)} - {""})
        return tuple(path for path in paths if not any(path != top and is_within(path, top=top) for top in paths))

    @property
    def is_administrator(self) -> bool:
        """Return whether they may change units, staff and posts."""
        return self.is_automatic or not ADMINISTRATOR_ROLES.isdisjoint(self.roles)


NOBODY = Viewer(id=0, staff_no="", unit_id=0, unit_path="", roles=frozenset(), role_paths=())


def is_within(path: str, *, top: str) -> bool:
    """Return whether the unit at ``path`` is the one at ``top`` or below it. The empty path is nowhere."""
    return bool(top) and path.startswith(top)


def path_of(*, code: str, parent_path: str) -> str:
    return f"{parent_path}{code}{PATH_MARK}"


def paths_upward(path: str) -> tuple[str, ...]:
    """Return the path of a unit and of each above it, the nearest first: ``01.03.`` gives ``01.03.`` and ``01.``."""
    codes = path.split(PATH_MARK)[:-1]
    return tuple(PATH_MARK.join(codes[:depth]) + PATH_MARK for depth in range(len(codes), 0, -1))


def shared_depth(one: str, other: str) -> int:
    """Return how many units from the top two paths have in common."""
    depth = 0
    for mine, theirs in zip(one.split(PATH_MARK)[:-1], other.split(PATH_MARK)[:-1], strict=False):
        if mine != theirs:
            break
        depth += 1
    return depth


def nearness(path: str, *, near_path: str) -> tuple[int, int, int, str]:
    """Return the sorting key of a unit seen from ``near_path``: the smaller, the nearer.

    First the unit itself and those above it, the nearest first; then the others: the deeper the lowest unit that both are below,
    the nearer; below the same one the shorter way down; at last the path, so that the order never depends on chance.
    """
    depth = path.count(PATH_MARK)
    is_above = is_within(near_path, top=path)
    return (0 if is_above else 1, -shared_depth(path, near_path), depth, path)


def ladder(
    *, own_superiors: Sequence[int], heads: Iterable[tuple[str, str, int]], near_path: str, staff_id: int
) -> tuple[int, ...]:
    """Return the people to turn to above somebody, the nearest first, each once and never themselves (B5).

    ``own_superiors`` is their superior, the superior's superior and so on; of these the first is asked first. Then come the heads
    of their unit, of the unit above and upward; ``heads`` holds role, unit path and staff id. In one unit the lower head comes
    first. Superiors of superiors close the ladder, for the case that no unit has a head.
    """
    order = {role: place for place, role in enumerate(HEAD_ORDER)}
    above = sorted(
        (-path.count(PATH_MARK), order[role], head_id)
        for role, path, head_id in heads
        if role in order and is_within(near_path, top=path)
    )
    rungs = [*own_superiors[:1], *(head_id for _, _, head_id in above), *own_superiors[1:]]
    return tuple(rung for rung in dict.fromkeys(rungs) if rung != staff_id)


def locked_until(*, failed_at: Sequence[datetime], at: datetime) -> datetime | None:
    """Return until when a name is locked after too many failures, None when it is not.

    Ten failures within fifteen minutes lock it until fewer than ten are younger than that.
    """
    recent = sorted((moment for moment in failed_at if at - FAILURE_WINDOW < moment), reverse=True)
    if len(recent) < FAILURE_LIMIT:
        return None
    return recent[FAILURE_LIMIT - 1] + FAILURE_WINDOW
