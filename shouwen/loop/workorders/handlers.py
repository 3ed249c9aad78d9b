"""What this flat does about what happens below."""

from __future__ import annotations

from shouwen.loop.workorders import services
from shouwen.platform.calendars.events import CalendarPublished
from shouwen.platform.outbox.hearing import hears


@hears(CalendarPublished)
def begin_redating(fact: CalendarPublished) -> None:
    services.begin_redating(calendar=fact.name, digest=fact.digest, at=fact.at)
