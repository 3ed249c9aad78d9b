"""What is told of norms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class NormVersionPublished(Fact):
    """A new version of a norm is published; matters opened from ``effective_from`` on run under it."""

    case_kind: ClassVar[str] = "norm"

    norm_id: int
    code: str
    version: int
    effective_from: str
    digest: str
