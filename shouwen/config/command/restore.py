"""``shouwen restore``: bring back what ``shouwen backup`` has written, into an empty database."""

from __future__ import annotations

import argparse
from pathlib import Path

from shouwen.config.command.start import say, start_django_with_any_keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the file that shouwen backup has written")
    parser.add_argument(
        "--replace", action="store_true", help="throw away what is in the database now; without it a full one is refused"
    )
    parser.add_argument(
        "--check", action="store_true", help="only look whether the file is whole and fits the secrets of this machine"
    )


def run(arguments: argparse.Namespace) -> int:
    start_django_with_any_keys()  # what is in the database now may be thrown away; the backup has to fit
    from shouwen.config.safekeeping import check_backup, restore_backup

    manifest = check_backup(source=arguments.file)
    say(
        f"Written at {manifest.written_at} by version {manifest.version}, {manifest.file_count} files: whole, and the secrets fit."
    )
    if arguments.check:
        return 0
    restore_backup(source=arguments.file, replace=arguments.replace, tell=say)
    say("Restored. Run: shouwen setup (brings tables up to this version), then: shouwen doctor.")
    return 0
