from collections.abc import Callable
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import Stage
from shouwen.loop.workorders.models import HandOver, StepRun, Target, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services import Closing, Finishing
from shouwen.loop.workorders.tests.factories import Company, after, lamp_out, opened, small_company, step
from shouwen.platform.outbox.models import Fact

pytestmark = pytest.mark.django_db

# Two steps whose limits count from the opening, then one that begins its own clock, with a way back.
STEPS = [
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
]
QUIET = {"call_back": {"needed": False, "why": {"zh": "无", "en": "none"}}, "survey": False, "steps": STEPS}
Way = Callable[[Company, list[tuple[int, str, float]]], None]


def one_by_one(company: Company, acts: list[tuple[int, str, float]]) -> None:
    for order_id, outcome, minute in acts:
        actor_id, at = company.gateway.pk, after(minute)
        if outcome == "close":
            services.close_work_order(work_order_id=order_id, actor_id=actor_id, at=at)
        else:
            services.finish_step(work_order_id=order_id, outcome=outcome, actor_id=actor_id, at=at)


def together(company: Company, acts: list[tuple[int, str, float]]) -> None:
    whole = {"actor_id": company.gateway.pk}
    finishings = [
        Finishing(work_order_id=order_id, outcome=outcome, at=after(minute), **whole)
        for order_id, outcome, minute in acts
        if outcome != "close"
    ]
    closings = [
        Closing(work_order_id=order_id, at=after(minute), **whole) for order_id, outcome, minute in acts if outcome == "close"
    ]
    if finishings:
        services.finish_steps(finishings=finishings)
    if closings:
        services.close_work_orders(closings=closings)


# Each line is one matter; the columns are done one after the other, to all matters at once.
LIVES: list[list[tuple[str, float] | None]] = [
    [("sent", 1), ("there", 44), ("mended", 300), ("close", 300)],
    [("sent", 12), ("there", 46), ("mended", 50), ("close", 51)],
    [("known", 3), None, None, ("close", 3)],
    [("known", 30), None, None, None],
    [("sent", 2), ("wrong_place", 5), ("sent", 6), None],
    [("sent", 2), ("there", 5), ("parts", 9), None],
]


def lived(company: Company, way: Way, *, paused: bool) -> list[int]:
    """Let new matters live the same lives one way, the last of them with a pause, and return their ids."""
    ids = [opened(company, subject=str(number)).pk for number in range(len(LIVES))]
    for column in range(4):
        if paused and column == 1:
            services.pause_work_order(
                work_order_id=ids[-1], reason="waiting_for_customer", actor_id=company.gateway.pk, at=after(3)
            )
            services.resume_work_order(work_order_id=ids[-1], actor_id=company.gateway.pk, at=after(4))
        way(company, [(order_id, *act) for order_id, life in zip(ids, LIVES, strict=True) if (act := life[column])])
    return ids


def written(ids: list[int]) -> list[dict[str, list[Any]]]:
    """Return everything that is written of matters, without the numbers of the rows."""

    def rows(model: Any, order_id: int, *left_out: str) -> list[Any]:
        fields = [
            field.attname for field in model._meta.concrete_fields if field.attname not in ("id", "work_order_id", *left_out)
        ]
        key = {"pk": order_id} if model is WorkOrder else {"work_order": order_id}
        return list(model.objects.filter(**key).order_by("id").values(*fields))

    def facts(order_id: int) -> list[Any]:
        numbers = ("work_order_id", "hand_over_id")
        cards = Fact.objects.filter(case_kind="work_order", case_id=order_id).order_by("id")
        return [
            (card.kind, card.actor_id, card.at, {name: value for name, value in card.payload.items() if name not in numbers})
            for card in cards
        ]

    return [
        {model.__name__: rows(model, order_id) for model in (WorkOrder, StepRun, Target, HandOver)} | {"facts": facts(order_id)}
        for order_id in ids
    ]


@pytest.mark.parametrize("paused", [False, True])
def test_many_at_once_come_to_just_the_same_as_one_by_one(paused: bool) -> None:
    company = small_company(norm=lamp_out(**QUIET))

    alone = lived(company, one_by_one, paused=paused)
    many = lived(company, together, paused=paused)

    assert written(many) == written(alone)
    assert [WorkOrder.objects.get(pk=order_id).stage for order_id in many] == [
        Stage.CLOSED,
        Stage.CLOSED,
        Stage.CLOSED,
        Stage.RESOLVED,
        Stage.OPEN,
        Stage.OPEN,
    ]
    assert [verify_work_order(work_order_id=order_id).differences for order_id in many] == [()] * len(many)


def finishing(company: Company, order: WorkOrder, **changes: Any) -> Finishing:
    details = {"work_order_id": order.pk, "outcome": "known", "actor_id": company.gateway.pk, "at": after(5)}
    return Finishing(**(details | changes))


def closing(company: Company, order: WorkOrder, **changes: Any) -> Closing:
    return Closing(**({"work_order_id": order.pk, "actor_id": company.gateway.pk, "at": after(9)} | changes))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"outcome": "lost"}, services.CannotFinishStep),
        ({"at": after(-1)}, Refusal),
        ({"work_order_id": 0}, NotFound),
    ],
)
def test_if_one_cannot_be_finished_none_is(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    company = small_company(norm=lamp_out(**QUIET))
    orders = [opened(company), opened(company)]
    before = written([order.pk for order in orders])

    with pytest.raises(refusal):
        services.finish_steps(finishings=[finishing(company, orders[0]), finishing(company, orders[1], **changes)])

    assert written([order.pk for order in orders]) == before


def test_each_matter_is_named_once_and_only_by_gateways_and_jobs() -> None:
    company = small_company(norm=lamp_out(**QUIET))
    order = opened(company)
    before = written([order.pk])

    with pytest.raises(services.CannotDoMany):
        services.finish_steps(finishings=[finishing(company, order), finishing(company, order)])
    with pytest.raises(NotAllowed):
        services.finish_steps(finishings=[finishing(company, order, actor_id=company.li.pk)])
    with pytest.raises(NotAllowed):
        services.close_work_orders(closings=[closing(company, order, actor_id=company.zhao.pk)])

    assert written([order.pk]) == before


def test_if_one_cannot_be_closed_none_is() -> None:
    company = small_company(norm=lamp_out(**QUIET))
    orders = [opened(company), opened(company)]
    services.finish_steps(finishings=[finishing(company, orders[0])])
    before = written([order.pk for order in orders])

    with pytest.raises(services.CannotClose):
        services.close_work_orders(closings=[closing(company, order) for order in orders])

    assert written([order.pk for order in orders]) == before


def test_the_database_is_asked_as_often_for_many_as_for_two(django_assert_num_queries: Any) -> None:
    company = small_company(norm=lamp_out(**QUIET))
    many = [opened(company) for _ in range(30)]
    services.finish_steps(finishings=[finishing(company, order, outcome="sent") for order in many[:2]])

    with django_assert_num_queries(12):
        services.finish_steps(finishings=[finishing(company, order, outcome="sent") for order in many[2:4]])
    with django_assert_num_queries(12):
        services.finish_steps(finishings=[finishing(company, order, outcome="sent") for order in many[4:]])
