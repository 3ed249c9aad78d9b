"""Questions about people: who asks, which unit is near, who is above, who stands in, who may do the work."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db.models import Q, QuerySet
from django.utils import timezone

from shouwen.kernel.errors import NotFound
from shouwen.platform.people import directory, principals, rules
from shouwen.platform.people.directory import UNIT_CARD
from shouwen.platform.people.directory import UnitCard as UnitCard
from shouwen.platform.people.models import Absence, ApiToken, Certificate, Post, Skill, Staff, Unit
from shouwen.platform.people.rules import NOBODY, Viewer

STAND_IN_CHAIN_LIMIT = 10
SUPERIOR_CHAIN_LIMIT = 20


@dataclass(frozen=True, slots=True)
class StaffCard:
    """A member of staff in one line."""

    id: int
    staff_no: str
    name: str
    unit_id: int
    unit_path: str


@dataclass(frozen=True, slots=True)
class TokenCard:
    """An API token as its owner may see it: never the token itself."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    expires_at: datetime
    revoked_at: datetime | None


STAFF_CARD = ("id", "staff_no", "name", "home_unit_id", "home_unit__path")

# Who asks.


def get_viewer(*, staff_id: int, at: datetime) -> Viewer:
    """Return the viewer that ``staff_id`` is at ``at``; the rows behind it are at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is no such person, or they had left by then.
    """
    return principals.principal(staff_id).viewer(at)


def signed_in_viewer(*, staff_id: int, stamp: int, session: str, at: datetime) -> Viewer:
    """Return the viewer of a session, or ``NOBODY`` when it was ended, revoked, or its owner has left."""
    try:
        principal = principals.principal(staff_id)
        return principal.viewer(at) if principal.believes(stamp=stamp, session=session) else NOBODY
    except NotFound:
        return NOBODY


def authenticate_token(*, token: str, at: datetime) -> tuple[Viewer, frozenset[str]]:
    """Return as whom and for what the bearer of ``token`` may act; what is known of it is at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when it is unknown, revoked or expired, or its owner has left: all look the same.
    """
    grant = principals.token_grant(token_digest(token=token))
    if grant.is_revoked or grant.expires_at <= at:
        raise NotFound
    return get_viewer(staff_id=grant.staff_id, at=at), grant.scopes


def token_digest(*, token: str) -> str:
    """Return what is kept of a token. It is random and long, so a plain SHA-256 cannot be guessed back."""
    return sha256(token.encode()).hexdigest()


def list_tokens(*, staff_id: int, viewer: Viewer) -> list[TokenCard]:
    """Return the tokens of one person, newest first.

    :raises NotFound: unless the viewer is that person or an administrator.
    """
    if viewer.id != staff_id and not viewer.is_administrator:
        raise NotFound
    rows = ApiToken.objects.filter(staff_id=staff_id).order_by("-id")
    return [TokenCard(row.pk, row.name, row.prefix, tuple(row.scopes), row.expires_at, row.revoked_at) for row in rows]


# Units.


def get_unit(*, unit_id: int) -> UnitCard:
    """Return one unit, also one that is closed; what is remembered of it is at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is none.
    """
    card = directory.unit(unit_id)
    if card is None:
        raise NotFound
    return card


def get_open_unit(*, unit_id: int) -> UnitCard:
    """Return one unit that work can be given to.

    :raises NotFound: when there is none, or it is closed.
    """
    return _the_one(Unit.objects.open().filter(pk=unit_id))


def unit_with_code(*, code: str) -> UnitCard:
    """Return the unit with this code.

    :raises NotFound: when there is none.
    """
    return _the_one(Unit.objects.filter(code=code))


def _the_one(rows: QuerySet[Unit]) -> UnitCard:
    row = rows.values_list(*UNIT_CARD).first()
    if row is None:
        raise NotFound
    return UnitCard(*row)


def unit_path(*, unit_id: int) -> str:
    """Return the path of a unit, open or closed; at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is none.
    """
    return get_unit(unit_id=unit_id).path


def home_path(*, staff_id: int) -> str:
    """Return the path of the unit that somebody belongs to, also when they have left; at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is no such person.
    """
    return principals.principal(staff_id).unit_path


def list_units(*, under_path: str = "", kind: str | None = None) -> list[UnitCard]:
    """Return the open units at and below ``under_path`` (of one kind), each after the one above it."""
    rows = Unit.objects.open().within(under_path)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [UnitCard(*row) for row in rows.order_by("path").values_list(*UNIT_CARD)]


def units_of_kind(*, kind: str, near_path: str) -> list[UnitCard]:
    """Return the open units of a kind, the one nearest to ``near_path`` first: the unit that a step of a norm goes to.

    Nearest are the unit itself and those above it; then those below the lowest unit that both are below (``rules.nearness``).
    """
    return list(directory.nearest(kind, near_path))


def unit_paths(*, unit_ids: Collection[int]) -> dict[int, str]:
    """Return the paths of several units by id."""
    return dict(Unit.objects.filter(pk__in=unit_ids).values_list("id", "path"))


# Staff.


def get_staff(*, staff_id: int) -> StaffCard:
    """Return one member of staff, also one who has left.

    :raises NotFound: when there is none.
    """
    return _one_staff(Q(pk=staff_id))


