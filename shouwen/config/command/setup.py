"""``shouwen setup``: the database is there, its tables are up to date, the company is founded, the handbook is loaded."""

from __future__ import annotations

import argparse

from shouwen.config.command.start import say, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep-running", action="store_true", help="leave the embedded database server running")


def run(arguments: argparse.Namespace) -> int:
    start_django()
    prepare()
    from shouwen.config.settings import EMBEDDED_SERVER

    if EMBEDDED_SERVER is not None and not arguments.keep_running:
        EMBEDDED_SERVER.stop()
    return 0


def prepare() -> None:
    """Bring tables and handbook up to date, and say what was done."""
    from django.core.management import call_command
    from django.utils import timezone

    from shouwen.config.founding import found

    call_command("migrate", interactive=False, verbosity=0)
    done = found(at=timezone.now())
    if done.password:
        say(f"The company is founded. Sign in as {done.founder} with the password {done.password} (told once; change it).")
    changes = {
        "policies": done.policies_learned,
        "calendars": done.calendars_published,
        "norms": done.norms_published,
        "message templates": done.templates_approved,
    }
    told = ", ".join(f"{count} {name}" for name, count in changes.items() if count)
    say(f"The handbook is loaded: {told}." if told else "The handbook is up to date.")
