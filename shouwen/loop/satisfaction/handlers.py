"""What this flat does about what happens below: each hearer is one line. Their names are kept with the deliveries."""

from __future__ import annotations

from shouwen.loop.messages.events import MessageFailed
from shouwen.loop.satisfaction import services
from shouwen.loop.workorders import events
from shouwen.platform.outbox.hearing import hears


@hears(events.WorkOrderOpened)
def tell_opened(fact: events.WorkOrderOpened) -> None:
    services.tell_opened(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.PromiseMade)
def tell_promise(fact: events.PromiseMade) -> None:
    services.tell_promise(work_order_id=fact.work_order_id, promise_id=fact.promise_id, at=fact.at)


@hears(events.PromiseMoved)
def tell_promise_moved(fact: events.PromiseMoved) -> None:
    services.tell_promise_moved(
        work_order_id=fact.work_order_id, new_promise_id=fact.new_promise_id, old_due_at=fact.due_at, at=fact.at
    )


@hears(events.PromiseMoved)
def take_back_given(fact: events.PromiseMoved) -> None:
    services.take_back_given(promise_id=fact.promise_id, at=fact.at)


@hears(events.PromiseKept)
def take_back_kept(fact: events.PromiseKept) -> None:
    services.take_back_promise(promise_id=fact.promise_id, at=fact.at)


@hears(events.PromiseBroken)
def take_back_broken(fact: events.PromiseBroken) -> None:
    services.take_back_promise(promise_id=fact.promise_id, at=fact.at)


@hears(events.ResultTold)
def tell_result(fact: events.ResultTold) -> None:
    services.tell_result(work_order_id=fact.work_order_id, channel=fact.channel, at=fact.at)


@hears(events.WorkOrderResolved)
def begin_settling(fact: events.WorkOrderResolved) -> None:
    services.begin_settling(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.CalledBack)
def follow_call(fact: events.CalledBack) -> None:
    services.follow_call(work_order_id=fact.work_order_id, result=fact.result, attempt=fact.attempt, at=fact.at)


@hears(events.SatisfactionAsked)
def remember_asking(fact: events.SatisfactionAsked) -> None:
    services.remember_asking(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.SatisfactionGraded)
def overtake_survey(fact: events.SatisfactionGraded) -> None:
    services.overtake_survey(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.WorkOrderReopened)
def end_round(fact: events.WorkOrderReopened) -> None:
    services.end_round(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.WorkOrderReopened)
def tell_reopened(fact: events.WorkOrderReopened) -> None:
    services.tell_reopened(work_order_id=fact.work_order_id, round_number=fact.round, continues=fact.continues, at=fact.at)


@hears(events.WorkOrderClosed)
def end_asking(fact: events.WorkOrderClosed) -> None:
    services.end_round(work_order_id=fact.work_order_id, at=fact.at)


@hears(events.WorkOrderClosed)
def tell_closed(fact: events.WorkOrderClosed) -> None:
    services.tell_closed(work_order_id=fact.work_order_id, at=fact.at)


@hears(MessageFailed)
def call_instead(fact: MessageFailed) -> None:
    services.call_instead(about_kind=fact.about_kind, about_id=fact.about_id, template=fact.template, at=fact.at)
