"""``shouwen reseal``: what older keys have sealed is sealed anew with the newest, and it is counted which keys are needed still."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwen.config.command.start import say, start_django

if TYPE_CHECKING:
    from shouwen.config.resealing import Resealed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: it may be stopped with Ctrl-C and begun again."""


def run(arguments: argparse.Namespace) -> int:
    start_django()
    from django.utils import timezone

    from shouwen.config.resealing import reseal_everything

    done = reseal_everything(at=timezone.now(), tell=say)
    _tell(done)
    return 1 if done.still_needed else 0


def _tell(done: Resealed) -> None:
    from shouwen.platform.search.queries import variable_of_number

    say(f"{done.changed:,} rows and files were sealed anew. Under key {done.newest}: {done.sealed_under[done.newest]:,} values.")
    if done.unreadable:
        say(f"{done.unreadable:,} values could not be opened by any key and stay as they were.")
    for number, count in done.still_needed.items():
        say(f"Key {number} is needed still: {count:,} values are sealed under it. Do all processes run with key {done.newest}?")
    for number in done.free:
        say(f"Key {number} is not needed any more: nothing is sealed under it. {variable_of_number(number)} may go.")
