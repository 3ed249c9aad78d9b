"""What every import tells: what became of each row, in a file that only its owner may read, and what is wrong, in words."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext

from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.rules import Problem

SOME_REJECTED = 1
TELL_AFTER_S = 2.0
HEADING = ("row", "line", "outcome", "problems", "original")
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked for: which file by which mapping, where the results go, in whose name and when."""

    file: Path
    mapping: Path | None
    results: Path | None
    actor_id: int
    at: datetime


class ResultRow(NamedTuple):
    """A row of the results; ``original`` is a rejected row as it stood in the file, empty for one that was taken."""

    row_no: int
    line_no: int
    outcome: str
    problems: str
    original: str


def in_words(problems: Iterable[Problem]) -> str:
    """Return problems as sentences of the language that is set, each after the name of its field."""
    return " ".join(f"{one.field or 'row'}: {gettext(one.message) % one.details}" for one in problems)


def show(row_no: int, line_no: int, read: Mapping[str, object] | None, problems: Iterable[Problem]) -> None:
    """Print how a row would be read, None when it would be rejected."""
    print(f"row {row_no} (line {line_no}): {'rejected' if read is None else 'taken'}")
    for name, value in (read or {}).items():
        print(f"  {name:18} {value}")
    for problem in problems:
        print(f"  ! {in_words([problem])}")


def write_results(path: Path, rows: Iterable[ResultRow]) -> str:
    """Write what became of each row, one after the other, and say so. Only the owner may read the file, also one that is there already."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    count = rejected_count = 0
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        os.fchmod(handle, OWNER_ONLY)
        writer = csv.writer(file)
        writer.writerow(HEADING)
        for row in rows:
            writer.writerow(row)
            count += 1
            rejected_count += row.outcome == ImportOutcome.REJECTED
    told = f"What became of {count:,} rows is in {path}."
    if not rejected_count:
        return told
    return f"{told} It holds personal data of {rejected_count:,} rejected rows in clear: mend them, import them, delete it."
