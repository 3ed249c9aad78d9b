"""Everything that the keys of the personal data have sealed, sealed anew with the newest: after that an older key may go.

Three kinds of places: the tables with sealed columns, the names of stored files, and their contents on the disk.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shouwen.platform.files.queries import count_contents_by_key, count_names_by_key, list_contents
from shouwen.platform.files.rules import ContentDamaged
from shouwen.platform.files.services import reseal_content, reseal_names
from shouwen.platform.search.queries import Place, SealedTable, count_by_key, keyring, sealed_tables
from shouwen.platform.search.services import reseal_batch, retire_keys

# Answers of the API are sealed where they are kept, as bytes: no field of theirs says so.
SEALED_BY_HAND = (SealedTable("api_keptanswer", keys=("name",), columns=("body",)),)
TOLD_EVERY_S = 5.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was done, and what was counted afterwards: how many values each key has sealed, and which keys may go."""

    changed: int
    unreadable: int
    sealed_under: Counter[int]
    newest: int
    free: list[int]

    @property
    def still_needed(self) -> dict[int, int]:
        """Return how many values are sealed under each key but the newest."""
        return {number: count for number, count in sorted(self.sealed_under.items()) if number not in (0, self.newest)}


def reseal_everything(*, at: datetime, tell: Tell) -> Resealed:
    """Seal with the newest key whatever an older one has sealed. It may be stopped at any time and begun again.

    Every process has to run with the new key before, or it goes on sealing with the old one; what it has sealed is counted.
    """
    done, progress = Counter[str](), _Progress(tell)
    for table in all_sealed_tables():
        _reseal_table(table, done, progress)
    _reseal_names(done)
    _reseal_contents(done, progress)
    tell("Counting what is sealed under which key …")
    counted = count_sealed()
    free = retire_keys(still_used=counted.keys(), at=at)
    return Resealed(done["changed"], done["unreadable"], counted, keyring().current_key_id, free)


def all_sealed_tables() -> list[SealedTable]:
    """Return every table with a column that is sealed by the keys of the personal data."""
    return [*sealed_tables(), *SEALED_BY_HAND]


def count_sealed() -> Counter[int]:
    """Count everything that is sealed by the number of its key."""
    counted = count_names_by_key() + count_contents_by_key()
    for table in all_sealed_tables():
        counted += count_by_key(table=table)
    return counted


def _reseal_table(table: SealedTable, done: Counter[str], progress: _Progress) -> None:
    after: Place | None = None
    rows = 0
    while (batch := reseal_batch(table=table, after=after)).last is not None:
        after, rows = batch.last, rows + batch.resealed
        done.update(changed=batch.resealed, unreadable=batch.unreadable)
        progress.at(table.name, rows)


def _reseal_names(done: Counter[str]) -> None:
    after_id = 0
    while (batch := reseal_names(after_id=after_id)).last_id:
        after_id = batch.last_id
        done.update(changed=batch.resealed, unreadable=batch.unreadable)


def _reseal_contents(done: Counter[str], progress: _Progress) -> None:
    for seen, digest in enumerate(list_contents(), start=1):
        try:
            done["changed"] += reseal_content(digest=digest)
        except ContentDamaged:
            done["unreadable"] += 1
        progress.at("files", seen)


class _Progress:
    """Says how far it has come, every few seconds."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._told_s = tell, time.monotonic()

    def at(self, place: str, count: int) -> None:
        if time.monotonic() - self._told_s >= TOLD_EVERY_S:
            self._tell(f"{place}: {count:,} …")
            self._told_s = time.monotonic()
