"""Whether the keys of this installation are those of the database."""

from __future__ import annotations

from django.db import connection

from shouwen.platform.search.keys import fingerprints
from shouwen.platform.search.models import KeyFingerprint


def knows_keys() -> bool:
    """Return whether this database can know keys: before its tables are brought up to date it cannot."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [KeyFingerprint._meta.db_table])
        return bool(cursor.fetchone()[0])


def foreign_keys() -> list[str]:
    """Return the names of keys that are not the known ones, or are absent although something may be sealed under them."""
    mine = fingerprints()
    known = KeyFingerprint.objects.order_by("name").values_list("name", "mark", "retired_at")
    return [name for name, mark, retired_at in known if mine.get(name, mark if retired_at else "") != mark]


def fingerprints_in_use() -> dict[str, str]:
    """Return the fingerprints of this installation's keys without those that were let go: what a backup cannot be read without."""
    if not knows_keys():
        return fingerprints()
    gone = set(KeyFingerprint.objects.filter(retired_at__isnull=False).values_list("name", flat=True))
    return {name: mark for name, mark in fingerprints().items() if name not in gone}
