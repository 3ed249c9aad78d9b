"""The replay (重放): a file of real requests sent through the real services on a simulated clock, and a report of what came of it.

``records`` splits a file into its records, whatever is broken in it; ``rows`` reads each by the mapping; ``stage`` makes what the
requests need (units, agents, calendar, norms, policies); ``engine`` lets everything happen at its instant; ``figures`` counts;
``report`` tells. Called by ``shouwen replay``; described in ``docs/howto/replay.md``.
"""

from shouwen.config.replay.replaying import CannotReplay, Replay, replay_file

__all__ = ["CannotReplay", "Replay", "replay_file"]
