"""Who owns what nobody took by voice (首问责任人的自动指派): the least-loaded agent who is present."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class AgentLoad:
    """One present agent and how many matters they own that are not closed."""

    staff_id: int
    staff_no: str
    open_count: int


def least_loaded(agents: Iterable[AgentLoad]) -> AgentLoad | None:
    """Return who has the fewest; among equals the one with the lowest staff number. None when nobody is present."""
    return min(agents, key=lambda agent: (agent.open_count, agent.staff_no), default=None)
