from itertools import product

import pytest

from shouwen.loop.messages.tests.threads import at_once
from shouwen.loop.satisfaction import services
from shouwen.loop.satisfaction.tests.factories import fresh, ready, scene
from shouwen.loop.workorders.choices import Stage
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.queries import list_complete
from shouwen.loop.workorders.rules.closing import LoopState, missing_for_closing
from shouwen.loop.workorders.tests.factories import after
from shouwen.platform.outbox.models import Fact

pytestmark = pytest.mark.django_db


def test_the_sweep_asks_the_closing_rule_of_all_matters_at_once() -> None:
    order = ready(scene())
    for is_told, call_needed, is_called, attempts, survey, is_settled in product(
        (False, True), (False, True), (False, True), (2, 3), (False, True), (False, True)
    ):
        WorkOrder.objects.filter(pk=order.pk).update(
            result_told_at=after(70) if is_told else None,
            call_back_needed=call_needed,
            called_back_at=after(70) if is_called else None,
            call_back_attempt_count=attempts,
            survey_needed=survey,
            grade_settled_at=after(70) if is_settled else None,
        )
        loop = LoopState(
            is_resolved=True,
            is_result_told=is_told,
            call_back_needed=call_needed,
            call_back_reached=is_called,
            call_back_attempt_count=attempts,
            survey_needed=survey,
            is_grade_settled=is_settled,
            has_open_visit=False,
            open_promise_count=0,
        )

        assert bool(list_complete(at=after(80))) is (not missing_for_closing(loop=loop, call_back_attempt_limit=3)), loop


def test_what_is_not_resolved_is_never_swept() -> None:
    order = ready(scene(norm={"survey": False}))
    WorkOrder.objects.filter(pk=order.pk).update(result_told_at=after(70), called_back_at=after(70))
    closed = services.close_settled(at=after(80))

    assert (closed, fresh(order).stage, services.close_settled(at=after(81))) == (1, Stage.CLOSED, 0)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_close_each_matter_once() -> None:
    stage = scene(norm={"survey": False})
    orders = [ready(stage) for _ in range(6)]
    WorkOrder.objects.update(result_told_at=after(70), called_back_at=after(70))
    counts: list[int] = []

    at_once(*[lambda: counts.append(services.close_settled(at=after(80)))] * 2)

    assert sum(counts) == len(orders)
    assert Fact.objects.filter(kind="WorkOrderClosed").count() == len(orders)
