from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.platform.calendars import queries, services
from shouwen.platform.calendars.models import CalendarVersion

pytestmark = pytest.mark.django_db

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
NINE_TO_FIVE = {"timezone": "Asia/Shanghai", "daily": [["09:00", "17:00"]]}
NINE_TO_FOUR = {"timezone": "Asia/Shanghai", "daily": [["09:00", "16:00"]]}


def publish(document: dict[str, object], at: datetime) -> bool:
    return services.publish_calendar_version(name="desk", document=document, known_from=at, actor_id=None, at=at)


def test_the_version_known_at_the_moment_is_in_force() -> None:
    publish(NINE_TO_FIVE, MAY)
    publish(NINE_TO_FOUR, JULY)

    before, after = (queries.calendar_in_force(name="desk", at=at) for at in (JUNE, JULY))

    assert [card.calendar.weekly[0][0].closes_s for card in (before, after)] == [17 * 3600, 16 * 3600]
    assert queries.calendar_with_digest(digest=before.digest) == before


def test_publishing_the_same_calendar_again_changes_nothing() -> None:
    publish(NINE_TO_FIVE, MAY)

    assert publish(NINE_TO_FIVE, JUNE) is False
    assert CalendarVersion.objects.count() == 1


def test_a_wrong_document_is_refused_by_field() -> None:
    with pytest.raises(BadInput) as refusal:
        publish({"timezone": "Mars/Olympus", "daily": [["09:00", "17:00"]]}, MAY)

    assert refusal.value.field == "calendar.timezone"
    assert CalendarVersion.objects.count() == 0


def test_a_published_version_stands() -> None:
    publish(NINE_TO_FIVE, MAY)

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update calendars_calendarversion set name = 'other'")


def test_an_unknown_calendar_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.calendar_in_force(name="nowhere", at=MAY)
