"""Asking for a grade, by a link or by voice, and what follows when no answer comes."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from shouwen.loop.messages.queries import public_link
from shouwen.loop.messages.rules.texts import Secret
from shouwen.loop.satisfaction import rules
from shouwen.loop.satisfaction.events import SurveyExpired, SurveySent
from shouwen.loop.satisfaction.models import CallBack, Survey
from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.satisfaction.services.matters import about_matter, get_matter, is_ungraded
from shouwen.loop.satisfaction.services.telling import CLOSING_SURVEY, tell
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import GradeSource
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

ANSWER_DAYS = PolicyRef(key="survey.answer_days", default=Decimal(7), unit=Unit.DAY, requirement="B8")
TOKEN_BYTES = 18
LINK_PATH = "survey"


@transaction.atomic
def ask_by_link(*, work_order_id: int, actor_id: int, at: datetime) -> int | None:
    """Send the customer of a resolved matter the link to their survey; return its id, None when there is nothing to ask for.

    Once in each round: asked again it returns the same survey and sends nothing. The token is in the customer's message only; what is
    kept is its digest. Who may have a customer asked is decided by the matter (``Verb.CALL_BACK``).

    :raises NotAllowed: when the actor may not have this customer asked.
    """
    order = get_matter(work_order_id=work_order_id, viewer_id=actor_id, at=at).order
    if not is_ungraded(order) or order.customer_id is None:
        return None
    row = _locked_survey(work_order_id, order.round, at)
    if row.token_digest:
        return row.pk
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_digest = rules.token_digest(token)
    row.save(update_fields=["token_digest"])
    workorders.ask_satisfaction(work_order_id=work_order_id, source=GradeSource.LINK, actor_id=actor_id, at=at)
    link = Secret(public_link(path=f"{LINK_PATH}/{token}"))
    tell(order, CLOSING_SURVEY, key=f"{work_order_id}:{order.round}", fields={"link": link}, at=at)
    announce(
        SurveySent(
            survey_id=row.pk, work_order_id=work_order_id, round=order.round, expires_at=row.expires_at, actor_id=actor_id, at=at
        )
    )
    return row.pk


def _locked_survey(work_order_id: int, round_number: int, at: datetime) -> Survey:
    """Return the survey of a round, made if there is none; who asks at the same moment waits here."""
    row, _ = _get_or_make(work_order_id, round_number, at)
    return Survey.objects.select_for_update().get(pk=row.pk)


def _get_or_make(work_order_id: int, round_number: int, at: datetime) -> tuple[Survey, bool]:
    expires_at = rules.survey_expires_at(asked_at=at, days=value(policy=ANSWER_DAYS, at=at))
    return Survey.objects.get_or_create(
        work_order_id=work_order_id, round=round_number, defaults={"asked_at": at, "expires_at": expires_at}
    )


@transaction.atomic
def remember_asking(*, work_order_id: int, at: datetime) -> bool:
    """Await an answer to what somebody asked by voice, as long as to a link; return False when one is awaited already."""
    order = about_matter(work_order_id=work_order_id, at=at).order
    return is_ungraded(order) and _get_or_make(work_order_id, order.round, at)[1]


@transaction.atomic
def overtake_survey(*, work_order_id: int, at: datetime) -> bool:
    """Await no more answer by a link, because the customer has answered otherwise; return whether one was awaited."""
    _forget_links(work_order_id, at)
    return bool(Survey.objects.unanswered().filter(work_order_id=work_order_id).update(settled_at=at))


@transaction.atomic
def end_round(*, work_order_id: int, at: datetime) -> bool:
    """Ask and call no more about a round that is over: the matter was reopened or closed; return whether anything was left."""
    calls = CallBack.objects.open().filter(work_order_id=work_order_id).update(done_at=at)
    return overtake_survey(work_order_id=work_order_id, at=at) or bool(calls)


def _forget_links(work_order_id: int, at: datetime) -> None:
    CallBack.objects.filter(work_order_id=work_order_id, link_from__isnull=False).update(link_from=None)


def settle_expired(*, at: datetime, limit: int = 1000) -> int:
    """Settle without a grade what was asked and not answered in time, and send links that a caller has left open; return how many.

    To be called every minute or so; any number of workers may.
    """
    later = CallBack.objects.filter(link_from__lte=at).order_by("link_from", "pk").values_list("pk", flat=True)
    asked = sum(_send_left_open(pk, at) for pk in list(later[:limit]))
    expired = Survey.objects.expired(at).order_by("expires_at", "pk").values_list("pk", flat=True)
    return asked + sum(_settle(pk, at) for pk in list(expired[:limit]))


@transaction.atomic
def _send_left_open(call_back_id: int, at: datetime) -> bool:
    row = CallBack.objects.select_for_update(skip_locked=True).filter(pk=call_back_id, link_from__lte=at).first()
    if row is None:
        return False
    row.link_from = None
    row.save(update_fields=["link_from"])
    return ask_or_await(work_order_id=row.work_order_id, at=at)


def ask_or_await(*, work_order_id: int, at: datetime) -> bool:
    """Send the link; where there is nobody to send it to, the calls so far were the asking, and an answer is awaited as long."""
    actor_id = satisfaction_staff_id()
    if ask_by_link(work_order_id=work_order_id, actor_id=actor_id, at=at) is not None:
        return True
    if is_ungraded(about_matter(work_order_id=work_order_id, at=at).order):
        workorders.ask_satisfaction(work_order_id=work_order_id, source=GradeSource.CALL_BACK, actor_id=actor_id, at=at)
        return remember_asking(work_order_id=work_order_id, at=at)
    return False


@transaction.atomic
def _settle(survey_id: int, at: datetime) -> bool:
    """Settle one expired survey; one that another worker has, or has settled, is left to it."""
    row = Survey.objects.expired(at).select_for_update(skip_locked=True).filter(pk=survey_id).first()
    if row is None:
        return False
    row.settled_at = at
    row.save(update_fields=["settled_at"])
    order, actor_id = about_matter(work_order_id=row.work_order_id, at=at).order, satisfaction_staff_id()
    if not is_ungraded(order) or order.round != row.round:
        return False
    workorders.settle_unanswered(work_order_id=row.work_order_id, actor_id=actor_id, at=at)
    announce(SurveyExpired(survey_id=row.pk, work_order_id=row.work_order_id, actor_id=actor_id, at=at))
    return True
