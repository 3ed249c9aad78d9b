"""A small sound norm as a document, to be changed by a test; the policies it needs; the shipped handbook."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from shouwen.kernel.plain_yaml import read_yaml
from shouwen.platform.policies.choices import Force, Mark, Statistic, Unit
from shouwen.platform.policies.rules import PolicyEntry, Value
from shouwen.platform.policies.tests.factories import handbook_entries
from shouwen.records.norms.rules.definition import Norm, parse_norm
from shouwen.records.norms.rules.duration import Register

Document = dict[str, Any]
Change = Callable[[Document], object]

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # twelve o'clock in Shanghai
NORMS = Path(settings.BASE_DIR) / "handbook" / "norms"


def words(text: str) -> dict[str, str]:
    return {"zh": f"{text}（中）", "en": text}


def outcome(key: str, where: str, *, back: bool = False) -> Document:
    return {"key": key, "name": words(key), "next": where, "back": back}


def step(key: str, role: str, unit: str, target: str, outcomes: list[Document], **changes: Any) -> Document:
    document = {
        "key": key,
        "name": words(key),
        "role": role,
        "unit": unit,
        "standard": words("Do it well."),
        "limit": {"policy": f"lamp.{key}", "since": "step"},
        "target": target,
        "assist": [],
        "outcomes": outcomes,
    }
    return document | changes


def lamp(change: Change = lambda document: None) -> Document:
    """Return a sound norm: taken, mended (or returned), confirmed (or not); promised until it is mended."""
    taken = [outcome("sent", "mend"), outcome("known", "end_told")]
    mended = [outcome("mended", "confirm"), outcome("returned", "accept", back=True)]
    confirmed = [outcome("yes", "end_done"), outcome("no", "mend", back=True)]
    document = {
        "id": "6.9",
        "slug": "lamp_out",
        "version": 1,
        "effective_from": date(2026, 1, 1),
        "name": words("Lamp out"),
        "purpose": words("A lamp is mended."),
        "opens": {"channels": ["phone"], "when": words("A lamp is out.")},
        "promise": words("It burns again."),
        "commitments": [{"policy": "lamp.promise", "until": "mend"}],
        "pauses": [{"reason": "severe_weather", "when": words("It storms.")}],
        "escalation": ["shift_leader"],
        "call_back": {"needed": True, "why": words("Does it burn?")},
        "survey": True,
        "steps": [
            step("accept", "agent", "service_centre", "accepted", taken),
            step("mend", "crew_leader", "repair_team", "restored", mended),
            step("confirm", "call_back_agent", "service_centre", "called_back", confirmed),
        ],
        "ends": [
            {"key": "end_done", "name": words("Done"), "success": True},
            {"key": "end_told", "name": words("Told"), "success": False},
        ],
    }
    document = deepcopy(document)
    change(document)
    return document


def policy(key: str, amount: int | str, unit: Unit = Unit.MINUTE, **changes: Any) -> PolicyEntry:
    fields: dict[str, Any] = {
        "key": key,
        "rule": f"T-{key}",
        "name_zh": "期限",
        "name_en": "A limit",
        "force": Force.INTERNAL,
        "statistic": Statistic.CAP,
        "unit": unit,
        "values": (Value(Decimal(amount)),),
        "valid_from": date(2020, 1, 1),
        "known_from": datetime(2020, 1, 1, tzinfo=UTC),
        "mark": Mark.UNVERIFIED,
        "source": "a test",
    }
    return PolicyEntry(**(fields | changes))


POLICIES = (
    policy("lamp.accept", 10),
    policy("lamp.mend", 60),
    policy("lamp.confirm", 24, Unit.HOUR),
    policy("lamp.promise", 2, Unit.HOUR, force=Force.COMMITMENT),
)


@cache
def handbook_norms() -> tuple[Norm, ...]:
    """Return the shipped norms in the order of the handbook, read once."""
    norms = [parse_norm(read_yaml(path.read_text(encoding="utf-8"))) for path in NORMS.glob("*.yaml")]
    return tuple(sorted(norms, key=lambda norm: [int(part) for part in norm.id.split(".")]))


@cache
def handbook_register() -> Register:
    return Register.of(handbook_entries())
