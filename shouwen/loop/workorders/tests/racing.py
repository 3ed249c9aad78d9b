"""Real threads on a real database: what happens when two people act at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.workorders.models import WorkOrder

PATIENCE_S = 20.0
Act = Callable[[], object]


def race(*acts: Act, at: WorkOrder | None = None) -> list[object]:
    """Run ``acts`` at the same time, each in a thread of its own; return what each returned, or the refusal or error it raised.

    With a matter ``at`` which they meet, its row is held until all of them wait for it: so they do meet there.
    """
    results: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number: int, act: Act) -> None:
        start.wait(PATIENCE_S)
        try:
            results[number] = act()
        except Exception as error:  # told to the test
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, act), daemon=True) for number, act in enumerate(acts)]
    if at is None:
        _start(threads)
    else:
        with transaction.atomic():
            WorkOrder.objects.select_for_update().get(pk=at.pk)
            _start(threads)
            _wait_until_waiting(len(threads))
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "they wait for each other"
    return results


def _start(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()


def _wait_until_waiting(count: int) -> None:
    """Wait until ``count`` sessions of this database wait for a lock."""
    pause, until_s = threading.Event(), monotonic() + PATIENCE_S
    while monotonic() < until_s:
        with connection.cursor() as cursor:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= count:
                return
        pause.wait(0.01)
    raise AssertionError("they never met")


def refusals(results: list[object]) -> list[type[Refusal]]:
    """Return the kinds of the refusals among the results; anything else that went wrong fails the test."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, Refusal):
            raise result
    return [type(result) for result in results if isinstance(result, Refusal)]
