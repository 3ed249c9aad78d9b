"""Where a request of one side spends its time: by layer, and by the flat of ours that was at work."""

from __future__ import annotations

import os
import sys

from benchmarks.client import Client
from benchmarks.desk import DeskWorkload
from benchmarks.protocol import NotBuilt, Side, Size, Workload
from benchmarks.sampled import PATH
from benchmarks.servers import WATCH


def show(workload: Workload, *, side: Side, seconds: float) -> int:
    """Run one side of a desk workload under the watch and print the shares; 0, or 1 when that side cannot run."""
    if not isinstance(workload, DeskWorkload):
        print(f"{workload.name} does not go through a web server; profile it with cProfile.", file=sys.stderr)
        return 1
    os.environ[WATCH] = "1"
    try:
        workload.prepare(side=side, size=Size.S, seconds=seconds)
        _print(workload, side)
    except NotBuilt as missing:
        print(missing, file=sys.stderr)
        return 1
    finally:
        workload.close()
    return 0


def _print(workload: DeskWorkload, side: Side) -> None:
    watcher = Client(workload.desks[side].port)
    (workload.ours if side is Side.OURS else workload.limit)(number=-1)
    before = watcher.get(PATH).json()
    done = (workload.ours if side is Side.OURS else workload.limit)(number=0)
    after = watcher.get(PATH).json()
    watcher.close()
    busy_ms = sum(done.latencies_ms) / done.operations
    print(f"{workload.name}, {side}: {done.operations} times, {busy_ms:.2f} ms each as the client sees it")
    for table in ("layers", "flats"):
        counts = {name: count - before[table].get(name, 0) for name, count in after[table].items()}
        total = sum(counts.values()) or 1
        print(f"\n{table}:")
        for name, count in sorted(counts.items(), key=lambda item: -item[1]):
            print(f"  {count / total:6.1%}  {name}")
