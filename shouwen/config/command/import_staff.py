"""The staff from a list: who is not there yet is hired, and everybody is given the posts, skills and certificates they lack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from shouwen.config.command.import_lists import Records, Stated
from shouwen.kernel.errors import NotFound
from shouwen.kernel.text.folding import fold
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.queries import unit_with_code
from shouwen.platform.people.services import StaffEntry, enrol_staff
from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.rules import Layout, Problem, RowRefused, read_day

LAYOUT = Layout(
    limits={"staff_no": 20, "name": 60, "name_en": 60, "unit": 20, "roles": 400, "skills": 400, "certificates": 400},
    lists={},
    needed=("staff_no", "name", "unit"),
    joined_by={"roles": ";", "skills": ";", "certificates": ":"},
)
CODE_LIMIT = 40
_BETWEEN = re.compile(r"[;；、]")
_BEFORE_VALUE = re.compile(r"[:：]")


class StaffRow(NamedTuple):
    """Somebody as a row states them; their unit is named by its code."""

    staff_no: str
    name: str
    name_en: str
    unit_code: str
    roles: tuple[RoleCode, ...]
    skills: tuple[tuple[str, int], ...]
    certificates: tuple[tuple[str, date], ...]


def _read(stated: Stated) -> StaffRow:
    problems: list[Problem] = []
    row = StaffRow(
        staff_no=stated.values["staff_no"],
        name=stated.values["name"],
        name_en=stated.values.get("name_en", ""),
        unit_code=stated.values["unit"],
        roles=tuple(_roles(stated, problems)),
        skills=tuple(_skills(stated, problems)),
        certificates=tuple(_certificates(stated, problems)),
    )
    if problems:
        raise RowRefused(problems)
    return row


def _roles(stated: Stated, problems: list[Problem]) -> Iterator[RoleCode]:
    """Yield the roles of a row, each by the values of the mapping or by its own code."""
    ours = next((rule.values for rule in stated.mapping.rules if rule.field == "roles"), {})
    for text in _parts(stated, "roles"):
        role = ours.get(fold(text), fold(text))
        if role in RoleCode.values:
            yield RoleCode(role)
        else:
            problems.append(Problem("roles", "There is no role %(role)s.", {"role": text}))


def _skills(stated: Stated, problems: list[Problem]) -> Iterator[tuple[str, int]]:
    for text in _parts(stated, "skills"):
        code, level = _pair(text)
        if code and level in ("1", "2", "3", "4", "5"):
            yield code, int(level)
        else:
            problems.append(Problem("skills", "A skill is written as code:level, with a level from 1 to 5.", {}))


def _certificates(stated: Stated, problems: list[Problem]) -> Iterator[tuple[str, date]]:
    for text in _parts(stated, "certificates"):
        code, written = _pair(text)
        day = read_day(written, stated.mapping.date_formats)
        if code and day:
            yield code, day
        else:
            words = "A certificate is written as code:day, with the first day on which it no longer holds."
            problems.append(Problem("certificates", words, {}))


def _parts(stated: Stated, field: str) -> list[str]:
    return [text for part in _BETWEEN.split(stated.values.get(field, "")) if (text := part.strip())]


def _pair(text: str) -> tuple[str, str]:
    """Return a code with what is written of it; without a code when it is too long or nothing is written."""
    code, *written = (part.strip() for part in _BEFORE_VALUE.split(text, maxsplit=1))
    return (code, written[0]) if written and len(code) <= CODE_LIMIT else ("", "")


def _take(row: StaffRow, actor_id: int, at: datetime) -> ImportOutcome:
    entry = StaffEntry(
        staff_no=row.staff_no,
        name=row.name,
        name_en=row.name_en,
        unit_id=_unit_id(row.unit_code),
        roles=row.roles,
        skills=row.skills,
        certificates=row.certificates,
    )
    done = enrol_staff(entry=entry, actor_id=actor_id, at=at)
    if done.is_new:
        return ImportOutcome.CREATED
    return ImportOutcome.UPDATED if done.is_changed else ImportOutcome.UNCHANGED


def _unit_id(code: str) -> int:
    try:
        return unit_with_code(code=code).id
    except NotFound as unknown:
        raise RowRefused([Problem("unit", "There is no unit %(code)s.", {"code": code})]) from unknown


STAFF = Records(
    layout=LAYOUT,
    read=_read,
    key=lambda row: ("staff_no", row.staff_no),
    in_order=lambda rows: rows,
    take=_take,
)
