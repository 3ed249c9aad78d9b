"""Counting the work of running processes: processor time, instructions where the machine counts them, and SQL statements."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

from benchmarks import store
from benchmarks.protocol import Metered

_PROCESS_CLOCK = 2  # Linux: the clock id of process p is (~p << 3) | 2; user and system time of all its threads, in nanoseconds
_ATTACH_S = 0.25


@dataclass
class Spent:
    """Work done in one round. ``None`` means that it cannot be counted here."""

    application_cpu_ms: float = 0.0
    database_cpu_ms: float = 0.0
    application_instructions: int | None = None
    database_instructions: int | None = None
    queries: int | None = None

    @property
    def cpu_ms(self) -> float:
        return self.application_cpu_ms + self.database_cpu_ms

    @property
    def instructions(self) -> int | None:
        if self.application_instructions is None:
            return None
        return self.application_instructions + (self.database_instructions or 0)


@contextmanager
def counting(metered: Metered) -> Iterator[Spent]:
    """Count what the metered processes and database sessions do inside the block; the figures are there when it ends.

    A session opened inside the block counts from its start; one that ends inside it is lost, so servers keep theirs open.
    """
    spent = Spent()
    roots, sessions = _family(metered.roots()), store.sessions(metered.database)
    queries = store.query_count(metered.database)
    before = {pid: cpu_ms(pid) for pid in (*roots, *sessions)}
    with _instructions(roots) as application, _instructions(sessions) as database:
        yield spent
    spent.application_cpu_ms = _growth(_family(metered.roots()), before)
    spent.database_cpu_ms = _growth(store.sessions(metered.database), before)
    spent.application_instructions, spent.database_instructions = application.total, database.total
    after = store.query_count(metered.database)
    spent.queries = None if queries is None or after is None else after - queries


def cpu_ms(pid: int) -> float:
    """Return user and system time of one process so far, in ms; 0 when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK) * 1000
    except OSError:
        return _cpu_ms_in_ticks(pid)


def resident_mb(roots: Iterable[int]) -> float:
    """Return the resident memory of processes and their children in MB (10^6 bytes); shared pages count each time."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _family(list(roots))) * page / 1e6


@cache
def counts_instructions() -> bool:
    """Return whether ``perf stat`` can count instructions on this machine."""
    if which("perf") is None:
        return False
    trial = subprocess.run(
        ["perf", "stat", "-x,", "-e", "instructions", "--", "true"], capture_output=True, text=True, check=False
    )
    return trial.returncode == 0 and _total(trial.stderr) is not None


@dataclass
class _Counted:
    total: int | None = None


@contextmanager
def _instructions(pids: list[int]) -> Iterator[_Counted]:
    counted = _Counted()
    if not counts_instructions() or not pids:
        yield counted
        return
    command = ["perf", "stat", "-x,", "-e", "instructions", "-p", ",".join(map(str, pids))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as perf:
        time.sleep(_ATTACH_S)
        try:
            yield counted
        finally:
            perf.send_signal(signal.SIGINT)
            counted.total = _total(perf.communicate()[1])


def _total(report: str) -> int | None:
    figures = [line.split(",")[0] for line in report.splitlines() if "instructions" in line]
    return sum(map(int, figures)) if figures and all(figure.isdigit() for figure in figures) else None


def _growth(pids: Iterable[int], before: dict[int, float]) -> float:
    return sum(max(cpu_ms(pid) - before.get(pid, 0.0), 0.0) for pid in pids)


def _family(roots: list[int]) -> list[int]:
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue  # the thread has ended meanwhile
    return found


def _cpu_ms_in_ticks(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
