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
from shouwen.loop.messages.queries import parcels_of
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


def send_due(*, at: datetime, limit: int = 2000, carriers: Mapping[str, Carrier] | None = None) -> SendCount:
    """Send up to ``limit`` due messages, urgent ones first, for two minutes at most; return how many went out and how many did not.

    To be called every few seconds, by any number of workers. A worker killed between sending and recording leaves a lease that runs
    out; then the message is tried again under the same reference. When a carrier cannot be reached, the rest of its channel waits for
    the next round, untried.
    """
    count, until_s = SendCount(), time.monotonic() + LONGEST_S
    with ExitStack() as stack:
        open_ones = dict(gateways.carriers() if carriers is None else carriers)
        for carrier in open_ones.values():
            stack.callback(carrier.close)
        while open_ones and count.total < limit and time.monotonic() < until_s:
            claimed = services.claim_due(channels=open_ones.keys(), at=at, limit=min(BATCH, limit - count.total))
            if not claimed.claims and not claimed.put_off_count:
                break
            count += _send(claimed.claims, open_ones, at)
    return count


def _send(claims: tuple[Claim, ...], carriers: dict[str, Carrier], at: datetime) -> SendCount:
    """Send one batch and return what it came to; a carrier that cannot be reached is taken out of ``carriers``."""
    count = SendCount()
    for one in parcels_of(claims=claims, at=at):
        claim = one.claim if isinstance(one, Parcel) else one[0]
        if claim.channel not in carriers:
            services.release_claims(claims=[claim])
            continue
        report = carriers[claim.channel].send(one) if isinstance(one, Parcel) else one[1]
        services.record_outcome(claim=claim, report=report, at=at)
        count += _counted(report)
        if report.problem == Problem.UNREACHABLE:
            del carriers[claim.channel]
    return count


def _counted(report: Report) -> SendCount:
    return SendCount(sent=1) if report.outcome == Outcome.SENT else SendCount(not_sent=1)
