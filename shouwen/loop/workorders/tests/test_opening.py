from datetime import timedelta
from decimal import Decimal

import pytest

from shouwen.kernel.errors import NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import Priority, Stage, TargetState
from shouwen.loop.workorders.models import StepRun, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.loop.workorders.services.opening import home_place
from shouwen.loop.workorders.tests.factories import LIMITS, LONG_AGO, NOON, Company, after, lamp_out, ledger, opened
from shouwen.loop.workorders.tests.proofs import refused
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.people.services.employment import end_employment
from shouwen.platform.people.tests.factories import administrator
from shouwen.platform.policies.rules import Place
from shouwen.records.norms.queries import norm_in_force
from shouwen.records.norms.services import publish_norm_version

ACCEPT, ARRIVE, _MEND = LIMITS


def test_whoever_takes_a_matter_owns_it_and_its_clocks_run(company: Company) -> None:
    order = opened(company, subject="Lamp out", description="In the hall.", hazards=("fire",))

    card, calendar = norm_in_force(slug="lamp_out", at=NOON), calendar_in_force(name="office", at=NOON)
    assert WorkOrder.objects.filter(pk=order.pk).values().get() == {
        "id": order.pk,
        "norm_version_id": card.version_id,
        "norm_code": "lamp_out",
        "stage": Stage.OPEN,
        "round": 1,
        "step": "accept",
        "end": "",
        "unit_id": company.centre.pk,
        "main_unit_id": company.centre.pk,
        "owner_id": company.li.pk,
        "handler_id": None,
        "channel": "phone",
        "customer_id": None,
        "supply_point_id": None,
        "subject": "Lamp out",
        "description": "In the hall.",
        "hazards": ["fire"],
        "priority": Priority.DANGER,
        "urge_count": 0,
        "opened_at": NOON,
        "moved_at": NOON,
        "paused_at": None,
        "pause_reason": "",
        "result": "",
        "result_told_at": None,
        "resolved_at": None,
        "call_back_needed": True,
        "call_back_attempt_count": 0,
        "called_back_at": None,
        "survey_needed": True,
        "satisfaction_asked_at": None,
        "grade": None,
        "grade_source": "",
        "grade_settled_at": None,
        "closed_at": None,
        "merged_into_id": None,
        "next_due_at": after(10),
    }
    assert list(order.step_runs.values_list("round", "step", "unit_id", "staff_id", "entered_at", "finished_at")) == [
        (1, "accept", company.centre.pk, None, NOON, None)
    ]
    columns = ("kind", "since", "limit_amount", "limit_unit", "due_at", "warn_at", "next_alarm_at", "state", "policy_digest")
    assert list(order.targets.order_by("id").values_list(*columns)) == [
        ("accepted", "step", Decimal(10), "minute", after(10), after(8), after(8), TargetState.RUNNING, ACCEPT.digest),
        ("arrived", "opened", Decimal(45), "minute", after(45), after(36), after(36), TargetState.RUNNING, ARRIVE.digest),
    ]
    assert set(order.targets.values_list("calendar_digest", flat=True)) == {calendar.digest}
    assert ledger(order) == [
        events.WorkOrderOpened(
            work_order_id=order.pk,
            norm="lamp_out",
            norm_version=1,
            norm_digest=card.norm.digest,
            calendar="office",
            calendar_digest=calendar.digest,
            step="accept",
            unit_id=company.centre.pk,
            owner_id=company.li.pk,
            main_unit_id=company.centre.pk,
            channel="phone",
            priority=Priority.DANGER,
            customer_id=None,
            supply_point_id=None,
            jurisdiction=home_place().jurisdiction,
            company=home_place().company,
            area=None,
            zone=None,
            customer_class=None,
            actor_id=company.li.pk,
            at=NOON,
        )
    ]
    assert str(order) == number_of(order.pk)
    assert verify_work_order(work_order_id=order.pk).is_equal


def test_a_gateway_opens_for_the_owner_it_names(company: Company) -> None:
    order = opened(company, by=company.gateway, owner_id=company.li.pk, unit_id=company.crew.pk, channel="web")

    assert (order.owner_id, order.unit_id) == (company.li.pk, company.centre.pk)
    assert ledger(order)[0].actor_id == company.gateway.pk


