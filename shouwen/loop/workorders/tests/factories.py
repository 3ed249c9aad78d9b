"""A small company with one small norm, and the least that is valid of a matter. Usable by upper flats.

Four people: Li answers in the service centre and owns what she takes, Wang repairs, Zhao leads, Chen calls back.
The norm ``lamp_out`` has every kind of step: a limit from the opening, a way back, another unit, two ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import CallBackResult, GradeSource
from shouwen.loop.workorders.models import WorkOrder
from shouwen.platform.calendars.services import publish_calendar_version
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.models import Staff, Unit
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory, UnitFactory
from shouwen.platform.policies.choices import Force, Mark, Statistic
from shouwen.platform.policies.choices import Unit as PolicyUnit
from shouwen.platform.policies.rules import PolicyEntry, Value
from shouwen.platform.policies.services import learn_entries
from shouwen.records.norms.services import publish_norm_version

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # Wednesday, twelve o'clock in Shanghai
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OFFICE = {"base": "cn", "provisional": True, "daily": [["08:30", "12:00"], ["14:00", "17:30"]]}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def after(count: float) -> datetime:
    """Return the moment ``count`` minutes after noon."""
    return NOON + minutes(count)


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def step(key: str, *, unit: str, policy: str, target: str, outcomes: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    """Return a step; an outcome is its key and what follows, with a ``<`` before a way back."""
    return {
        "key": key,
        "name": words(key),
        "role": "agent",
        "unit": unit,
        "standard": words("Do it well."),
        "limit": {"policy": policy, "since": more.pop("since", "step")},
        "target": target,
        "assist": [],
        "outcomes": [
            {"key": name, "name": words(name), "next": where.lstrip("<"), "back": where.startswith("<")}
            for name, where in outcomes
        ],
    }


def lamp_out(**changes: Any) -> dict[str, Any]:
    """Return the small norm as a document, with ``changes``."""
    document: dict[str, Any] = {
        "id": "6.9",
        "slug": "lamp_out",
        "version": 1,
        "effective_from": date(2020, 1, 1),
        "name": words("Lamp out"),
        "purpose": words("A lamp is mended."),
        "opens": {"channels": ["phone", "web"], "when": words("A lamp is out.")},
        "promise": words("It will burn again."),
        "commitments": [],
        "pauses": [{"reason": "waiting_for_customer", "when": words("Nobody is at home.")}],
        "escalation": ["shift_leader", "unit_head"],
        "call_back": {"needed": True, "why": words("Does it burn?")},
        "survey": True,
        "steps": [
            step(
                "accept",
                unit="service_centre",
                policy="lamp.accept",
                target="accepted",
                outcomes=[("sent", "arrive"), ("known", "end_known")],
            ),
            step(
                "arrive",
                unit="repair_team",
                policy="lamp.arrive",
                target="arrived",
                since="opened",
                outcomes=[("there", "mend"), ("wrong_place", "<accept")],
            ),
            step(
                "mend",
                unit="repair_team",
                policy="lamp.mend",
                target="restored",
                outcomes=[("mended", "end_mended"), ("parts", "<arrive")],
            ),
        ],
        "ends": [
            {"key": "end_mended", "name": words("Mended"), "success": True},
            {"key": "end_known", "name": words("Known"), "success": False},
        ],
    }
    return document | changes


def cap(key: str, amount: int, unit: PolicyUnit = PolicyUnit.MINUTE, *, rule: str = "", **changes: Any) -> PolicyEntry:
    fields: dict[str, Any] = {
        "key": key,
        "rule": rule or f"T-{key}",
        "name_zh": key,
        "name_en": key,
        "force": Force.INTERNAL,
        "statistic": Statistic.CAP,
        "unit": unit,
        "values": (Value(Decimal(amount)),),
        "valid_from": date(2020, 1, 1),
        "known_from": LONG_AGO,
        "mark": Mark.UNVERIFIED,
        "source": "a test",
    }
    return PolicyEntry(**(fields | changes))


LIMITS = (cap("lamp.accept", 10), cap("lamp.arrive", 45), cap("lamp.mend", 4, PolicyUnit.WORKING_HOUR))


@dataclass(frozen=True)
class Company:
    """The small company: units and people by name."""

    centre: Unit
    crew: Unit
    other_crew: Unit
    li: Staff
    wang: Staff
    zhao: Staff
    chen: Staff
    gateway: Staff


def small_company(*, norm: dict[str, Any] | None = None) -> Company:
    """Make the company with its calendar, its limits and its norm."""
    top = UnitFactory(code="C", kind=UnitKind.COMPANY)
    centre = UnitFactory(code="S", kind=UnitKind.SERVICE_CENTRE, parent=top)
    crew = UnitFactory(code="R", kind=UnitKind.REPAIR_TEAM, parent=top)
    other_crew = UnitFactory(code="T", kind=UnitKind.REPAIR_TEAM, parent=top)
    zhao = _person(centre, RoleCode.SHIFT_LEADER, "Zhao")
    company = Company(
        centre=centre,
        crew=crew,
        other_crew=other_crew,
        li=_person(centre, RoleCode.AGENT, "Li", superior=zhao),
        wang=_person(crew, RoleCode.CREW_LEADER, "Wang"),
        zhao=zhao,
        chen=_person(centre, RoleCode.CALL_BACK_AGENT, "Chen"),
        gateway=StaffFactory(home_unit=centre, is_automatic=True, name="Gateway"),
    )
    publish_calendar_version(name="office", document=OFFICE, known_from=LONG_AGO, actor_id=None, at=LONG_AGO)
    learn_entries(entries=LIMITS, actor_id=None, at=LONG_AGO)
    publish_norm_version(document=norm or lamp_out(), actor_id=None, at=LONG_AGO)
    return company


def _person(unit: Unit, role: RoleCode, name: str, **details: Any) -> Staff:
    person = StaffFactory(home_unit=unit, name=name, **details)
    PostFactory(staff=person, role=role)
    return person


def opened(company: Company, *, at: datetime = NOON, by: Staff | None = None, **details: Any) -> WorkOrder:
    """Return a matter that Li took at noon."""
    actor = by or company.li
    work_order_id = services.open_work_order(
        **({"norm": "lamp_out", "channel": "phone", "actor_id": actor.pk, "at": at} | details)
    )
    return WorkOrder.objects.get(pk=work_order_id)


def finish(order: WorkOrder, outcome: str, *, by: Staff, at: datetime) -> None:
    services.finish_step(work_order_id=order.pk, outcome=outcome, actor_id=by.pk, at=at)
    order.refresh_from_db()


def resolved(company: Company, **details: Any) -> WorkOrder:
    """Return a matter that was mended in time: accepted after 5 minutes, on site after 40, mended after 60."""
    order = opened(company, **details)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))
    finish(order, "mended", by=company.wang, at=after(60))
    return order


def settled(company: Company, *, grade: int = 5) -> WorkOrder:
    """Return a resolved matter of which the customer was told, called back and asked."""
    order = resolved(company)
    services.tell_result(work_order_id=order.pk, channel="phone", result="It burns.", actor_id=company.li.pk, at=after(70))
    services.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=company.chen.pk, at=after(80))
    services.record_grade(
        work_order_id=order.pk, grade=grade, source=GradeSource.CALL_BACK, actor_id=company.chen.pk, at=after(81)
    )
    order.refresh_from_db()
    return order


def told(order: WorkOrder) -> list[str]:
    """Return the kinds of the matter's facts in order."""
    return [card.kind for card in list_facts(case_kind="work_order", case_id=order.pk)]


def ledger(order: WorkOrder) -> list[Fact]:
    """Return the matter's facts in order."""
    return [card.as_fact() for card in list_facts(case_kind="work_order", case_id=order.pk)]


def since(order: WorkOrder, count: int) -> list[Fact]:
    """Return the matter's facts after the first ``count``."""
    return ledger(order)[count:]
