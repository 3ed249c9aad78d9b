"""Questions about norms, answered from memory: a published version never changes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils import timezone

from shouwen.kernel.errors import NotFound
from shouwen.records.norms.models import NormVersion
from shouwen.records.norms.rules.definition import Norm, parse_norm

MEMORY_S = 2.0


@dataclass(frozen=True, slots=True)
class NormCard:
    """One version of one norm."""

    version_id: int
    norm: Norm


@dataclass(slots=True)
class _Memory:
    """By slug: the first days and ids of its versions, the newest first; and when they were read."""

    versions: dict[str, list[tuple[date, int]]]
    read_at: float


_memory = _Memory({}, 0.0)


def norm_in_force(*, slug: str, at: datetime) -> NormCard:
    """Return the version under which a matter opened at ``at`` (its day in Asia/Shanghai) runs.

    :raises NotFound: when there is no such norm, or none yet on that day.
    """
    on = timezone.localdate(at)
    for effective_from, version_id in _versions().get(slug, ()):
        if effective_from <= on:
            return NormCard(version_id, norm_version(version_id=version_id))
    raise NotFound("There is no norm %(slug)s.", slug=slug)


def count_norms() -> int:
    """Return how many norms are published."""
    return len(_versions())


@lru_cache(maxsize=4096)
def norm_version(*, version_id: int) -> Norm:
    """Return one version for ever.

    :raises NotFound: when there is none.
    """
    document = NormVersion.objects.filter(pk=version_id).values_list("document", flat=True).first()
    if document is None:
        raise NotFound
    return parse_norm(document)


def list_norms(*, at: datetime) -> list[NormCard]:
    """Return every norm in the version in force at ``at``, in the order of the handbook."""
    on = timezone.localdate(at)
    found = [
        next(version_id for effective_from, version_id in versions if effective_from <= on)
        for versions in _versions().values()
        if versions[-1][0] <= on
    ]
    cards = [NormCard(version_id, norm_version(version_id=version_id)) for version_id in found]
    return sorted(cards, key=lambda card: [int(part) for part in card.norm.id.split(".")])


def forget() -> None:
    """Read again at the next question; called by this process's own writes."""
    _memory.read_at = 0.0


def _versions() -> dict[str, list[tuple[date, int]]]:
    if _memory.read_at == 0.0 or time.monotonic() - _memory.read_at > MEMORY_S:
        found: dict[str, list[tuple[date, int]]] = {}
        rows = NormVersion.objects.order_by("norm_id", "-effective_from")
        for slug, effective_from, pk in rows.values_list("norm__slug", "effective_from", "id"):
            found.setdefault(slug, []).append((effective_from, pk))
        _memory.versions, _memory.read_at = found, time.monotonic()
    return _memory.versions
