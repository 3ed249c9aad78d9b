"""Names of mails, so that one tried twice is one mail, and an answer finds the matter it is about (never by its subject)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Mark = Callable[[str], int]
_THREAD = re.compile(r"<([a-z_]{1,30})\.([0-9]{1,18})\.([0-9a-f]{16})@[^>\s]+>")


@dataclass(frozen=True, slots=True)
class About:
    """The case that a notice is about: ``work_order`` 17."""

    kind: str
    id: int


def reference_of(*, message_id: int, round: int, contact_id: int | None) -> str:
    """Return our own name of a message on one way: the same at every try, another when somebody has it sent once more."""
    return f"message.{message_id}.{round}.{contact_id or 0}"


def thread_of(*, about: About, host: str, mark: Mark) -> str:
    """Return the name under which a mail program gathers all mails about one case; ``mark`` is a keyed digest (64 bits)."""
    return f"<{about.kind}.{about.id}.{_marked(about, mark)}@{host}>"


def about_of_threads(*, references: str, mark: Mark) -> About | None:
    """Return the case named in a mail's In-Reply-To and References; None when there is none, or its mark is not ours."""
    for kind, number, written in _THREAD.findall(references):
        about = About(kind, int(number))
        if _marked(about, mark) == written:
            return about
    return None


def _marked(about: About, mark: Mark) -> str:
    return f"{mark(f'{about.kind}.{about.id}') & (1 << 64) - 1:016x}"
