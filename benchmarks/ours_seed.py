"""Fill an empty house: ``python -m benchmarks.ours_seed AGENTS OPEN_PER_AGENT MATTERS TITLE BODY``; prints tokens and ids as JSON.

People, handbook and one matter for each agent come through the services; the many others are copies of those, made by SQL.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")

import django

django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import clone  # noqa: E402
from shouwen.loop.workorders.services import open_work_order  # noqa: E402
from shouwen.platform.calendars.services import load_calendars  # noqa: E402
from shouwen.platform.people.choices import RoleCode, UnitKind  # noqa: E402
from shouwen.platform.people.services import create_unit, found_company, give_post, hire_staff, issue_token  # noqa: E402
from shouwen.platform.policies.services import load_register  # noqa: E402
from shouwen.records.norms.services import load_handbook  # noqa: E402

NORM = "opinion_suggestion_praise"  # its first step can end the matter; no call-back, but the customer is asked for a grade
SCOPES = ("orders:read", "orders:write", "customers:read", "contacts:write", "envelopes:write")
UNITS = (UnitKind.SERVICE_CENTRE, UnitKind.DISPATCH_CENTRE, UnitKind.REPAIR_TEAM, UnitKind.MARKETING_DEPARTMENT)


@dataclass(frozen=True)
class House:
    founder_id: int
    unit_ids: dict[str, int]
    agent_ids: list[int]
    gateway_id: int


def main(agents: int, open_per_agent: int, matters: int, title: str, body: str) -> None:
    at = timezone.now() - timedelta(hours=1)
    house = _found(agents, at)
    _load_handbook(house.founder_id, at)
    tokens = [_token(staff_id, at) for staff_id in (*house.agent_ids, house.gateway_id)]
    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    closed_per_agent = matters // agents - open_per_agent
    for number, agent_id in enumerate(house.agent_ids):
        made = open_work_order(
            norm=NORM,
            channel="phone",
            subject=title.format(number=number),
            description=body.format(number=number),
            actor_id=agent_id,
            at=at,
        )
        _copy(connection, made, open_per_agent - 1, closed=False)
        _copy(connection, made, closed_per_agent, closed=True)
    connection.execute("vacuum analyze")
    print(json.dumps({"tokens": tokens[:-1], "gateway_token": tokens[-1], "agents": house.agent_ids}))


def _found(agents: int, at: datetime) -> House:
    founding = found_company(code="01", name="供电公司", staff_no="0001", staff_name="王经理", at=at)
    acting = {"actor_id": founding.staff_id, "at": at}
    units = {
        str(kind): create_unit(code=kind[:20], name=kind.label, kind=kind, parent_id=founding.unit_id, **acting)  # type: ignore[arg-type]
        for kind in UNITS
    }
    centre = units[UnitKind.SERVICE_CENTRE]
    people = [hire_staff(staff_no=f"A{n:03}", name=f"座席{n}", unit_id=centre, **acting) for n in range(agents)]  # type: ignore[arg-type]
    for staff_id in people:
        give_post(staff_id=staff_id, role=RoleCode.AGENT, unit_id=centre, **acting)  # type: ignore[arg-type]
    gateway = hire_staff(staff_no="gateway", name="gateway", unit_id=centre, is_automatic=True, **acting)  # type: ignore[arg-type]
    return House(founding.staff_id, units, people, gateway)


def _load_handbook(actor_id: int, at: datetime) -> None:
    load_register(folder=settings.HANDBOOK_DIR / "policies", actor_id=actor_id, at=at)
    load_calendars(folder=settings.HANDBOOK_DIR / "calendars", actor_id=actor_id, at=at)
    load_handbook(folder=settings.HANDBOOK_DIR / "norms", actor_id=actor_id, at=at)


def _token(staff_id: int, at: datetime) -> str:
    expires_at = at + timedelta(days=365)
    return issue_token(staff_id=staff_id, name="benchmark", scopes=SCOPES, expires_at=expires_at, actor_id=staff_id, at=at).token


def _copy(connection: psycopg.Connection[tuple[object, ...]], order_id: int, count: int, *, closed: bool) -> None:
    """Copy a matter with its step, targets and facts, each copy a second older than the one before."""
    if count < 1:
        return
    first = clone.ids(connection, table="workorders_workorder", where="true")[-1]
    older = {"opened_at": "one.opened_at - n * interval '1 second'", "next_due_at": "one.next_due_at - n * interval '1 second'"}
    done = {
        "stage": "'CLOSED'",
        "closed_at": "one.opened_at",
        "resolved_at": "one.opened_at",
        "grade_settled_at": "one.opened_at",
    }
    order = {"id": f"{first} + n", **older} | (
        (done | {"step": "''", "end": "'end_answered'", "next_due_at": "null"}) if closed else {}
    )
    clone.rows(connection, table="workorders_workorder", row_id=order_id, count=count, changes=order)
    child = {"work_order_id": f"{first} + n"}
    verdict = {"state": "'KEPT'", "verdict_at": "one.start_at", "verdict_digest": "repeat('0', 64)", "next_alarm_at": "null"}
    for table, changes in (
        ("workorders_steprun", {"finished_at": "one.entered_at", "outcome": "'answered'"}),
        ("workorders_target", verdict),
    ):
        for row_id in clone.ids(connection, table=table, where=f"work_order_id = {order_id}"):
            clone.rows(connection, table=table, row_id=row_id, count=count, changes=child | (changes if closed else {}))
    told = {"case_id": f"{first} + n", "payload": f"jsonb_set(one.payload, '{{work_order_id}}', to_jsonb({first} + n))"}
    for row_id in clone.ids(connection, table="outbox_fact", where=f"case_kind = 'work_order' and case_id = {order_id}"):
        clone.rows(connection, table="outbox_fact", row_id=row_id, count=count, changes=told)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:6])  # type: ignore[arg-type]
