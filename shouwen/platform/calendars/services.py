"""Publishing calendars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from shouwen.kernel.plain_yaml import read_yaml
from shouwen.kernel.time.chinese_days import official_chinese_days
from shouwen.kernel.time.documents import calendar_digest, read_calendar
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

    The digest binds the document and, for a calendar on the official Chinese days, those days as they are known here now; they are
    kept with it.

    :raises BadInput: naming the field of the document that cannot be used.
    """
    read_calendar(document)
    official = official_chinese_days() if document.get("base") == "cn" else None
    digest = calendar_digest(document)
    newest = CalendarVersion.objects.filter(name=name).order_by("-known_from").first()
    if newest is not None and newest.digest == digest:
        return False
    row = CalendarVersion.objects.create(
        name=name,
        document=json.loads(json.dumps(document, default=str)),
        digest=digest,
        known_from=known_from,
        published_by_id=actor_id,
        official_days=official.as_document() if official else None,
        official_source=official.source if official else "",
    )
    queries.forget_published()
    announce(CalendarPublished(calendar_id=row.pk, name=name, digest=digest, known_from=known_from, actor_id=actor_id, at=at))
    return True


@transaction.atomic
def load_calendars(*, folder: Path, actor_id: int | None, at: datetime) -> int:
    """Publish every calendar of the handbook that has changed and return how many; the first version holds from the beginning.

    :raises BadInput: naming file and field; then none is published.
    """
    changed = 0
    for path in sorted(folder.glob("*.yaml")):
        name = path.stem
        document = read_yaml(path.read_text(encoding="utf-8"))
        read_calendar(document, field=path.name)
        is_first = not CalendarVersion.objects.filter(name=name).exists()
        known_from = FROM_THE_BEGINNING if is_first else at
        changed += publish_calendar_version(name=name, document=document, known_from=known_from, actor_id=actor_id, at=at)
    return changed
