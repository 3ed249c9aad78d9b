"""Driving our own house: its REST API and its services. Addresses, field names and services stand here once.

Whatever is not there yet raises ``NotBuilt``, and the run goes on with the other sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from benchmarks.desk import Desk
from benchmarks.protocol import Size
from benchmarks.servers import Server


class SearchDesk(Protocol):
    database: str
    pid: int

    def search(self, agent: int, text: str) -> list[str]:
        """Return the account numbers found."""

    def stop(self) -> None: ...


class IntakeDesk(Protocol):
    database: str
    pid: int

    def take(self, numbers: list[int]) -> int:
        """Send one request with a contact for each number, by the single door if there is one; return how many were taken."""

    def received(self) -> int:
        """Return how many contacts the database holds."""

    def stop(self) -> None: ...


def intake_desk(size: Size) -> IntakeDesk:
    from benchmarks import ours_desk

    return ours_desk.OurIntake(size)


def start(size: Size) -> Desk:
    from benchmarks import ours_desk

    return ours_desk.OurDesk(size)


def starter(size: Size) -> Callable[[], Server]:
    from benchmarks import ours_desk

    ours_desk.prepare(size)
    return ours_desk.server


def search_desk(size: Size) -> SearchDesk:
    from benchmarks import ours_search

    return ours_search.OurSearch(size)


def fill_deadlines(*, database: str, count: int) -> None:
    from benchmarks import ours_deadlines

    ours_deadlines.fill(database=database, count=count)


def change_calendar_and_redate() -> int:
    """Change the calendar and return how many open deadlines were written."""
    from benchmarks import ours_deadlines

    return ours_deadlines.change_and_redate()


def check_redated() -> int:
    """Compare a sample with the exact path and the verdicts with what they were; return the rows compared."""
    from benchmarks import ours_deadlines

    return ours_deadlines.check()


def fill_customers(*, count: int) -> None:
    """Fill the house that this process has entered with the population: a customer and a mobile number each, sealed; load the texts."""
    from benchmarks import ours_notices

    ours_notices.fill_customers(count=count)


def notify_everybody() -> int:
    """Enqueue one notice for each customer and return how many. As on the other sides, the tables of messages begin empty."""
    from benchmarks import ours_notices

    return ours_notices.notify_everybody()


def check_notices(*, count: int) -> int:
    """Compare what is queued with the population, text by text; return how many messages were compared."""
    from benchmarks import ours_notices

    return ours_notices.check_notices(count=count)
