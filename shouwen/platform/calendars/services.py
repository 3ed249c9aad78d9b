"""Publishing calendars."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from shouwen.kernel.plain_yaml import read_yaml
from shouwen.kernel.time.chinese_days import official_chinese_days
from shouwen.kernel.time.documents import read_calendar
from shouwen.platform.calendars import queries
from shouwen.platform.calendars.events import CalendarPublished
from shouwen.platform.calendars.models import CalendarVersion
from shouwen.platform.outbox.services import announce

FROM_THE_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@transaction.atomic
def publish_calendar_version(
    *, name: str, document: Mapping[str, object], known_from: datetime, actor_id: int | None, at: datetime
) -> bool:
    """Publish what a calendar is from ``known_from`` on; return False when it is just that already.

    The digest binds the document and, for a calendar on the official Chinese days, the version of those days.

    :raises BadInput: naming the field of the document that cannot be used.
    """
    read_calendar(document)
    digest = _digest(document)
    newest = CalendarVersion.objects.filter(name=name).order_by("-known_from").first()
    if newest is not None and newest.digest == digest:
        return False
    row = CalendarVersion.objects.create(
        name=name, document=dict(document), digest=digest, known_from=known_from, published_by_id=actor_id
    )
    queries.forget()
    announce(CalendarPublished(calendar_id=row.pk, name=name, digest=digest, actor_id=actor_id, at=at))
    return True


def load_calendars(*, folder: Path, actor_id: int | None, at: datetime) -> int:
    """Publish every calendar of the handbook that has changed and return how many; the first version holds from the beginning."""
    changed = 0
    for path in sorted(folder.glob("*.yaml")):
        name = path.stem
        document = read_yaml(path.read_text(encoding="utf-8"))
        is_first = not CalendarVersion.objects.filter(name=name).exists()
        known_from = FROM_THE_BEGINNING if is_first else at
        changed += publish_calendar_version(name=name, document=document, known_from=known_from, actor_id=actor_id, at=at)
    return changed


def _digest(document: Mapping[str, object]) -> str:
    base = official_chinese_days().version if document.get("base") == "cn" else ""
    content = json.dumps([document, base], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode()).hexdigest()
