"""Call-backs: planned when a matter is resolved, tried again after nobody answered, by somebody who had no part in the matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from shouwen.loop.messages.queries import can_be_reached
from shouwen.loop.satisfaction import rules
from shouwen.loop.satisfaction.events import CallBackPlanned
from shouwen.loop.satisfaction.models import CallBack
from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.satisfaction.rules import AfterCall, Asking
from shouwen.loop.satisfaction.services.asking import ask_by_link, ask_or_await
from shouwen.loop.satisfaction.services.matters import about_matter
from shouwen.loop.satisfaction.services.telling import CLOSING_SURVEY, MATTER, PROMISE_GIVEN, PROMISE_MOVED, have_promise_told
from shouwen.loop.workorders.choices import CallBackResult, Stage
from shouwen.loop.workorders.events import WorkOrderOpened
from shouwen.loop.workorders.permissions import SECRET_NORMS
from shouwen.loop.workorders.queries import WorkOrderDetail
from shouwen.loop.workorders.rules.targets import place_of_opening
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import matches_for, value
from shouwen.platform.policies.rules import PolicyRef

ATTEMPTS = PolicyRef(key="call_back.attempts", default=Decimal(3), unit=Unit.COUNT, requirement="B8")
ATTEMPT_INTERVAL = PolicyRef(key="call_back.attempt_interval", default=Decimal(2), unit=Unit.HOUR, requirement="B8")
LINK_AFTER = PolicyRef(key="survey.link_after_call_back", default=Decimal(1), unit=Unit.HOUR, requirement="B8")


@transaction.atomic
def begin_settling(*, work_order_id: int, at: datetime) -> Asking:
    """Begin to ask about a matter that is resolved: plan its call-back or send its link; return which."""
    matter = about_matter(work_order_id=work_order_id, at=at)
    order = matter.order
    if order.stage != Stage.RESOLVED or order.norm_code in SECRET_NORMS:
        return Asking.NOTHING
    asking = rules.way_of_asking(
        call_back_needed=order.call_back_needed,
        is_called_back=order.called_back_at is not None,
        survey_needed=order.survey_needed and order.grade_settled_at is None,
        can_be_reached=order.customer_id is not None and can_be_reached(customer_id=order.customer_id),
    )
    if asking is Asking.CALL_BACK:
        plan_call_back(work_order_id=work_order_id, at=at)
    elif asking is Asking.LINK:
        ask_by_link(work_order_id=work_order_id, actor_id=satisfaction_staff_id(), at=at)
    return asking


@transaction.atomic
def plan_call_back(*, work_order_id: int, at: datetime) -> bool:
    """Plan a call-back of a resolved matter; return False when its round has one already, or it is not resolved.

    Due by the policy of the norm's own call-back step, else ``order.call_back_other``, counted from ``at`` on the matter's calendar.
    """
    matter = about_matter(work_order_id=work_order_id, at=at)
    if matter.order.stage != Stage.RESOLVED:
        return False
    policy = rules.call_back_policy(matter.norm)
    row, is_new = CallBack.objects.get_or_create(
        work_order_id=work_order_id,
        round=matter.order.round,
        defaults={"policy_key": policy, "planned_at": at, "due_at": _due_at(matter, policy, at), "not_before": at},
    )
    if is_new:
        announce(
            CallBackPlanned(
                call_back_id=row.pk,
                work_order_id=work_order_id,
                policy=policy,
                due_at=row.due_at,
                actor_id=satisfaction_staff_id(),
                at=at,
            )
        )
    return is_new


@transaction.atomic
def call_instead(*, about_kind: str, about_id: int, template: str, at: datetime) -> bool:
    """Have a person call a customer whom a message has not reached; return False when it was one that nobody calls about.

    About the link to the survey somebody independent calls back; about a promise the owner calls.
    """
    if about_kind != MATTER:
        return False
    if template == CLOSING_SURVEY:
        return plan_call_back(work_order_id=about_id, at=at)
    return template in (PROMISE_GIVEN, PROMISE_MOVED) and have_promise_told(work_order_id=about_id, at=at)


def _due_at(matter: WorkOrderDetail, policy: str, at: datetime) -> datetime:
    """Return by when to call, under the policies in force when the matter was opened: like every limit of it."""
    (card,) = list_facts(case_kind="work_order", case_id=matter.order.pk, kinds=[WorkOrderOpened.kind()])
    opened = card.as_fact()
    assert isinstance(opened, WorkOrderOpened)
    return rules.call_back_due_at(
        since=at,
        matches=matches_for(key=policy, place=place_of_opening(opened), at=opened.at, known_at=opened.at),
        calendar=calendar_in_force(name=opened.calendar, at=at).calendar,
    )


@transaction.atomic
def follow_call(*, work_order_id: int, result: str, attempt: int, at: datetime) -> AfterCall:
    """Do what follows one attempt to call a customer back, and return it.

    Nobody answered: again after ``call_back.attempt_interval`` hours, at last the link. Reached: the caller records the grade; if they
    have not after ``survey.link_after_call_back`` hours, the link goes out.
    """
    order = about_matter(work_order_id=work_order_id, at=at).order
    follows = rules.after_call(
        result=CallBackResult(result),
        attempt=attempt,
        attempt_limit=int(value(policy=ATTEMPTS, at=at)),
        survey_needed=order.survey_needed and order.grade_settled_at is None,
    )
    plans = CallBack.objects.filter(work_order_id=work_order_id, round=order.round)
    if follows is AfterCall.AGAIN:
        plans.update(attempt_count=attempt, not_before=at + _hours(ATTEMPT_INTERVAL, at))
        return follows
    link_from = at + _hours(LINK_AFTER, at) if follows is AfterCall.LINK_LATER else None
    plans.update(attempt_count=attempt, done_at=at, link_from=link_from)
    if follows is AfterCall.LINK:
        ask_or_await(work_order_id=work_order_id, at=at)
    return follows


def _hours(policy: PolicyRef, at: datetime) -> timedelta:
    return timedelta(hours=float(value(policy=policy, at=at)))
