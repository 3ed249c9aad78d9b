"""What workers have claimed, filled and addressed: read just before it is sent, outside any transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shouwen.loop.messages.choices import Channel, Outcome, Problem
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.queries.filled import filled_text, language_for
from shouwen.loop.messages.queries.sender import Sender, mail_host, sender, thread_of
from shouwen.loop.messages.rules.parcels import Claim, Parcel, Report
from shouwen.loop.messages.rules.texts import TextUnfilled, sms_parts
from shouwen.loop.messages.rules.threads import About, reference_of

NOWHERE = "house"  # the "gateway" of what could not even be handed to one


def parcels_of(*, claims: Sequence[Claim], at: datetime) -> list[Parcel | tuple[Claim, Report]]:
    """Return a parcel for each claim, in their order; for one that cannot be made up, the report that says why."""
    related = ("notice__template_version", "customer__preference", "staff", "contact_point")
    rows = Message.objects.select_related(*related).in_bulk([claim.message_id for claim in claims])
    us = sender()
    return [_parcel(claim, rows[claim.message_id], us, at) for claim in claims]


def _parcel(claim: Claim, message: Message, us: Sender, at: datetime) -> Parcel | tuple[Claim, Report]:
    address, language = _address(message), language_for(message)
    if not address:
        return claim, _cannot(Problem.NO_WAY)
    try:
        text = filled_text(message=message, language=language, reveal_secrets=True, us=us)
    except TextUnfilled:
        return claim, _cannot(Problem.TEXT)
    return Parcel(
        claim=claim,
        address=address,
        text=text,
        reference=reference_of(message_id=message.pk, round=message.round, contact_id=claim.contact_id),
        thread=thread_of(about=About(message.notice.about_kind, message.notice.about_id)),
        host=mail_host(),
        sender_name=us.name(language),
        part_count=sms_parts(text.body) if claim.channel == Channel.SMS else 1,
        at=at,
    )


def _cannot(problem: Problem) -> Report:
    return Report(outcome=Outcome.REFUSED, gateway=NOWHERE, problem=problem)


def _address(message: Message) -> str:
    """Return where the message goes; the empty text when the contact point was removed since."""
    if message.customer_id is not None:
        point = message.contact_point
        return point.value if point is not None and point.removed_at is None else ""
    return message.staff.email if message.staff is not None else message.address
