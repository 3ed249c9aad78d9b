"""What this flat does about what happens below, and what its people are told."""

from __future__ import annotations

from shouwen.loop.workorders import events, services
from shouwen.platform.calendars.events import CalendarPublished
from shouwen.platform.outbox.hearing import hears


@hears(CalendarPublished)
def begin_redating(fact: CalendarPublished) -> None:
    services.begin_redating(calendar=fact.name, digest=fact.digest, known_from=fact.known_from, at=fact.at)


@hears(events.Escalated)
def tell_escalated(fact: events.Escalated) -> None:
    services.tell_escalated(escalation_id=fact.escalation_id, at=fact.at)


@hears(events.HeardAgain)
def tell_heard_again(fact: events.HeardAgain) -> None:
    services.tell_heard_again(work_order_id=fact.work_order_id, at=fact.at)
