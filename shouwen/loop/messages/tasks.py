"""Sending what is due: claimed in one transaction, sent in none, recorded in another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from shouwen.loop.messages import gateways, services
from shouwen.loop.messages.choices import Outcome, Problem
from shouwen.loop.messages.gateways import Carrier
from shouwen.loop.messages.queries import channel_rests, parcels_of
from shouwen.loop.messages.rules.parcels import Claim, Parcel, Report

BATCH = 20  # so many at 20 seconds each are over before their lease of ten minutes is
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class SendCount:
    """What one round of sending came to."""

    sent: int = 0
    not_sent: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.not_sent

    def __add__(self, other: SendCount) -> SendCount:
        return SendCount(self.sent + other.sent, self.not_sent + other.not_sent)


@dataclass(slots=True)
class _Round:
    """One round of sending: the carriers that may be asked, and the channels whose carrier was away when it was tried last."""

    at: datetime
    carriers: dict[str, Carrier]
    doubted: set[str]


def send_due(*, at: datetime, limit: int = 2000, carriers: Mapping[str, Carrier] | None = None) -> SendCount:
    """Send up to ``limit`` due messages, urgent ones first, for two minutes at most; return how many went out and how many did not.

    To be called every few seconds, by any number of workers. A worker killed between sending and recording leaves a lease that runs
    out; then the message is tried again under the same reference. When a carrier cannot be reached, its channel rests, untried, for a
    pause that grows; only what has an end does not wait for it, but expires.
    """
    services.settle_expired(at=at)
    count, until_s = SendCount(), time.monotonic() + LONGEST_S
    with ExitStack() as stack:
        every_carrier = gateways.carriers() if carriers is None else carriers
        for carrier in every_carrier.values():
            stack.callback(carrier.close)
        sending = _begun(every_carrier, at)
        while sending.carriers and count.total < limit and time.monotonic() < until_s:
            claimed = services.claim_due(channels=sending.carriers.keys(), at=at, limit=min(BATCH, limit - count.total))
            if not claimed.claims and not claimed.put_off_count:
                break
            count += _send(claimed.claims, sending)
    return count


def _begun(carriers: Mapping[str, Carrier], at: datetime) -> _Round:
    rests = channel_rests()
    awake = {channel: carrier for channel, carrier in carriers.items() if rests.get(channel, at) <= at}
    return _Round(at, awake, doubted=set(rests))


def _send(claims: tuple[Claim, ...], sending: _Round) -> SendCount:
    """Send one batch and return what it came to; what is left of a channel whose carrier is away is given back together."""
    count, untried = SendCount(), list[Claim]()
    for one in parcels_of(claims=claims, at=sending.at):
        claim = one.claim if isinstance(one, Parcel) else one[0]
        if claim.channel not in sending.carriers:
            untried.append(claim)
            continue
        report = sending.carriers[claim.channel].send(one) if isinstance(one, Parcel) else one[1]
        services.record_outcome(claim=claim, report=report, at=sending.at)
        count += _counted(report)
        if isinstance(one, Parcel):
            _heed(claim.channel, report, sending)
    services.release_claims(claims=untried)
    return count


def _heed(channel: str, report: Report, sending: _Round) -> None:
    """Let the channel of a carrier that is away rest; one that was away and answers needs no rest any more."""
    if report.problem == Problem.UNREACHABLE:
        services.rest_channel(channel=channel, at=sending.at)
        del sending.carriers[channel]
    elif channel in sending.doubted:
        services.end_rest(channel=channel)
        sending.doubted.remove(channel)


def _counted(report: Report) -> SendCount:
    return SendCount(sent=1) if report.outcome == Outcome.SENT else SendCount(not_sent=1)