def test_the_first_step_goes_to_the_nearest_unit_of_its_kind(company: Company) -> None:
    order = opened(company, by=company.wang)

    assert (order.owner_id, order.unit_id, order.main_unit_id) == (company.wang.pk, company.centre.pk, company.centre.pk)


def test_the_main_unit_can_be_another(company: Company) -> None:
    assert opened(company, main_unit_id=company.crew.pk).main_unit_id == company.crew.pk


def test_the_place_of_the_matter_stands_in_its_opening(company: Company) -> None:
    order = opened(company, place=Place("CN-31", "SGCC", "urban", None, "residential"))

    opening = ledger(order)[0]
    assert (opening.jurisdiction, opening.company, opening.area, opening.zone, opening.customer_class) == (
        "CN-31",
        "SGCC",
        "urban",
        None,
        "residential",
    )


def test_a_matter_runs_under_the_norm_version_of_its_day(company: Company) -> None:
    tomorrow = after(24 * 60)
    publish_norm_version(document=lamp_out(version=2, effective_from=tomorrow.date(), survey=False), actor_id=None, at=LONG_AGO)

    today, later = opened(company), opened(company, at=tomorrow)

    assert (today.survey_needed, later.survey_needed) == (True, False)
    assert [ledger(order)[0].norm_version for order in (today, later)] == [1, 2]


def test_many_are_opened_in_order_or_none(company: Company) -> None:
    openings = [services.Opening(norm="lamp_out", channel=channel, subject=channel) for channel in ("phone", "web", "counter")]

    ids = services.open_work_orders(openings=openings, actor_id=company.li.pk, at=NOON)

    assert [WorkOrder.objects.get(pk=pk).subject for pk in ids] == ["phone", "web", "counter"]
    assert StepRun.objects.filter(work_order__in=ids).count() == 3
    bad = services.Opening(norm="lamp_out", channel="pigeon")
    with refused(services.CannotOpen):
        services.open_work_orders(openings=[*openings, bad], actor_id=company.li.pk, at=NOON)


def test_opening_nothing_opens_nothing(company: Company) -> None:
    assert services.open_work_orders(openings=[], actor_id=company.li.pk, at=NOON) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"norm": "no_such_norm"},
        {"channel": "pigeon"},
        {"hazards": ("flood",)},
        {"priority": 9},
        {"subject": "x" * 121},
        {"owner_id": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_cannot_be_opened_is_refused(company: Company, wrong: dict[str, object]) -> None:
    with refused(services.CannotOpen):
        opened(company, **wrong)


def test_a_norm_not_yet_in_force_is_refused(company: Company) -> None:
    with refused(services.CannotOpen):
        opened(company, at=LONG_AGO - timedelta(days=1))


def test_a_program_owns_nothing(company: Company) -> None:
    with refused(services.CannotOpen):
        opened(company, by=company.gateway)
    with refused(services.CannotOpen):
        opened(company, owner_id=company.gateway.pk)


def test_nobody_who_has_left_owns_a_new_matter(company: Company) -> None:
    end_employment(staff_id=company.wang.pk, actor_id=administrator().pk, at=NOON)

    assert opened(company, by=company.gateway, owner_id=company.wang.pk, at=after(-1)).owner_id == company.wang.pk
    with refused(services.CannotOpen):
        opened(company, by=company.gateway, owner_id=company.wang.pk, at=NOON)
    with refused(NotFound):
        opened(company, by=company.wang, at=NOON)


@pytest.mark.parametrize("missing", [{"unit_id": 10**9}, {"supply_point_id": 10**9}, {"calendar": "none"}])
def test_what_does_not_exist_is_not_found(company: Company, missing: dict[str, object]) -> None:
    with refused(NotFound):
        opened(company, **missing)


def test_only_a_program_or_a_leader_names_another_owner(company: Company) -> None:
    for by in (company.gateway, company.zhao):
        assert opened(company, by=by, owner_id=company.li.pk).owner_id == company.li.pk

    for by, owner in ((company.wang, company.li), (company.zhao, company.wang)):
        with refused(services.CannotOpen):
            opened(company, by=by, owner_id=owner.pk)
