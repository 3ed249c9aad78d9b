"""Finding the owner of what nobody took by voice (首问责任人的自动指派)."""

from __future__ import annotations

from datetime import datetime

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import Unreadable
from shouwen.loop.contact.rules.owners import AgentLoad, least_loaded
from shouwen.loop.workorders.queries import count_unclosed_by_owner
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.queries import absent_among, holders
from shouwen.platform.people.rules import paths_upward


class Roster:
    """The agents present at one moment and how many matters each owns, counted on as matters are given to them."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._present: dict[str, tuple[AgentLoad, ...]] = {}
        self._loads: dict[int, AgentLoad] = {}

    def owner_for(self, unit_path: str) -> int:
        """Return the least-loaded present agent of a unit; if it has none, of the unit above it, and so on upward.

        :raises Unreadable: when nobody is present anywhere.
        """
        for path in paths_upward(unit_path):
            agent = least_loaded(self._present_in(path))
            if agent is not None:
                agent.open_count += 1
                return agent.staff_id
        raise Unreadable(Trouble.NOBODY_PRESENT)

    def _present_in(self, path: str) -> tuple[AgentLoad, ...]:
        if path not in self._present:
            self._present[path] = self._read(path)
        return self._present[path]

    def _read(self, path: str) -> tuple[AgentLoad, ...]:
        agents = holders(role=RoleCode.AGENT, unit_path=path, at=self._at)
        away = absent_among(staff_ids=[agent.id for agent in agents], at=self._at)
        here = [agent for agent in agents if agent.id not in away]
        new = [agent.id for agent in here if agent.id not in self._loads]
        counts = count_unclosed_by_owner(owner_ids=new) if new else {}
        for agent in here:
            if agent.id in counts:
                self._loads[agent.id] = AgentLoad(agent.id, agent.staff_no, counts[agent.id])
        return tuple(self._loads[agent.id] for agent in here)
