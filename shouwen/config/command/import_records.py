"""``shouwen import``: customers, the network or the staff from a file; each row is accounted for, and what stopped is started again."""

from __future__ import annotations

import argparse
from pathlib import Path

from shouwen.config.command.start import start_django

JOBS = "jobs"
KINDS = {
    "customers": "customers with their accounts and places",
    "network": "substations, feeders, switches and transformers",
    "staff": "staff with their posts, skills and certificates",
}
LANGUAGES = {"en": "en", "zh": "zh-hans"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for what, says in KINDS.items():
        kind = kinds.add_parser(what, help=says, description=f"Import {says}.")
        kind.add_argument("file", type=Path, help="a CSV file in UTF-8 or GB18030, with a heading")
        is_needed = what == "customers"
        unless = "" if is_needed else "; by default each column is called as its field"
        kind.add_argument("--mapping", type=Path, required=is_needed, help=f"which column is what (handbook/mappings/){unless}")
        kind.add_argument("--preview", type=int, metavar="N", help="show how the first N rows would be read; write nothing")
        kind.add_argument("--results", type=Path, metavar="CSV", help="where to write what became of each row, and what is wrong")
        kind.add_argument(
            "--language", choices=LANGUAGES, default="en", help="in which to say what is wrong (default: %(default)s)"
        )
        kind.add_argument("--actor", metavar="STAFF_NO", default=JOBS, help="in whose name (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Import or preview; 1 when rows were rejected, or would be."""
    start_django()
    from django.utils import timezone, translation

    from shouwen.config.command import import_customers, import_lists, import_network, import_staff
    from shouwen.config.command.import_results import Job
    from shouwen.platform.people.queries import staff_with_number

    with translation.override(LANGUAGES[arguments.language]):
        job = Job(
            file=arguments.file,
            mapping=arguments.mapping,
            results=arguments.results,
            actor_id=staff_with_number(staff_no=arguments.actor).id,
            at=timezone.now(),
        )
        if arguments.what == "customers":
            return import_customers.run(job, preview=arguments.preview)
        if arguments.what == "network":
            return import_lists.run(job, import_network.DEVICES, preview=arguments.preview)
        return import_lists.run(job, import_staff.STAFF, preview=arguments.preview)
