"""The way of one message: chosen when it is queued, and again after each way that has failed."""

from __future__ import annotations

from datetime import datetime

from shouwen.loop.messages.choices import Channel, TemplateKind
from shouwen.loop.messages.models import Message, Notice
from shouwen.loop.messages.queries.reach import company_quiet_hours, reach_of
from shouwen.loop.messages.rules.ways import Errand, Reach, Route, Way, route

BARE_CONTACT = 0  # the one "contact point" of staff and of a bare address


def errand_of(notice: Notice, *, not_after: datetime | None) -> Errand:
    """Return what of a notice decides about the way of a message that may be sent until ``not_after``."""
    version = notice.template_version
    return Errand(
        channels=frozenset(version.texts) & frozenset(Channel.values),
        is_urgent=notice.is_urgent,
        needs_consent=version.kind == TemplateKind.MARKETING,
        not_after=not_after,
    )


def route_of(*, message: Message, at: datetime) -> Route:
    """Return by which way a message goes on, from what is known of its recipient now and which ways have failed."""
    if message.customer_id is None:
        return route(
            errand=errand_of(message.notice, not_after=message.not_after),
            reach=Reach(_bare_ways(message)),
            failed=message.failed_contacts,
            quiet=company_quiet_hours(at=at),
            at=at,
        )
    return route(
        errand=errand_of(message.notice, not_after=message.not_after),
        reach=reach_of(customer_ids=[message.customer_id]).get(message.customer_id, Reach()),
        failed=message.failed_contacts,
        quiet=company_quiet_hours(at=at),
        at=at,
    )


def _bare_ways(message: Message) -> tuple[Way, ...]:
    """Return the only way there is to a member of staff (their mailbox) or a bare address, if there is any."""
    address = message.address if message.staff is None else message.staff.email
    if not address:
        return ()
    return (Way(BARE_CONTACT, Channel.EMAIL if "@" in address else Channel.SMS),)
