from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.kernel.time import documents
from shouwen.kernel.time.chinese_days import ChineseDays, official_chinese_days
from shouwen.platform.calendars import queries, rules, services
from shouwen.platform.calendars.models import CalendarVersion
from shouwen.platform.outbox.models import Fact

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


@pytest.mark.django_db(transaction=True)
def test_a_version_that_was_rolled_back_was_never_in_force() -> None:
    publish(NINE_TO_FIVE, MAY)
    before = queries.calendar_in_force(name="desk", at=JULY)

    with transaction.atomic():
        publish(NINE_TO_FOUR, JUNE)
        inside = queries.calendar_in_force(name="desk", at=JULY)
        transaction.set_rollback(True)

    assert inside.digest != before.digest
    assert queries.calendar_in_force(name="desk", at=JULY) == before


@pytest.mark.django_db(transaction=True)
def test_a_version_is_in_force_for_others_from_its_commit_on() -> None:
    publish(NINE_TO_FIVE, MAY)

    def look() -> str:
        try:
            return queries.calendar_in_force(name="desk", at=JULY).digest
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            publish(NINE_TO_FOUR, JUNE)
            before = elsewhere.submit(look).result()
        after = elsewhere.submit(look).result()

    assert (before, after) == (documents.calendar_digest(NINE_TO_FIVE), documents.calendar_digest(NINE_TO_FOUR))


# On the official days.

OFFICE = {"base": "cn", "provisional": True, "daily": [["08:30", "12:00"], ["14:00", "17:30"]]}
YEAR = official_chinese_days().last_confirmed_year


def in_force(at: datetime = JUNE) -> queries.CalendarCard:
    return queries.calendar_in_force(name="desk", at=at)


def knowing(monkeypatch: pytest.MonkeyPatch, days: ChineseDays) -> None:
    """Let the installed packages know other days, as after an update."""
    for module in (services, queries, documents):
        monkeypatch.setattr(module, "official_chinese_days", lambda: days)


def test_a_version_keeps_the_official_days_as_they_were_known(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(OFFICE, MAY)
    before = in_force()
    next_year = replace(
        official_chinese_days(),
        last_confirmed_year=YEAR + 1,
        workdays=frozenset({date(YEAR + 1, 1, 2)}),
        provisional_holidays=frozenset(),
    )
    knowing(monkeypatch, next_year)

    published = publish(OFFICE, JULY)

    day = date(YEAR + 1, 1, 2)
    then, now = queries.calendar_with_digest(digest=before.digest), in_force(JULY)
    assert published is True
    assert then.digest != now.digest
    assert (then.calendar.base, now.calendar.base) == (official_chinese_days(), next_year)
    assert [card.calendar.is_provisional_on(day) for card in (then, now)] == [True, False]


def test_a_renewed_package_that_says_the_same_publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(OFFICE, MAY)
    knowing(monkeypatch, replace(official_chinese_days(), source="chinesecalendar 99"))

    assert publish(OFFICE, JULY) is False


def test_the_digest_of_a_version_can_be_had_from_its_document_alone() -> None:
    publish(OFFICE, MAY)

    assert in_force().digest == documents.calendar_digest(OFFICE)


# How far they go.


@pytest.mark.parametrize(
    ("today", "alarming"),
    [(date(2026, 10, 31), False), (date(2026, 11, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), True)],
)
def test_the_alarm_begins_in_the_november_before_a_year_that_is_missing(today: date, alarming: bool) -> None:
    assert rules.is_alarming(confirmed_until=date(2026, 12, 31), today=today) is alarming
    assert rules.is_alarming(confirmed_until=date(2027, 12, 31), today=today) is False
    assert rules.is_alarming(confirmed_until=None, today=today) is False


def test_coverage_tells_until_which_day_each_calendar_is_confirmed() -> None:
    publish(OFFICE, MAY)
    services.publish_calendar_version(name="always", document=NINE_TO_FIVE, known_from=MAY, actor_id=None, at=MAY)
    services.publish_calendar_version(name="later", document=NINE_TO_FIVE, known_from=JULY, actor_id=None, at=MAY)
    source = official_chinese_days().source

    found = queries.coverage(at=datetime(YEAR, 6, 1, tzinfo=UTC))

    assert found[:2] == [
        queries.Coverage("always", None, "", is_alarming=False, is_outdated=False),
        queries.Coverage("desk", date(YEAR, 12, 31), source, is_alarming=False, is_outdated=False),
    ]
    assert [one.says for one in found[:2]] == ["every day is known", f"official days confirmed until {YEAR}-12-31 ({source})"]
    assert [one.name for one in queries.coverage(at=JUNE)] == ["always", "desk"]
    last_of_october, first_of_november = datetime(YEAR, 10, 31, 15, 59, tzinfo=UTC), datetime(YEAR, 10, 31, 16, tzinfo=UTC)
    assert [queries.coverage(at=at)[1].is_alarming for at in (last_of_october, first_of_november)] == [False, True]


def test_coverage_alarms_when_newer_days_are_installed_than_published(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(OFFICE, MAY)
    knowing(monkeypatch, replace(official_chinese_days(), last_confirmed_year=YEAR + 1))

    (found,) = queries.coverage(at=JUNE)

    assert (found.is_outdated, found.is_alarming, found.says.endswith("newer days are installed and not published yet")) == (
        True,
        True,
        True,
    )


# From the handbook.


def test_the_calendars_of_the_handbook_are_loaded_once_and_again_when_they_change(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text('daily: [["09:00", "17:00"]]\nholidays: [2026-05-01]\n')
    (tmp_path / "hall.yaml").write_text('base: cn\ndaily: [["09:00", "17:00"]]\n')

    first = services.load_calendars(folder=tmp_path, actor_id=None, at=MAY)
    again = services.load_calendars(folder=tmp_path, actor_id=None, at=JUNE)
    (tmp_path / "desk.yaml").write_text('daily: [["09:00", "16:00"]]\n')
    changed = services.load_calendars(folder=tmp_path, actor_id=7, at=JULY)

    assert (first, again, changed) == (2, 0, 1)
    assert in_force(datetime(2001, 1, 1, tzinfo=UTC)).calendar.holidays == {
        date(2026, 5, 1)
    }  # the first holds from the beginning
    assert in_force(JUNE).calendar.holidays == {date(2026, 5, 1)}
    assert (in_force(JULY).known_from, in_force(JULY).calendar.holidays) == (JULY, frozenset())
    told = Fact.objects.filter(kind="CalendarPublished").order_by("id")
    assert [(fact.payload["name"], fact.actor_id, fact.at) for fact in told] == [
        ("desk", None, MAY),
        ("hall", None, MAY),
        ("desk", 7, JULY),
    ]


def test_a_wrong_calendar_of_the_handbook_loads_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('daily: [["09:00", "17:00"]]\n')
    (tmp_path / "b.yaml").write_text("daily: [[9:00, 17:00]]\n")  # YAML reads a number of minutes

    with pytest.raises(BadInput) as refusal:
        services.load_calendars(folder=tmp_path, actor_id=None, at=MAY)

    assert refusal.value.field == "b.yaml.daily[0]"
    assert CalendarVersion.objects.count() == 0


def test_the_calendars_that_are_shipped_can_be_read() -> None:
    folder = Path(settings.BASE_DIR) / "handbook" / "calendars"

    assert services.load_calendars(folder=folder, actor_id=None, at=MAY) == len(list(folder.glob("*.yaml"))) > 0
