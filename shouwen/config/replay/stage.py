"""What the requests of a file need before the first of them comes: units and those who act in them, a calendar, norms, policies.

Everything is made once: what is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import transaction

from shouwen.config.replay.norms import norm_document, policy_entry
from shouwen.kernel.errors import NotFound
from shouwen.loop.contact.rules.rows import MappingInvalid, Request, RequestMapping
from shouwen.platform.calendars.services import publish_calendar_version
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.queries import staff_with_number, unit_with_code
from shouwen.platform.people.services import create_unit, give_post, hire_staff
from shouwen.platform.policies.services import learn_entries
from shouwen.records.norms.queries import list_norms
from shouwen.records.norms.rules.definition import parse_norm
from shouwen.records.norms.services import publish_norm_version

TEAM = "-T"
ROUND_THE_CLOCK = [["00:00", "24:00"]]
FIRST_NUMBER = 10_001  # of the norms 9.10001, 9.10002 …: far from those of the handbook
LONG_AGO = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts: the gateway, and by the code of an agency's unit its team. The agents only own, which no program may."""

    gateway_id: int
    teams: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Making:
    """In whose name things are made, and as of when."""

    actor_id: int
    at: datetime


@transaction.atomic
def set_stage(*, mapping: RequestMapping, document: Mapping[str, Any], requests: Sequence[Request], actor_id: int) -> Stage:
    """Make what is missing and return who acts. It all holds from the day ``replay.since`` of the mapping on."""
    since = _day(mapping.replay.get("since", LONG_AGO))
    making = _Making(actor_id, datetime.combine(since, time(), tzinfo=UTC))
    _publish_calendar(mapping, making)
    _publish_norms(mapping, requests, since, making)
    return _people(mapping, _agency_names(document), making)


def _day(since: object) -> date:
    try:
        return since if type(since) is date else date.fromisoformat(str(since))
    except ValueError as error:
        raise MappingInvalid(field="replay.since", problem="it must be a day like 2000-01-01") from error


def _publish_calendar(mapping: RequestMapping, making: _Making) -> None:
    document = mapping.replay.get("calendar") or {"timezone": mapping.zone.key, "daily": ROUND_THE_CLOCK}
    publish_calendar_version(
        name=mapping.calendar, document=document, known_from=making.at, actor_id=making.actor_id, at=making.at
    )


def _publish_norms(mapping: RequestMapping, requests: Iterable[Request], since: date, making: _Making) -> None:
    """Publish a norm for each type and allowance, and learn its limit."""
    wanted = {request.norm: request for request in requests}
    cards = list_norms(at=datetime.combine(date.max.replace(year=2199), time(), tzinfo=UTC))
    published = {card.norm.slug: card.norm for card in cards}
    numbers = [int(number) for card in cards if card.norm.category == 9 and (number := card.norm.id.partition(".")[2])]
    free = max([FIRST_NUMBER - 1, *numbers]) + 1
    learn_entries(
        entries=[
            policy_entry(request=one, mapping=mapping, since=since, known_from=making.at)
            for one in wanted.values()
            if one.allowance
        ],
        actor_id=making.actor_id,
        at=making.at,
    )
    for slug, request in sorted(wanted.items()):
        known = published.get(slug)
        norm_id = known.id if known else f"9.{free}"
        free += known is None
        document = norm_document(request=request, norm_id=norm_id, since=since)
        if known is None or known.digest != parse_norm(document).digest:
            publish_norm_version(document=document, actor_id=making.actor_id, at=making.at)


def _agency_names(document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the names, Chinese and English, of the unit of each agency by its code."""
    part = document.get("agencies") or {}
    names: dict[str, tuple[str, str]] = {}
    for agency, says in (part.get("values") or {}).items():
        says = says if isinstance(says, dict) else {"unit": says}
        names.setdefault(str(says["unit"]), (str(says.get("zh") or agency), str(says.get("en") or agency)))
    if not part.get("default"):
        raise MappingInvalid(field="agencies.default", problem="it needs the code of the unit for all other agencies")
    default = str(part["default"])
    return {default: (default, default)} | names


def _people(mapping: RequestMapping, agencies: Mapping[str, tuple[str, str]], making: _Making) -> Stage:
    """Make the tree: a root, below it each agency, below each its team; and somebody who acts in each."""
    root = mapping.replay.get("root")
    if not isinstance(root, dict) or not {"unit", "zh", "en"} <= set(root):
        raise MappingInvalid(field="replay.root", problem="it needs the code of a unit and its names: unit, zh, en")
    root_id = _unit(str(root["unit"]), (str(root["zh"]), str(root["en"])), UnitKind.BRANCH, None, making)
    gateway_id = _actor(str(root["unit"]), root_id, None, making)
    teams = {}
    for code, names in sorted(agencies.items()):
        agency_id = _unit(code, names, UnitKind.SERVICE_CENTRE, root_id, making)
        team = (f"{names[0]}处理组", f"{names[1]}, team")
        team_id = _unit(code + TEAM, team, UnitKind.REPAIR_TEAM, agency_id, making)
        _actor(code, agency_id, RoleCode.AGENT, making)
        teams[code] = _actor(code + TEAM, team_id, RoleCode.CREW_LEADER, making)
    return Stage(gateway_id, teams)


def _unit(code: str, names: tuple[str, str], kind: UnitKind, parent_id: int | None, making: _Making) -> int:
    try:
        return unit_with_code(code=code).id
    except NotFound:
        return create_unit(
            code=code,
            name=names[0],
            name_en=names[1],
            kind=kind,
            parent_id=parent_id,
            actor_id=making.actor_id,
            at=making.at,
        )


def _actor(code: str, unit_id: int, role: RoleCode | None, making: _Making) -> int:
    """Return who acts in a unit. Only an agent counts as a person, since a matter is owned by one; nobody can sign in as them."""
    try:
        return staff_with_number(staff_no=code).id
    except NotFound:
        staff_id = hire_staff(
            staff_no=code,
            name=f"重放 {code}",
            name_en=f"Replay {code}",
            unit_id=unit_id,
            is_automatic=role != RoleCode.AGENT,
            actor_id=making.actor_id,
            at=making.at,
        )
    if role is not None:
        give_post(staff_id=staff_id, role=role, unit_id=unit_id, actor_id=making.actor_id, at=making.at)
    return staff_id


__all__ = ["Stage", "set_stage"]
