"""``shouwen verify``: the deadlines and verdicts of a work order, computed again from its ledger and held against what is stored."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from shouwen.config.command.start import say, start_django

if TYPE_CHECKING:
    from shouwen.loop.workorders.queries import Verification

ASKED_WRONGLY = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("orders", nargs="*", metavar="ORDER", help="numbers of work orders, such as SW0000000174")
    parser.add_argument("--all", action="store_true", help="every work order of the house")
    parser.add_argument("--json", action="store_true", help="one JSON object for each work order")


def run(arguments: argparse.Namespace) -> int:
    start_django()
    from shouwen.loop.workorders.queries import list_ids, verify_work_order
    from shouwen.loop.workorders.rules.numbers import id_of

    ids = [id_of(number) for number in arguments.orders]
    if wrong := [number for number, found in zip(arguments.orders, ids, strict=True) if found is None]:
        say(f"These are no numbers of work orders (a digit may be wrong): {', '.join(wrong)}")
        return ASKED_WRONGLY
    if not ids and not arguments.all:
        say("Name a work order, or ask for --all.")
        return ASKED_WRONGLY
    all_equal, count = True, 0
    for order_id in list_ids() if arguments.all else [found for found in ids if found is not None]:
        found = verify_work_order(work_order_id=order_id)
        all_equal, count = all_equal and found.is_equal, count + 1
        _tell(found, as_json=arguments.json, quiet=arguments.all)
    say(f"{count} work orders verified: {'all equal' if all_equal else 'there are differences'}.")
    return 0 if all_equal else 1


def _tell(found: Verification, *, as_json: bool, quiet: bool) -> None:
    from shouwen.loop.workorders.rules.numbers import number_of

    number = number_of(found.work_order_id)
    if as_json:
        print(json.dumps({"number": number, "equal": found.is_equal} | asdict(found), default=str))
        return
    if found.is_equal and quiet:
        return
    print(
        f"{number}: {'equal' if found.is_equal else 'different'} ({found.fact_count} facts, {found.target_count} targets, "
        f"{found.verdict_count} verdicts)"
    )
    for difference in found.differences:
        print(f"  {difference.where}: stored {difference.stored}, computed {difference.computed}")
