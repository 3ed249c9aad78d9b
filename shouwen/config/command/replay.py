"""``shouwen replay``: a file of requests sent through the services on a simulated clock; the report goes to the standard output."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from shouwen.config.command.start import say, start_django

if TYPE_CHECKING:
    from shouwen.config.replay.engine import Counts

ASKED_WRONGLY = 2
TELL_EVERY_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the requests, as CSV")
    parser.add_argument("--mapping", type=Path, required=True, help="how its rows are read (handbook/mappings/…)")
    parser.add_argument("--report", type=Path, help="also write the report there, as JSON")
    parser.add_argument("--speed", type=float, help="simulated days for each second; without it as fast as it goes")


def run(arguments: argparse.Namespace) -> int:
    try:
        document = yaml.safe_load(arguments.mapping.read_text(encoding="utf-8"))
        arguments.file.open("rb").close()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        say(f"This cannot be read: {error}")
        return ASKED_WRONGLY
    if not isinstance(document, dict) or (arguments.speed is not None and arguments.speed <= 0):
        say("The mapping must be a mapping, and the speed more than nought.")
        return ASKED_WRONGLY
    start_django()
    from shouwen.config.founding import jobs_staff_id
    from shouwen.config.replay import Replay, replay_file
    from shouwen.config.replay.report import as_json, as_text
    from shouwen.kernel.errors import NotFound

    try:
        actor_id = jobs_staff_id()
    except NotFound:
        say("The house is empty: run shouwen setup first.")
        return 1
    report = replay_file(Replay(arguments.file, document, actor_id, _teller(arguments.speed)))
    if arguments.report is not None:
        _write(arguments.report, as_json(report))
    print(as_text(report), end="")
    return 0


def _teller(speed: float | None) -> Callable[[datetime, Counts], None]:
    """Return what hears of every tick: it says now and then how far the simulated clock is, and holds it back to ``speed``."""
    began_s, spoke_s, first_at = time.monotonic(), time.monotonic(), None

    def tell(at: datetime, counts: Counts) -> None:
        nonlocal spoke_s, first_at
        first_at = first_at or at
        if speed is not None:
            time.sleep(max(0.0, began_s + (at - first_at).total_seconds() / 86_400 / speed - time.monotonic()))
        if time.monotonic() - spoke_s >= TELL_EVERY_S:
            spoke_s = time.monotonic()
            say(f"{at:%F}: {counts.received} received, {counts.opened} opened, {counts.closed} closed, {counts.buried} broken")

    return tell


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
