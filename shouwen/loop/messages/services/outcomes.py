"""What came of a try, and what carriers report later: the truth is written whatever comes first (回执)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from shouwen.kernel.errors import NotFound
from shouwen.loop.messages.choices import MessageState, Outcome, Problem, ReceiptState
from shouwen.loop.messages.models import Attempt, Message, Receipt
from shouwen.loop.messages.rules.parcels import Claim, Report
from shouwen.loop.messages.rules.trying import Consequence, after_receipt, pause_after, rest_after
from shouwen.loop.messages.services.recipients import failed_fact
from shouwen.loop.messages.services.routing import BARE_CONTACT, route_of
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef
from shouwen.platform.search.queries import keyring

ATTEMPTS = PolicyRef(key="message.attempts", default=Decimal(5), unit=Unit.COUNT, requirement="A7")
RETRY_AFTER = PolicyRef(key="message.retry_after", default=Decimal(10), unit=Unit.MINUTE, requirement="A7")
GONE_OUT = frozenset({MessageState.SENT, MessageState.DELIVERED})


@transaction.atomic
def record_outcome(*, claim: Claim, report: Report, at: datetime) -> bool:
    """Write what came of one try and what follows from it; return False when it was written before.

    Sent: nothing more is tried, and receipts that came before are looked at. Busy: tried again after a growing pause (policies
    ``message.attempts`` and ``message.retry_after``), then by the next way, or at once where that pause were too long for what is to be
    said. Carrier away: kept on record, and as if it had not been tried. Refused: by the next way at once. When no way is left the
    message has failed and ``MessageFailed`` is announced. A try whose lease had run out counts only when it was sent.

    :raises NotFound: when there is no such message.
    """
    _wait_for_the_reference(report.gateway, report.reference)
    message = _locked(claim.message_id)
    if message.attempts.filter(number=claim.number).exists():
        return False
    attempt = _kept_attempt(message, claim, report, at)
    if report.outcome == Outcome.SENT:
        _has_gone_out(message, attempt, at)
    elif message.state == MessageState.QUEUED and message.try_count == claim.number:
        _has_not_gone_out(message, report, at)
    return True


def _wait_for_the_reference(gateway: str, reference: str) -> None:
    """Let an outcome and a receipt of the same reference come one after the other: neither may miss the other."""
    if reference:
        with connection.cursor() as cursor:
            key = keyring().blind(f"{gateway} {reference}", purpose="message receipt")
            cursor.execute("select pg_advisory_xact_lock(%s)", [key])


def _locked(message_id: int) -> Message:
    rows = Message.objects.select_for_update(of=("self",)).select_related("notice__template_version__template", "staff")
    message = rows.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    return message


def _kept_attempt(message: Message, claim: Claim, report: Report, at: datetime) -> Attempt:
    return Attempt.objects.create(
        message=message,
        number=claim.number,
        channel=claim.channel,
        contact_point_id=claim.contact_id,
        outcome=report.outcome,
        problem=report.problem,
        detail=report.detail[:200],
        gateway=report.gateway,
        reference=report.reference,
        part_count=report.part_count,
        at=at,
    )


def _has_gone_out(message: Message, attempt: Attempt, at: datetime) -> None:
    if message.state not in GONE_OUT:
        message.channel, message.contact_point_id = attempt.channel, attempt.contact_point_id
        _write(
            message,
            "channel",
            "contact_point",
            state=MessageState.SENT,
            problem="",
            sent_at=at,
            settled_at=None,
            leased_until=None,
        )
    receipts = Receipt.objects.filter(gateway=attempt.gateway, reference=attempt.reference).exclude(reference="")
    for receipt in receipts.order_by("at", "pk"):
        _apply(message, attempt, receipt)


def _has_not_gone_out(message: Message, report: Report, at: datetime) -> None:
    if message.notice.cancelled_at is not None:
        _cancel(message, at)
    elif report.problem == Problem.TEXT:
        _fail(message, Problem.TEXT, at)
    elif report.problem == Problem.UNREACHABLE:
        _wait_for_the_carrier(message, at)
    elif report.outcome == Outcome.REFUSED:
        _go_on_by_another_way(message, report.problem or Problem.REFUSED, at)
    elif message.way_try_count >= int(value(policy=ATTEMPTS, at=at)):
        _go_on_by_another_way(message, Problem.TOO_MANY_TRIES, at)
    else:
        _try_again(message, at)


def _wait_for_the_carrier(message: Message, at: datetime) -> None:
    """Give the message back without counting the try; ``try_count`` stays, since it numbers the attempts that are on record.

    It waits the longer the oftener it met nobody: one at which a carrier breaks off each time never stands in the way of the others.
    """
    away_count = message.attempts.filter(problem=Problem.UNREACHABLE).count()
    _write(
        message,
        way_try_count=message.way_try_count - 1,
        not_before=at + rest_after(away_count=away_count),
        leased_until=None,
    )


def _try_again(message: Message, at: datetime) -> None:
    first = timedelta(minutes=float(value(policy=RETRY_AFTER, at=at)))
    again_at = at + pause_after(try_count=message.way_try_count, first_pause=first)
    if message.is_too_late(again_at):
        _go_on_by_another_way(message, Problem.EXPIRED, at)
    else:
        _write(message, not_before=again_at, leased_until=None)


def _cancel(message: Message, at: datetime) -> None:
    _write(message, state=MessageState.CANCELLED, settled_at=at, leased_until=None)


def _go_on_by_another_way(message: Message, problem: str, at: datetime) -> None:
    if message.notice.cancelled_at is not None:
        _cancel(message, at)
        return
    message.failed_contacts = [*message.failed_contacts, message.contact_point_id or BARE_CONTACT]
    chosen = route_of(message=message, at=at)
    if chosen.way is None:
        message.save(update_fields=["failed_contacts"])
        _fail(message, Problem(problem), at)
        return
    message.contact_point_id = chosen.way.contact_id or None
    _write(
        message,
        "failed_contacts",
        "contact_point",
        channel=chosen.way.channel,
        state=MessageState.QUEUED,
        way_try_count=0,
        not_before=chosen.not_before,
        leased_until=None,
    )


def _fail(message: Message, problem: Problem, at: datetime) -> None:
    _write(message, state=MessageState.FAILED, problem=problem, settled_at=at, leased_until=None)
    announce(failed_fact(message.notice, message.pk, message.customer_id, problem, at))


@transaction.atomic
def record_receipt(*, gateway: str, reference: str, state: ReceiptState, at: datetime) -> bool:
    """Keep what a carrier reports about one message; return False when it was reported before.

    It may come before the outcome of the try is written, and then waits for it. A delivery is the last word; a failure of the last
    try that a carrier took sends the message on by the next way.
    """
    _wait_for_the_reference(gateway, reference)
    receipt, is_new = Receipt.objects.get_or_create(gateway=gateway, reference=reference, state=state, defaults={"at": at})
    if not is_new:
        return False
    attempts = Attempt.objects.filter(gateway=gateway, reference=reference, outcome=Outcome.SENT)
    attempt = attempts.order_by("-number").first()
    if attempt is not None:
        _apply(_locked(attempt.message_id), attempt, receipt)
    return True


def _apply(message: Message, attempt: Attempt, receipt: Receipt) -> None:
    later = message.attempts.filter(outcome=Outcome.SENT, number__gt=attempt.number)
    match after_receipt(state=message.state, receipt=receipt.state, is_latest=not later.exists()):
        case Consequence.DELIVERED:
            _write(
                message,
                state=MessageState.DELIVERED,
                problem="",
                sent_at=message.sent_at or attempt.at,
                settled_at=receipt.at,
                leased_until=None,
            )
        case Consequence.WAY_FAILED:
            _go_on_by_another_way(message, Problem.NOT_DELIVERED, receipt.at)


def _write(message: Message, *columns: str, **values: object) -> None:
    for name, new in values.items():
        setattr(message, name, new)
    message.save(update_fields=[*columns, *values])