def staff_with_number(*, staff_no: str) -> StaffCard:
    """Return the member of staff with this number (工号).

    :raises NotFound: when there is none.
    """
    return _one_staff(Q(staff_no=staff_no))


def _one_staff(condition: Q) -> StaffCard:
    row = Staff.objects.filter(condition).values_list(*STAFF_CARD).first()
    if row is None:
        raise NotFound
    return StaffCard(*row)


def staff_names(*, staff_ids: Collection[int]) -> dict[int, str]:
    """Return the names of several people by id: one query for a whole list page."""
    return dict(Staff.objects.filter(pk__in=staff_ids).values_list("id", "name"))


def staff_ids_within(*, paths: Collection[str]) -> set[int]:
    """Return who belongs to the units at or below any of ``paths``, also those who have left."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(home_unit__path__startswith=path)
    return set(Staff.objects.filter(condition).values_list("id", flat=True))


def holders(*, role: str, unit_path: str, at: datetime) -> list[StaffCard]:
    """Return who holds ``role`` at ``at`` in the unit at ``unit_path`` or below it, by staff number."""
    posts = Post.objects.held_at(at).filter(role=role, unit__path__startswith=unit_path)
    rows = _employed(at).filter(pk__in=posts.values("staff")).order_by("staff_no")
    return [StaffCard(*row) for row in rows.values_list(*STAFF_CARD)]


def holders_above(*, role: str, unit_path: str, at: datetime) -> list[StaffCard]:
    """Return who holds ``role`` at ``at`` in the unit at ``unit_path`` or one above it: the nearest unit first, then by staff number."""
    posts = Post.objects.held_at(at).filter(role=role, unit__path__in=rules.paths_upward(unit_path))
    paths = dict(posts.order_by("unit__path").values_list("staff_id", "unit__path"))
    rows = _employed(at).filter(pk__in=paths).values_list(*STAFF_CARD)
    cards = [StaffCard(*row) for row in rows]
    return sorted(cards, key=lambda card: (-len(paths[card.id]), card.staff_no))


def superiors(*, staff_id: int, at: datetime) -> list[StaffCard]:
    """Return the ladder above somebody, the nearest first (B5): their own superior, the heads of their unit, of the next above …

    :raises NotFound: when there is no such person.
    """
    person = get_staff(staff_id=staff_id)
    heads = (
        Post.objects.held_at(at)
        .filter(role__in=rules.HEAD_ROLES, unit__path__in=rules.paths_upward(person.unit_path))
        .values_list("role", "unit__path", "staff_id")
    )
    rungs = rules.ladder(own_superiors=_own_superiors(staff_id), heads=heads, near_path=person.unit_path, staff_id=staff_id)
    cards = {row[0]: StaffCard(*row) for row in _employed(at).filter(pk__in=rungs).values_list(*STAFF_CARD)}
    return [cards[rung] for rung in rungs if rung in cards]


def _own_superiors(staff_id: int) -> list[int]:
    """Return the superior, the superior's superior and so on; a ring ends where it closes."""
    chain: list[int] = []
    above = _superior_of(staff_id)
    while above is not None and above not in chain and len(chain) < SUPERIOR_CHAIN_LIMIT:
        chain.append(above)
        above = _superior_of(above)
    return chain


def _superior_of(staff_id: int) -> int | None:
    return Staff.objects.filter(pk=staff_id).values_list("superior_id", flat=True).first()


def _employed(at: datetime) -> QuerySet[Staff]:
    return Staff.objects.filter(Q(left_at__isnull=True) | Q(left_at__gt=at))


def who_stands_in(*, staff_id: int, at: datetime) -> int | None:
    """Return who acts for somebody at ``at``: themselves while they are here, else who stands in, and so on.

    None when the last of them is away and has nobody, or when the stand-ins form a ring.
    """
    asked: list[int] = []
    acting: int | None = staff_id
    while acting is not None and acting not in asked and len(asked) < STAND_IN_CHAIN_LIMIT:
        asked.append(acting)
        absence = Absence.objects.filter(staff_id=acting, away_from__lte=at, away_until__gt=at).first()
        if absence is None:
            return acting if _employed(at).filter(pk=acting).exists() else None
        acting = absence.stand_in_id
    return None


def absent_among(*, staff_ids: Collection[int], at: datetime) -> set[int]:
    """Return which of these people are away at ``at`` (缺勤)."""
    away = Absence.objects.filter(staff__in=staff_ids, away_from__lte=at, away_until__gt=at)
    return set(away.values_list("staff_id", flat=True))


def certificates_of(*, staff_id: int, at: datetime) -> frozenset[str]:
    """Return the codes of the certificates that hold on the local day of ``at`` (F4)."""
    day = timezone.localdate(at)
    rows = Certificate.objects.filter(staff_id=staff_id, valid_from__lte=day, valid_until__gt=day)
    return frozenset(rows.values_list("code", flat=True))


def skills_of(*, staff_id: int) -> dict[str, int]:
    """Return the level (1 to 5) of each skill of one person."""
    return dict(Skill.objects.filter(staff_id=staff_id).values_list("code", "level"))
