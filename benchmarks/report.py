"""What a run says: a table for people, a dictionary for files."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.protocol import Figure, Side, Target
from benchmarks.rounds import Round, Run

_COLUMNS = "{:<6} {:>12} {:>12} {:>12} {:>12} {:>9} {:>9} {:>9} {:>9} {:>7} {:>7}"


def text(run: Run) -> str:
    """Return the report of a run as lines for a terminal."""
    workload = run.workload
    lines = [f"{workload.name} [{run.size}]: {workload.title}", f"figure of record: {run.record} per {workload.unit}", ""]
    lines.append(
        _COLUMNS.format("side", "ops/s", "CPU-ms", "app ms", "db ms", "MI app", "MI db", "p50 ms", "p95 ms", "SQL", "errors")
    )
    lines += [_row(run, side) for side in Side if side in run.rounds]
    lines += [f"{side:<6} absent: {why}" for side, why in run.absent.items()]
    lines += [f"{side:<6} resident {_short(mb)} MB" for side in Side if (mb := _resident_mb(run, side)) is not None]
    lines += ["", *_ratio_lines(run), f"rows checked: {run.rows_checked + _checked(run)}"]
    lines += [_target_line(run, target) for target in workload.targets]
    if refusals := run.refusals():
        lines += ["", "NOT TO BE QUOTED, run it again:", *(f"  {reason}" for reason in refusals)]
    return "\n".join(lines)


def as_dict(run: Run) -> dict[str, Any]:
    """Return the same figures for a JSON file, round by round."""
    return {
        "workload": run.workload.name,
        "size": run.size,
        "unit": run.workload.unit,
        "record": run.record,
        "machine": {"python": platform.python_version(), "system": platform.platform()},
        "sides": {side: [_round_dict(item) for item in rounds] for side, rounds in run.rounds.items()},
        "absent": dict(run.absent),
        "ratios": {name: _summary(values) for name, values in ratios(run).items()},
        "targets": [_target_dict(run, target) for target in run.workload.targets],
        "rows_checked": run.rows_checked + _checked(run),
        "quotable": not run.refusals(),
        "refusals": run.refusals(),
    }


def ratios(run: Run) -> dict[str, list[float]]:
    """Return each comparison, round by round, so that its median and range can be told."""
    pairs = {
        Figure.SAVING: (run.costs(Side.PEER), run.costs(Side.OURS)),
        Figure.SPEED: (run.rates(Side.OURS), run.rates(Side.PEER)),
        Figure.SHARE: (run.rates(Side.OURS), run.rates(Side.LIMIT)),
    }
    named = {str(figure): _divided(*pair) for figure, pair in pairs.items()}
    named["ours / limit, figure of record per operation"] = _divided(run.costs(Side.OURS), run.costs(Side.LIMIT))
    named["peer / limit, figure of record per operation"] = _divided(run.costs(Side.PEER), run.costs(Side.LIMIT))
    return {name: values for name, values in named.items() if values}


def misses(run: Run, *, allowance: float) -> list[str]:
    """Return the targets of this size that were measured and missed by more than ``allowance`` times."""
    missed = []
    for target in run.workload.targets:
        value = value_of(run, target.figure)
        if value is None or (target.size and target.size != run.size):
            continue
        is_short = value > target.must * allowance if target.figure.is_better_lower else value < target.must / allowance
        if is_short:
            missed.append(f"{target.figure}: {_short(value)}")
    return missed


def _divided(above: Sequence[float], below: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(above, below, strict=False)]


def value_of(run: Run, figure: Figure) -> float | None:
    """Return the median of one figure over the rounds; ``None`` when a side it needs is absent."""
    if figure is Figure.P95_MS:
        return _percentile(run.latencies_ms(Side.OURS), 95)
    if figure is Figure.RATE or figure is Figure.SECONDS:
        rates = run.rates(Side.OURS)
        rate = statistics.median(rates) if rates else None
        return rate if figure is Figure.RATE or rate is None else 1 / rate
    if figure is Figure.RESIDENT_MB:
        return _resident_mb(run, Side.OURS)
    values = ratios(run).get(figure)
    return statistics.median(values) if values else None


def _resident_mb(run: Run, side: Side) -> float | None:
    values = [item.done.resident_mb for item in run.rounds.get(side, []) if item.done.resident_mb is not None]
    return statistics.median(values) if values else None


def _row(run: Run, side: Side) -> str:
    rounds = run.rounds[side]
    per = {name: _median_per_operation(rounds, name) for name in ("cpu_ms", "application_cpu_ms", "database_cpu_ms", "queries")}
    million = {name: _median_per_operation(rounds, f"{name}_instructions", 1e6) for name in ("application", "database")}
    latencies = run.latencies_ms(side)
    figures = [statistics.median(run.rates(side)), per["cpu_ms"], per["application_cpu_ms"], per["database_cpu_ms"]]
    figures += [
        million["application"],
        million["database"],
        _percentile(latencies, 50),
        _percentile(latencies, 95),
        per["queries"],
    ]
    return _COLUMNS.format(side, *map(_short, figures), sum(item.done.errors for item in rounds))


def _median_per_operation(rounds: Sequence[Round], name: str, unit: float = 1) -> float | None:
    values = [item.per_operation(getattr(item.spent, name)) for item in rounds]
    counted = [value for value in values if value is not None]
    return statistics.median(counted) / unit if counted else None


def _ratio_lines(run: Run) -> list[str]:
    return [f"{name}: {_short(_summary(v)['median'])} ({_short(min(v))} to {_short(max(v))})" for name, v in ratios(run).items()]


def _target_line(run: Run, target: Target) -> str:
    told = _target_dict(run, target)
    sign = "<=" if target.figure.is_better_lower else ">="
    head = f"target {target.figure}: must {sign} {_short(target.must)}, stretch {sign} {_short(target.stretch)}"
    note = f" ({target.note})" if target.note else ""
    return f"{head}{note}: {_short(told['value'])} -> {told['verdict']}"


def _target_dict(run: Run, target: Target) -> dict[str, Any]:
    value = value_of(run, target.figure)
    verdict = "not measured" if value is None else target.verdict(value)
    if run.refusals():
        verdict = "not judged"
    if target.size and target.size != run.size:
        verdict = f"judged at size {target.size} only"
    return {"figure": str(target.figure), "must": target.must, "stretch": target.stretch, "value": value, "verdict": verdict}


def _round_dict(item: Round) -> dict[str, Any]:
    done, spent = item.done, item.spent
    return {
        "operations": done.operations,
        "seconds": round(done.seconds, 4),
        "errors": done.errors,
        "p50_ms": _percentile(done.latencies_ms, 50),
        "p95_ms": _percentile(done.latencies_ms, 95),
        "application_cpu_ms": round(spent.application_cpu_ms, 3),
        "database_cpu_ms": round(spent.database_cpu_ms, 3),
        "application_instructions": spent.application_instructions,
        "database_instructions": spent.database_instructions,
        "queries": spent.queries,
        "resident_mb": done.resident_mb,
    }


def _summary(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def _checked(run: Run) -> int:
    return sum(item.done.rows_checked for rounds in run.rounds.values() for item in rounds)


def _percentile(values: Sequence[float], percent: int) -> float | None:
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(-(-len(ranked) * percent // 100) - 1, 0)]


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
