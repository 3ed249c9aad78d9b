"""The least that is valid: one entry, one row; and the shipped handbook."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from shouwen.platform.policies import services
from shouwen.platform.policies.choices import Force, Mark, Statistic, Unit
from shouwen.platform.policies.rules import SHANGHAI, PolicyEntry, Value

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # twelve o'clock in Shanghai
HANDBOOK = Path(settings.BASE_DIR) / "handbook" / "policies"


def noon_of(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=SHANGHAI)


def entry_of(amount: str | int = 45, **changes: Any) -> PolicyEntry:
    """Return a cap of 45 minutes on arrival, valid and known since 2020, with ``changes``."""
    fields: dict[str, Any] = {
        "key": "repair.arrival",
        "rule": "T-1",
        "name_zh": "到达现场时限",
        "name_en": "Arrival on site",
        "force": Force.COMMITMENT,
        "statistic": Statistic.CAP,
        "unit": Unit.MINUTE,
        "values": (Value(Decimal(amount)),),
        "valid_from": date(2020, 1, 1),
        "known_from": datetime(2020, 1, 1, tzinfo=UTC),
        "mark": Mark.UNVERIFIED,
        "source": "a test",
    }
    return PolicyEntry(**(fields | changes))


def held(entry: PolicyEntry, *, at: datetime = NOON) -> int:
    """Take ``entry`` into an empty register and return its row's id."""
    services.learn_entries(entries=[entry], actor_id=None, at=at)
    return services.Policy.objects.get(rule=entry.rule, key=entry.key).pk


@cache
def handbook_entries() -> tuple[PolicyEntry, ...]:
    """Return the shipped policies, read once."""
    return services.read_folder(folder=HANDBOOK)
