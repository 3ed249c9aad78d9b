"""Agents at work: a number of threads that repeat one act until the round is over."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.protocol import Done, WrongAnswer


@dataclass
class _Tally:
    latencies_ms: list[float] = field(default_factory=list)
    rows: int = 0
    errors: int = 0
    first_error: str = ""


def agents(*, count: int, seconds: float, act: Callable[[int], int]) -> Done:
    """Let ``count`` agents repeat ``act(agent)`` for ``seconds``; an act under way is finished.

    ``act`` returns the rows it checked.
    """
    tallies = [_Tally() for _ in range(count)]
    began = time.perf_counter()
    threads = [threading.Thread(target=_work, args=(agent, tally, began + seconds, act)) for agent, tally in enumerate(tallies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _together(tallies, time.perf_counter() - began)


def repeat(*, seconds: float, act: Callable[[], tuple[int, int]]) -> Done:
    """Repeat ``act`` in this thread for about ``seconds``, at least once; it returns (operations, rows checked)."""
    began, operations, rows = time.perf_counter(), 0, 0
    latencies: list[float] = []
    while not latencies or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        done, checked = act()
        latencies.append((time.perf_counter() - start) * 1000)
        operations, rows = operations + done, rows + checked
    return Done(
        operations, time.perf_counter() - began, latencies_ms=latencies if operations == len(latencies) else (), rows_checked=rows
    )


def _work(agent: int, tally: _Tally, until: float, act: Callable[[int], int]) -> None:
    while (began := time.perf_counter()) < until:
        try:
            tally.rows += act(agent)
        except (WrongAnswer, OSError, http.client.HTTPException) as failure:
            tally.errors += 1
            tally.first_error = tally.first_error or str(failure)[:400]
            return
        tally.latencies_ms.append((time.perf_counter() - began) * 1000)


def _together(tallies: list[_Tally], seconds: float) -> Done:
    latencies = [value for tally in tallies for value in tally.latencies_ms]
    return Done(
        operations=len(latencies),
        seconds=seconds,
        latencies_ms=latencies,
        errors=sum(tally.errors for tally in tallies),
        first_error=next((tally.first_error for tally in tallies if tally.errors), ""),
        rows_checked=sum(tally.rows for tally in tallies),
    )
