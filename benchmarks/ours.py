"""Driving our own house: its REST API and its services. Addresses, field names and services stand here once.

Whatever is not there yet raises ``NotBuilt``, and the run goes on with the other sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

from benchmarks.desk import Desk
from benchmarks.protocol import NotBuilt, Size
from benchmarks.servers import Server

DATABASE = "bench_ours"
WSGI = "shouwen.config.wsgi:application"
READY = "/api/v1/openapi.json"
WORK_ORDERS = "/api/v1/work-orders"


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
    _missing("the intake of contacts in bulk")


def start(size: Size) -> Desk:
    _missing("the REST API")


def starter(size: Size) -> Callable[[], Server]:
    _missing("the REST API")


def search_desk(size: Size) -> SearchDesk:
    _missing("the search of customers by HTTP")


def fill_deadlines(*, database: str, count: int) -> None:
    _missing("the table of targets")


def change_calendar_and_redate() -> int:
    """Change the calendar and return how many open deadlines were written."""
    _missing("re-dating after a change of the calendar")


def check_redated() -> int:
    """Compare a sample with the exact path and the verdicts with what they were; return the rows compared."""
    _missing("re-dating after a change of the calendar")


def fill_customers(*, count: int) -> None:
    _missing("outbound messages")


def notify_everybody() -> int:
    """Enqueue one notice for each customer and return how many."""
    _missing("outbound messages")


def check_notices(*, count: int) -> int:
    _missing("outbound messages")


def _missing(what: str) -> NoReturn:
    raise NotBuilt(f"not there yet: {what}")
