"""The command: ``python -m benchmarks list`` and ``python -m benchmarks run NAME``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path

from benchmarks import parts, report, rounds, workloads
from benchmarks.protocol import Side, Size, Workload, WrongAnswer

WRONG, NOT_QUOTABLE, TOO_SLOW = 2, 3, 4
SMOKE_ROUNDS, SMOKE_SECONDS = 3, 1.0
LOOSE = 2.0  # a smoke fails only when it misses half of what must be reached


def main(arguments: list[str]) -> int:
    """Run the command; 0 when the figures may be quoted, 2 after a wrong answer, 3 when the run must be repeated.

    A smoke ends with 4 when a workload misses half of what it must reach.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("SHOUWEN_TESTING", "")
    if options.command == "list":
        return _list()
    if options.command == "parts":
        return parts.show(_named(options.name), side=options.side, seconds=options.seconds)
    return _run(options) if options.command == "run" else _smoke(options.names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the workloads and their targets")
    run = commands.add_parser("run", help="run one workload")
    run.add_argument("name")
    run.add_argument("--rounds", type=int, default=6, help="rounds of each side, besides one to warm up")
    run.add_argument("--seconds", type=float, default=2.0, help="least length of a round")
    run.add_argument("--size", type=Size, choices=list(Size), default=Size.S)
    run.add_argument("--sides", type=Side, nargs="+", choices=list(Side), default=list(Side))
    run.add_argument("--attempts", type=int, default=2, help="how often a run that may not be quoted is tried")
    run.add_argument("--json", type=Path, help="write all figures, round by round, to this file")
    smoke = commands.add_parser("smoke", help="run some workloads shortly, against half of what they must reach")
    smoke.add_argument("names", nargs="+")
    part = commands.add_parser("parts", help="tell where one side of a desk workload spends its time")
    part.add_argument("name")
    part.add_argument("--side", type=Side, choices=[Side.OURS, Side.LIMIT], default=Side.OURS)
    part.add_argument("--seconds", type=float, default=5.0)
    return parser


def _list() -> int:
    for name, module in sorted(_modules().items()):
        workload = _load(module)
        if workload is None:
            print(f"{name:<20} runs alone: python -m benchmarks.workloads.{module} --help")
            continue
        print(f"{name:<20} {workload.title}")
        for target in workload.targets:
            print(f"{'':<20}   {target.figure}: must {target.must:g}, stretch {target.stretch:g} {target.note}".rstrip())
    return 0


def _run(options: argparse.Namespace) -> int:
    for _attempt in range(options.attempts):
        try:
            result = rounds.run(
                workload=_named(options.name),
                size=options.size,
                rounds=options.rounds,
                seconds=options.seconds,
                sides=options.sides,
            )
        except WrongAnswer as wrong:
            print(f"WRONG ANSWER: {wrong}", file=sys.stderr)
            return WRONG
        print(report.text(result), flush=True)
        if options.json:
            options.json.write_text(json.dumps(report.as_dict(result), indent=1) + "\n")
        if not result.refusals():
            return 0
    return NOT_QUOTABLE


def _smoke(names: list[str]) -> int:
    codes = []
    for name in names:
        try:
            result = rounds.run(
                workload=_named(name), size=Size.S, rounds=SMOKE_ROUNDS, seconds=SMOKE_SECONDS, sides=(Side.OURS, Side.PEER)
            )
        except WrongAnswer as wrong:
            print(f"WRONG ANSWER: {wrong}", file=sys.stderr)
            return WRONG
        print(report.text(result), flush=True)
        codes.append(TOO_SLOW if report.misses(result, allowance=LOOSE) else 0)
    return max(codes)


def _named(name: str) -> Workload:
    modules = _modules()
    if name not in modules:
        sys.exit(f"There is no workload {name!r}; there are: {', '.join(sorted(modules))}.")
    workload = _load(modules[name])
    if workload is None:
        sys.exit(f"{name} runs alone: python -m benchmarks.workloads.{modules[name]} --help")
    return workload


def _modules() -> dict[str, str]:
    """Return workload name -> module; the module ``desk_create`` holds the workload ``desk.create``."""
    names = [module.name for module in pkgutil.iter_modules(workloads.__path__) if not module.name.startswith("_")]
    return {name.replace("_", ".", 1): name for name in names}


def _load(module: str) -> Workload | None:
    loaded = importlib.import_module(f"benchmarks.workloads.{module}")
    return loaded.workload() if hasattr(loaded, "workload") else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
