"""The norm and the limit of one type of request with one allowance: two steps, taken and done."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shouwen.loop.contact.rules.rows import Allowance, Request, RequestMapping
from shouwen.platform.policies.choices import Force, Mark, Statistic, Unit
from shouwen.platform.policies.rules import PolicyEntry, Value
from shouwen.records.norms.choices import Channel, TargetKind

ACCEPT, WORK = "accept", "work"
ACCEPTED, DONE, DUPLICATE = "accepted", "done", "duplicate"
TARGET = TargetKind.DONE
NAME_LIMIT = 120


def limit_key(norm: str) -> str:
    """Return the key of the policy that sets the limit of a norm."""
    return f"replay.{norm}.done"


def policy_entry(*, request: Request, mapping: RequestMapping, since: date, known_from: datetime) -> PolicyEntry:
    """Return the limit that the allowance of ``request`` is, counted from its opening, where the mapping says that it holds."""
    allowance = request.allowance
    assert allowance is not None, "without an allowance there is no limit"
    name = _name(request)[:NAME_LIMIT]
    return PolicyEntry(
        key=limit_key(request.norm),
        rule=f"replay-{request.norm}",
        name_zh=name,
        name_en=name,
        force=Force.INTERNAL,
        statistic=Statistic.CAP,
        unit=Unit(allowance.unit),
        values=(Value(Decimal(allowance.amount)),),
        valid_from=since,
        known_from=known_from,
        mark=Mark.UNVERIFIED,
        source=f"implied by the due times of {mapping.name}",
        jurisdiction=mapping.jurisdiction,
    )


def norm_document(*, request: Request, norm_id: str, since: date) -> dict[str, Any]:
    """Return the norm as a document of the handbook's format."""
    name = _name(request)
    return {
        "id": norm_id,
        "slug": request.norm,
        "version": 1,
        "effective_from": since,
        "name": _words(name, name),
        "purpose": _words("按外部文件重放此类诉求。", "Requests of this type are replayed from a file."),
        "opens": {"channels": list(Channel.values), "when": _words("文件中有此类诉求。", "The file holds such a request.")},
        "promise": _words("按文件记载的时间办结。", "It is done when the file says that it was."),
        "commitments": [],
        "pauses": [],
        "escalation": ["shift_leader"],
        "call_back": {"needed": False, "why": _words("文件未记载回访。", "The file records no call-backs.")},
        "survey": False,
        "steps": [_accept(request.norm), _work(request.norm)],
        "ends": [
            {"key": "end_done", "name": _words("办结", "Done"), "success": True},
            {"key": "end_duplicate", "name": _words("重复诉求", "Repeats another"), "success": False},
        ],
    }


def _accept(norm: str) -> dict[str, Any]:
    return {
        "key": ACCEPT,
        "name": _words("受理", "Accept"),
        "role": "agent",
        "unit": "service_centre",
        "standard": _words("受理台接收诉求并转处理组。", "The desk takes the request and passes it to the team."),
        "limit": {"policy": f"replay.{norm}.accepted", "since": "step"},
        "target": TargetKind.ACCEPTED.value,
        "outcomes": [_outcome(ACCEPTED, "已受理", "Accepted", WORK)],
    }


def _work(norm: str) -> dict[str, Any]:
    return {
        "key": WORK,
        "name": _words("处理", "Work"),
        "role": "crew_leader",
        "unit": "repair_team",
        "standard": _words("处理组在规定天数内办结。", "The team is done within the allowance."),
        "limit": {"policy": limit_key(norm), "since": "opened"},
        "target": TARGET.value,
        "outcomes": [
            _outcome(DONE, "办结", "Done", "end_done"),
            _outcome(DUPLICATE, "重复", "Repeats another", "end_duplicate"),
        ],
    }


def _outcome(key: str, zh: str, en: str, next_key: str) -> dict[str, Any]:
    return {"key": key, "name": _words(zh, en), "next": next_key, "back": False}


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _name(request: Request) -> str:
    return f"{request.type} ({allowance_text(request.allowance)})"


def allowance_text(allowance: Allowance | None) -> str:
    """Return an allowance in words: ``30 calendar days``."""
    if allowance is None:
        return "no limit"
    return f"{allowance.amount} {allowance.unit.replace('_', ' ')}{'' if allowance.amount == 1 else 's'}"
