"""What the bare page shows: that the database answers, and which version this is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from django.db import DatabaseError, connection


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life."""

    version: str
    is_database_up: bool


def sign_of_life() -> Sign:
    """Return whether the database answers; the page is shown either way."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return Sign(version("shouwen"), is_database_up=False)
    return Sign(version("shouwen"), is_database_up=True)
