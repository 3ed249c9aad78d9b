"""Tokens that prove that a message belongs to a matter: its number and a seal that nobody else can make."""

from __future__ import annotations

import re
from collections.abc import Callable

from shouwen.loop.workorders.rules.numbers import id_of, number_of

PURPOSE = "matter token"
Seal = Callable[[str], int]  # a keyed digest of a text: 64 bits

_TOKEN = re.compile(r"\b(SW[0-9]{10,20})-([0-9a-f]{16})\b", re.IGNORECASE)


def token_of(*, work_order_id: int, seal: Seal) -> str:
    """Return the token of a matter, fit for a header, an address (``service+TOKEN@…``) or a link."""
    number = number_of(work_order_id)
    return f"{number}-{_sealed(number, seal)}"


def matter_of(*, token: str, seal: Seal) -> int | None:
    """Return the matter that a token proves, None when it is none of ours."""
    found = _TOKEN.fullmatch(token.strip())
    if found is None:
        return None
    number = found.group(1).upper()
    return id_of(number) if _sealed(number, seal) == found.group(2).lower() else None


def token_in(text: str) -> str:
    """Return the first thing in a text that looks like a token, the empty text when nothing does."""
    found = _TOKEN.search(text)
    return found.group() if found else ""


def _sealed(number: str, seal: Seal) -> str:
    return f"{seal(number) & (1 << 64) - 1:016x}"
