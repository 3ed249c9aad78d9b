"""Our side of ``clock.recalc``. Imported once the house is entered, since it needs its models.

Two running targets for each matter, with the starts and limits that norms use, and one verdict for ten of them. The calendar is changed by
publishing another version, as an administrator would, and all live targets are dated again by the bulk path of the product.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count as numbers

from django.conf import settings
from django.db import connection

from benchmarks import clone, store
from benchmarks.protocol import WrongAnswer
from shouwen.kernel.time.deadlines import due_at
from shouwen.loop.workorders.models import Target
from shouwen.loop.workorders.services import open_work_order
from shouwen.loop.workorders.services.recalculating import recalculate_in_bulk
from shouwen.loop.workorders.services.target_rows import limit_of
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.calendars.services import load_calendars, publish_calendar_version
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.services import create_unit, found_company, give_post, hire_staff
from shouwen.platform.policies.services import load_register
from shouwen.records.norms.services import load_handbook

FOUNDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
BASE = {"base": "cn", "provisional": True}
CALENDARS = (
    BASE | {"daily": [["08:30", "12:00"], ["14:00", "17:30"]]},
    BASE | {"daily": [["09:00", "12:00"], ["13:00", "17:00"]]},
)
NORM = "opinion_suggestion_praise"
VERDICT_ONE_IN = 10
CHECKED = 2000
_LIMITS = (("2", "working_hour"), ("1", "half_working_day"), ("1", "working_day"), ("3", "working_day"), ("5", "working_day"))
_minutes = numbers(1)
_verdicts: list[object] = []


def fill(*, database: str, count: int) -> None:
    """Open one matter through the services and copy it until there are ``count`` running targets."""
    order_id = _open_one()
    with store.connect(database) as other:
        first = order_id
        clone.rows(other, table="workorders_workorder", row_id=order_id, count=count // 2, changes={"id": f"{first} + n"})
        (target_id,) = clone.ids(other, table="workorders_target", where=f"work_order_id = {order_id}")[:1]
        _copy_targets(other, target_id, f"{first} + (n + 1) / 2", count)
        done = {"round": "2", "state": "'KEPT'", "verdict_at": "one.start_at", "verdict_digest": "md5(n::text) || md5(n::text)"}
        changes = {"work_order_id": f"{first} + n", "next_alarm_at": "null", "kind": "'contacted'"} | done
        clone.rows(other, table="workorders_target", row_id=target_id, count=count // VERDICT_ONE_IN // 2, changes=changes)
        other.execute(f"delete from workorders_target where work_order_id = {order_id}")
        other.execute("vacuum analyze")
    _verdicts[:] = _verdict_rows()
    change_and_redate()  # from the dates of the one that was copied to their own


def _copy_targets(other: store.psycopg.Connection[object], target_id: int, order: str, count: int) -> None:
    limits = "(array[" + ", ".join(f"'{amount}'" for amount, _ in _LIMITS) + "]::numeric[])"
    units = "(array[" + ", ".join(f"'{unit}'" for _, unit in _LIMITS) + "])"
    changes = {
        "work_order_id": order,
        "kind": "case n % 2 when 0 then 'contacted' else 'restored' end",
        "start_at": "timestamptz '2024-01-01 00:00+08' + (hashint8(n) & 2147483647) % 63072000 * interval '1 second'",
        "limit_amount": f"{limits}[1 + n % {len(_LIMITS)}]",
        "limit_unit": f"{units}[1 + n % {len(_LIMITS)}]",
    }
    clone.rows(other, table="workorders_target", row_id=target_id, count=count, changes=changes)


def _open_one() -> int:
    founding = found_company(code="01", name="供电公司", staff_no="0001", staff_name="王经理", at=FOUNDED_AT)
    founder_id, at = founding.staff_id, FOUNDED_AT
    kinds = (UnitKind.SERVICE_CENTRE, UnitKind.MARKETING_DEPARTMENT)
    units = [
        create_unit(code=kind[:20], name=kind, kind=kind, parent_id=founding.unit_id, actor_id=founder_id, at=at)
        for kind in kinds
    ]
    agent_id = hire_staff(staff_no="A1", name="座席", unit_id=units[0], actor_id=founder_id, at=at)
    give_post(staff_id=agent_id, role=RoleCode.AGENT, unit_id=units[0], actor_id=founder_id, at=at)
    load_register(folder=settings.HANDBOOK_DIR / "policies", actor_id=founder_id, at=at)
    load_calendars(folder=settings.HANDBOOK_DIR / "calendars", actor_id=founder_id, at=at)
    load_handbook(folder=settings.HANDBOOK_DIR / "norms", actor_id=founder_id, at=at)
    return open_work_order(
        norm=NORM, channel="phone", subject="x", description="x", actor_id=agent_id, at=at + timedelta(hours=1)
    )


def change_and_redate() -> int:
    """Publish the other of the two calendars, date all live targets again and return how many there are."""
    minute = next(_minutes)
    at = FOUNDED_AT + timedelta(days=30, minutes=minute)
    publish_calendar_version(name="office", document=CALENDARS[minute % 2], known_from=at, actor_id=None, at=at)
    after_id: int | None = 0
    while after_id is not None:
        after_id = recalculate_in_bulk(calendar="office", after_id=after_id, at=at)
    return Target.objects.live().count()


def check() -> int:
    """Compare a sample with the exact path, every calendar and every verdict; return the rows compared."""
    card = calendar_in_force(name="office", at=datetime(2027, 1, 1, tzinfo=UTC))
    stale = Target.objects.live().exclude(calendar_digest=card.digest).count()
    if stale:
        raise WrongAnswer(f"clock.recalc: {stale} live targets still follow an older calendar")
    live = Target.objects.live()
    sample = list(live.filter(id__in=list(_every(live.count()))).order_by("id"))
    wrong = [row.pk for row in sample if row.due_at != due_at(start_at=row.start_at, limit=limit_of(row), calendar=card.calendar)]
    if wrong or not sample:
        raise WrongAnswer(f"clock.recalc: {len(wrong)} of {len(sample)} dates are wrong, such as target {wrong[:1]}")
    if _verdict_rows() != _verdicts:
        raise WrongAnswer("clock.recalc: a verdict was touched")
    return len(sample) + len(_verdicts)


def _every(count: int) -> range:
    first = Target.objects.live().order_by("id").values_list("id", flat=True)[0]
    return range(first, first + count, max(count // CHECKED, 1))


def _verdict_rows() -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute("select md5(t::text) from workorders_target t where state = 'KEPT' order by id")
        return [row[0] for row in cursor.fetchall()]
