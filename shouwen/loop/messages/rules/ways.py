"""By which way and when somebody is told: preference, consent, quiet hours, and the ways that have failed (A7, E4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from shouwen.kernel.time.instants import local_instant
from shouwen.loop.messages.choices import Channel, Problem
from shouwen.records.customers.choices import Consent, ContactKind, Language, PreferredChannel

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHANNEL_OF_CONTACT = {ContactKind.MOBILE.value: Channel.SMS, ContactKind.EMAIL.value: Channel.EMAIL}
CHANNEL_OF_PREFERENCE = {PreferredChannel.EMAIL.value: Channel.EMAIL}  # who prefers a call or a letter gets a text message
CHANNEL_ORDER = tuple(Channel)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times of day in Asia/Shanghai between which nobody is disturbed, half-open; past midnight when it ends before it begins.

    Equal ends: never quiet.
    """

    since: time
    until: time

    def __contains__(self, clock: time) -> bool:
        if self.since <= self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until

    def over_at(self, at: datetime) -> datetime:
        """Return ``at`` itself when it is not quiet, else the moment at which it is no longer."""
        local = at.astimezone(SHANGHAI)
        if local.time() not in self:
            return at
        day = local.date() if local.time() < self.until else local.date() + timedelta(days=1)
        return local_instant(datetime.combine(day, self.until), SHANGHAI).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a customer; ``quiet`` are the customer's own hours for it."""

    contact_id: int
    channel: Channel
    consent: str = Consent.UNKNOWN
    is_preferred: bool = False
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How a customer can be reached, and how they like it."""

    ways: tuple[Way, ...] = ()
    preferred: str = PreferredChannel.SMS
    language: str = Language.ZH_HANS


@dataclass(frozen=True, slots=True)
class Errand:
    """What of a notice decides about its way: the channels that have a text, what kind of text it is, and until when it may be said."""

    channels: frozenset[str]
    is_urgent: bool
    needs_consent: bool
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way chosen, and the earliest moment; or why there is none."""

    way: Way | None
    not_before: datetime
    problem: Problem = Problem.NONE


def route(*, errand: Errand, reach: Reach, failed: Collection[int], quiet: QuietHours, at: datetime) -> Route:
    """Return by which way and from when on a customer is told.

    First the channel that they prefer, in it the contact point that they prefer; ``failed`` names contact points that have failed for
    good. What is about the customer's own matter needs no consent, an offer does. Urgent notices (safety, outage) pass quiet hours;
    all others wait for the end of the customer's own ones, or else of the company's ``quiet``. A way that opens too late for what is to
    be said is none.
    """
    offered = [way for way in reach.ways if way.channel in errand.channels and way.contact_id not in failed]
    allowed = [way for way in offered if not errand.needs_consent or way.consent == Consent.GRANTED]
    if not allowed:
        return Route(None, at, Problem.NO_CONSENT if offered else Problem.NO_WAY)
    opens_at = {way: at if errand.is_urgent else (way.quiet or quiet).over_at(at) for way in allowed}
    in_time = [way for way in allowed if errand.not_after is None or opens_at[way] < errand.not_after]
    if not in_time:
        return Route(None, at, Problem.EXPIRED)
    way = min(in_time, key=lambda one: _rank(one, reach.preferred))
    return Route(way, opens_at[way])


def _rank(way: Way, preferred: str) -> tuple[bool, bool, int, int]:
    wanted = CHANNEL_OF_PREFERENCE.get(preferred, Channel.SMS)
    return way.channel != wanted, not way.is_preferred, CHANNEL_ORDER.index(way.channel), way.contact_id


def rate_over_at(*, sent_at: Iterable[datetime], limit: int, at: datetime) -> datetime:
    """Return from when on one more message to the same customer stays within ``limit`` in any 24 hours: ``at`` if it does now."""
    recent = sorted(moment for moment in sent_at if at - moment < timedelta(days=1))
    return at if len(recent) < limit else recent[len(recent) - limit] + timedelta(days=1)
