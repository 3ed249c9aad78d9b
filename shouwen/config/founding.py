"""An empty house becomes one that runs: the tables, the company of ``handbook/organisation.yaml``, the handbook.

Everything here can be done again: what is there already is left as it is, and a newer handbook brings its newer versions.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from shouwen.kernel.errors import NotFound
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.loop.messages.services import load_templates
from shouwen.platform.calendars.services import load_calendars
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.queries import list_units, staff_with_number, unit_with_code
from shouwen.platform.people.services import create_unit, found_company, give_post, hire_staff, set_password
from shouwen.platform.policies.services import load_register
from shouwen.platform.search.services import keep_fingerprints
from shouwen.records.norms.services import load_handbook

JOBS = "jobs"
FOUNDING_LOCK = 0x666F756E  # "foun": two processes started at once found one company


@dataclass(frozen=True, slots=True)
class Founded:
    """What a start found or made. ``password`` is the founder's first one, told once; empty when the house was founded before."""

    founder: str
    password: str
    policies_learned: int
    calendars_published: int
    norms_published: int
    templates_approved: int


@transaction.atomic
def found(*, folder: Path | None = None, at: datetime) -> Founded:
    """Found the company unless there is one, and bring the handbook in ``folder`` (default: the setting) into the register.

    The keys of this installation are kept by their fingerprints: from now on no others are taken.

    :raises KeysDiffer: when they are not those that are kept.
    :raises Refusal: of whatever part of the handbook cannot be used; in both cases nothing was changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [FOUNDING_LOCK])
    keep_fingerprints(at=at)
    handbook = folder or settings.HANDBOOK_DIR
    document = read_yaml((handbook / "organisation.yaml").read_text(encoding="utf-8"))
    password = "" if list_units(kind=UnitKind.COMPANY) else _found_company(document, at)
    actor_id = jobs_staff_id()
    learned = load_register(folder=handbook / "policies", actor_id=actor_id, at=at)
    return Founded(
        founder=document["founder"]["staff_no"],
        password=password,
        policies_learned=learned.inserted,
        calendars_published=load_calendars(folder=handbook / "calendars", actor_id=actor_id, at=at),
        norms_published=load_handbook(folder=handbook / "norms", actor_id=actor_id, at=at),
        templates_approved=load_templates(folder=handbook / "templates", actor_id=actor_id, at=at),
    )


def jobs_staff_id() -> int:
    """Return in whose name the scheduled jobs act.

    :raises NotFound: before the company is founded.
    """
    return staff_with_number(staff_no=JOBS).id


def _found_company(document: dict[str, Any], at: datetime) -> str:
    company, founder = document["company"], document["founder"]
    founding = found_company(
        code=company["code"], name=company["name"], staff_no=founder["staff_no"], staff_name=founder["name"], at=at
    )
    for role in document["founder_roles"]:
        if role != RoleCode.COMPANY_MANAGER:
            give_post(
                staff_id=founding.staff_id, role=RoleCode(role), unit_id=founding.unit_id, actor_id=founding.staff_id, at=at
            )
    password = secrets.token_urlsafe(12)
    set_password(staff_id=founding.staff_id, password=password, actor_id=founding.staff_id, at=at)
    _create_units(document["units"], founding.unit_id, founding.staff_id, at)
    _hire_automatic(document["automatic"], founding.unit_id, founding.staff_id, at)
    return password


def _create_units(units: list[dict[str, str]], company_id: int, actor_id: int, at: datetime) -> None:
    ids: dict[str, int] = {}
    for unit in units:
        ids[unit["code"]] = create_unit(
            code=unit["code"],
            name=unit["name"],
            name_en=unit["name_en"],
            kind=UnitKind(unit["kind"]),
            parent_id=ids[unit["under"]] if "under" in unit else company_id,
            actor_id=actor_id,
            at=at,
        )


def _hire_automatic(people: list[dict[str, str]], company_id: int, actor_id: int, at: datetime) -> None:
    for one in people:
        unit_id = unit_with_code(code=one["unit"]).id if "unit" in one else company_id
        hire_staff(
            staff_no=one["staff_no"],
            name=one["name"],
            name_en=one["name_en"],
            unit_id=unit_id,
            is_automatic=True,
            actor_id=actor_id,
            at=at,
        )


def is_founded() -> bool:
    """Return whether there is a company, and jobs that act for it."""
    try:
        jobs_staff_id()
    except NotFound:
        return False
    return True
