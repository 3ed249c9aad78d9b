"""Time (时间): instants, half-open periods, working calendars, limits and deadlines.

Every instant is aware. Inside, an instant is a whole number of microseconds since 1970 (UTC), so that sums are exact and quick.
A *wall-clock* limit runs day and night; a *working* limit runs only while its calendar's sessions are open. A deadline is a pure
function of start, limit, calendar and pauses; ``docs/algorithms/deadlines.md`` tells how it is found and why it is right.
"""
