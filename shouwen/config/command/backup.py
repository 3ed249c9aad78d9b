"""``shouwen backup``: database, files and fingerprints of the secrets in one file that ``shouwen restore`` brings back."""

from __future__ import annotations

import argparse
from pathlib import Path

from shouwen.config.command.start import say, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the file to write, for instance shouwen-2026-11-25.tar; it must not exist yet")


def run(arguments: argparse.Namespace) -> int:
    start_django()
    from django.utils import timezone

    from shouwen.config.safekeeping import write_backup

    written = write_backup(target=arguments.file, at=timezone.now(), tell=say)
    say(f"{written.path}: {written.size_bytes / 1e6:,.1f} MB, {written.file_count} files beside the database.")
    say("The secrets are not in it. Keep copies of them elsewhere: without them no personal data can be read.")
    return 0
