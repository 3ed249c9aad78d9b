"""What a picture, a page or an export says besides the norm itself: the names of codes in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shouwen.records.norms.rules.diagram import Lane


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of role and unit-kind codes, and each step's limit in a few characters. What has no name is shown by its code."""

    language: str
    roles: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)

    def role(self, code: str) -> str:
        return self.roles.get(code, code)

    def unit(self, code: str) -> str:
        return self.units.get(code, code)

    def lane(self, lane: Lane) -> str:
        return f"{self.role(lane.role)} · {self.unit(lane.unit)}"

    def text(self, zh: str, en: str) -> str:
        return zh if self.language.startswith("zh") else en
