"""The ``shouwen`` command: one module for each subcommand, imported when it is asked for, so that ``shouwen calc`` needs no Django.

A subcommand's module has ``add_arguments(parser)`` and ``run(arguments) -> int``, which returns the exit code: 0 done, 1 not done or
something needs mending, 2 asked wrongly.
"""

from __future__ import annotations

import argparse
import gettext
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from shouwen.kernel.errors import Refusal

LOCALE_DIR = Path(__file__).resolve().parent.parent.parent / "locale"
SUBCOMMANDS = {  # name: (module in this package, what it does)
    "serve": ("serve", "Start the database, bring it up to date, and serve the pages; with --all also the worker"),
    "work": ("work", "Run the worker: hearers of facts, queued and periodic jobs"),
    "setup": ("setup", "Start the database, migrate it and load the handbook, then stop"),
    "calc": ("calc", "Answer a calculation: one JSON object in, one out, no database"),
    "norms": ("norms", "Check, print and export the handbook of norms"),
    "import": ("import_records", "Import customers and other records from a file, with a preview"),
    "replay": ("replay", "Send a file of requests through the services on a simulated clock"),
    "verify": ("verify", "Replay the verdicts of one work order from its ledger"),
    "doctor": ("doctor", "Say what is configured, reachable and behind"),
    "backup": ("backup", "Write database, files and fingerprints of the secrets into one file"),
    "reseal": ("reseal", "Seal personal data anew with the newest key, and say which keys may go"),
    "restore": ("restore", "Bring back what backup has written"),
}

OF_OPERATORS = frozenset(
    {"serve", "work", "setup", "backup", "reseal", "restore"}
)  # they say in both languages why they do nothing


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser, chosen = _parser(words)
    arguments = parser.parse_args(words)
    try:
        assert chosen is not None  # argparse has refused everything else
        return int(chosen.run(arguments))
    except Refusal as refusal:
        told = _in_both_languages(refusal) if words[0] in OF_OPERATORS else [refusal.explain()]
        print(*told, sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _in_both_languages(refusal: Refusal) -> list[str]:
    """Return the refusal in English and, where the catalogue has all of it, in Chinese. Django may not be set up yet, or never."""
    chinese = gettext.translation("django", LOCALE_DIR, ["zh_Hans"], fallback=True).gettext
    keys = [refusal.message, *(refusal.details[name] for name in ("problem", "hint") if name in refusal.details)]
    is_whole = all(chinese(str(key)) != str(key) for key in keys)
    return [refusal.explain(), *([refusal.explain(chinese)] if is_whole else [])]


def _parser(words: list[str]) -> tuple[argparse.ArgumentParser, ModuleType | None]:
    parser = argparse.ArgumentParser(prog="shouwen", description="The customer-service platform of an electricity supplier.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = None
    for name, (module, says) in SUBCOMMANDS.items():
        subparser = commands.add_parser(name, help=says, description=says + ".")
        if words and words[0] == name:
            chosen = _imported(module, subparser)
            chosen.add_arguments(subparser)
    return parser, chosen


def _imported(module: str, parser: argparse.ArgumentParser) -> ModuleType:
    full_name = f"{__name__}.{module}"
    try:
        return import_module(full_name)
    except ModuleNotFoundError as error:
        if error.name != full_name:
            raise
        parser.error("this version does not have this command")
