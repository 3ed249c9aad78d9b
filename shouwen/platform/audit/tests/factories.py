"""The least that is valid: one look, one fact to seal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from factory.django import DjangoModelFactory

from shouwen.kernel.facts import Fact
from shouwen.platform.audit.models import Look

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class SomethingTried(Fact):
    """A fact that only tests announce."""

    case_kind = "trial"
    trial_id: int
    note: str = ""


class LookFactory(DjangoModelFactory[Look]):
    class Meta:
        model = Look

    viewer_id = 7
    customer_id = 1
    fields = ["phone"]
    reason = "call 4711"
    at = NOON
