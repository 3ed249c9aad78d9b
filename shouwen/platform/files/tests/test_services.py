import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, transaction

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.files import disk, queries, services
from shouwen.platform.files.choices import Retention
from shouwen.platform.files.models import StoredFile
from shouwen.platform.files.tests.factories import NOON, NOTE, PAGE, PNG, later, stored
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.tests.factories import StaffFactory, administrator
from shouwen.platform.policies.choices import Force, Mark, Statistic, Unit
from shouwen.platform.policies.rules import PolicyEntry, Value
from shouwen.platform.policies.services import learn_entries

pytestmark = pytest.mark.django_db


def on_disk(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def told() -> list[str]:
    return list(Fact.objects.filter(case_kind="file").order_by("id").values_list("kind", flat=True))


def place_of(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"{digest[:2]}/{digest}"


# Storing and opening.


def test_a_stored_file_comes_back_as_it_was_with_what_is_known_of_it(folder: Path) -> None:
    person = StaffFactory()

    file_id = stored(PNG, name="C:\\电表 张伟.png", actor_id=person.pk)

    opened = queries.open_file(file_id=file_id)
    assert opened.read() == PNG
    assert opened.card == queries.FileCard(
        id=file_id,
        name="电表 张伟.png",
        media_type="image/png",
        size_bytes=len(PNG),
        digest=hashlib.sha256(PNG).hexdigest(),
        retention=Retention.MATTER,
        stored_by_id=person.pk,
        stored_at=NOON,
        expires_at=later(1095),
        purged_at=None,
    )
    assert (opened.card.is_download_only, opened.card.served_as) == (False, "image/png")
    assert on_disk(folder) == [place_of(PNG)]
    (fact,) = Fact.objects.filter(kind="FileStored")
    assert (fact.case_id, fact.actor_id, fact.payload["media_type"], fact.payload["size_bytes"]) == (
        file_id,
        person.pk,
        "image/png",
        len(PNG),
    )


def test_neither_content_nor_name_can_be_read_at_rest(folder: Path) -> None:
    file_id = stored(NOTE * 50, name="张伟身份证.txt")

    assert NOTE not in (folder / place_of(NOTE * 50)).read_bytes()
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(f)::text from files_storedfile f where id = %s", [file_id])
        (row,) = cursor.fetchone()
    assert "张伟" not in row
    assert "张伟".encode().hex() not in row
    assert "张伟" not in str(Fact.objects.values_list("payload", flat=True))
    assert (folder / place_of(NOTE * 50)).stat().st_mode & 0o077 == 0


def test_the_same_content_lies_on_the_disk_once(folder: Path) -> None:
    one, other = stored(PNG, name="one.png"), stored(PNG, name="other.png", retention=Retention.IDENTITY)

    assert on_disk(folder) == [place_of(PNG)]
    assert [queries.open_file(file_id=file_id).read() for file_id in (one, other)] == [PNG, PNG]
    assert [card.name for card in queries.list_files(file_ids=[other, one])] == ["one.png", "other.png"]


def test_a_large_content_streams_through_in_pieces() -> None:
    piece = os.urandom(300_000)

    file_id = services.store_file(
        pieces=(piece for _ in range(20)), name="call.wav", retention=Retention.RECORDING, actor_id=None, at=NOON
    )

    opened = queries.open_file(file_id=file_id)
    assert opened.card.size_bytes == 6_000_000
    pieces = list(opened.pieces)
    assert b"".join(pieces) == piece * 20
    assert max(map(len, pieces)) == 1 << 20


def test_an_empty_file_is_a_file() -> None:
    assert queries.open_file(file_id=stored(b"", name="empty.txt")).read() == b""


@pytest.mark.parametrize("name", ["picture.png", "report.pdf"])
def test_a_page_is_only_sent_as_a_download_whatever_its_name(name: str) -> None:
    card = queries.get_file(file_id=stored(PAGE, name=name))

    assert (card.media_type, card.is_download_only, card.served_as) == ("text/html", True, "application/octet-stream")


# What is refused.


def say_largest(mb: str) -> None:
    entry = PolicyEntry(
        key="files.largest_mb",
        rule="T-files",
        name_zh="x",
        name_en="x",
        force=Force.INTERNAL,
        statistic=Statistic.CAP,
        unit=Unit.COUNT,
        values=(Value(Decimal(mb)),),
        valid_from=later(-1000).date(),
        known_from=later(-1000),
        mark=Mark.UNVERIFIED,
        source="a test",
    )
    learn_entries(entries=(entry,), actor_id=None, at=later(-1000))


def test_a_file_above_the_policy_is_refused_and_leaves_nothing(folder: Path) -> None:
    say_largest("0.001")

    with pytest.raises(services.FileTooLarge) as refusal:
        stored(bytes(1001))

    assert refusal.value.details == {"largest_mb": "0.001"}
    assert (StoredFile.objects.count(), on_disk(folder), told()) == (0, [], [])
    assert queries.get_file(file_id=stored(bytes(1000))).size_bytes == 1000


@pytest.mark.parametrize(
    ("content", "allowed"),
    [(b"MZ\x90\0", None), (b"\x7fELF", None), (PAGE, frozenset({"image/png"})), (b"MZ", frozenset({"image/png"}))],
)
def test_programs_and_types_that_are_not_allowed_are_refused_and_leave_nothing(
    folder: Path, content: bytes, allowed: frozenset[str] | None
) -> None:
    with pytest.raises(services.FileTypeRefused):
        stored(content, name="meter.png", allowed=allowed)

    assert (StoredFile.objects.count(), on_disk(folder), told()) == (0, [], [])


def test_an_upload_that_breaks_off_leaves_nothing(folder: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield PNG
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        services.store_file(pieces=pieces(), name="x", retention=Retention.PASSING, actor_id=None, at=NOON)

    assert (StoredFile.objects.count(), on_disk(folder)) == (0, [])


def test_an_unknown_file_is_not_found() -> None:
    for ask in (queries.get_file, queries.open_file):
        with pytest.raises(NotFound):
            ask(file_id=1)
    with pytest.raises(NotFound):
        services.retain_file(file_id=1, retention=Retention.MATTER, from_at=NOON, actor_id=None, at=NOON)


# Damage.


def test_a_changed_content_is_never_handed_out(folder: Path) -> None:
    file_id = stored(PNG)
    path = folder / place_of(PNG)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)

    with pytest.raises(queries.FileDamaged):
        queries.open_file(file_id=file_id).read()


def test_a_missing_content_is_told_by_its_file(folder: Path) -> None:
    kept, lost = stored(NOTE), stored(PNG)
    (folder / place_of(PNG)).unlink()

    with pytest.raises(queries.FileDamaged):
        queries.open_file(file_id=lost)
    assert queries.check_store() == queries.StoreCheck(kept=2, missing=(lost,))
    assert queries.open_file(file_id=kept).read() == NOTE


# How long.


@pytest.mark.parametrize(
    ("retention", "days"),
    [
        (Retention.PASSING, 7),
        (Retention.IDENTITY, 30),
        (Retention.RECORDING, 90),
        (Retention.MATTER, 1095),
        (Retention.EVIDENCE, 1825),
    ],
)
def test_each_class_has_its_days(retention: Retention, days: int) -> None:
    assert queries.get_file(file_id=stored(retention=retention)).expires_at == later(days)


def test_a_file_is_kept_longer_from_a_later_moment_and_never_shorter() -> None:
    file_id = stored(retention=Retention.PASSING)

    services.retain_file(file_id=file_id, retention=Retention.MATTER, from_at=later(3), actor_id=None, at=later(3))
    longer = queries.get_file(file_id=file_id)
    services.retain_file(file_id=file_id, retention=Retention.IDENTITY, from_at=later(4), actor_id=None, at=later(4))
    same = queries.get_file(file_id=file_id)

    assert (longer.retention, longer.expires_at) == (Retention.MATTER, later(1098))
    assert (same.retention, same.expires_at) == (Retention.IDENTITY, later(1098))
    assert told() == ["FileStored", "FileRetained", "FileRetained"]


def purge(days: float) -> services.PurgeCount:
    return services.purge_files(actor_id=administrator().pk, at=later(days))


def test_what_is_past_its_time_goes_and_its_row_stays(folder: Path) -> None:
    passing, matter = stored(NOTE, name="张伟.txt", retention=Retention.PASSING), stored(PNG)

    early, due, again = purge(6.99), purge(7), purge(8)

    card = queries.get_file(file_id=passing)
    assert (early.purged, due.purged, again.purged, due.removed) == (0, 1, 0, 1)
    assert (card.purged_at, card.name) == (later(7), "")
    assert on_disk(folder) == [place_of(PNG)]
    assert queries.open_file(file_id=matter).read() == PNG
    assert told() == ["FileStored", "FileStored", "FilePurged"]
    with pytest.raises(queries.FilePurgedAlready):
        queries.open_file(file_id=passing)
    with pytest.raises(queries.FilePurgedAlready):
        services.retain_file(file_id=passing, retention=Retention.MATTER, from_at=NOON, actor_id=None, at=later(9))


def test_a_content_stays_as_long_as_any_row_needs_it(folder: Path) -> None:
    stored(PNG, retention=Retention.PASSING)
    other = stored(PNG, retention=Retention.IDENTITY)

    first = purge(10)
    kept = queries.open_file(file_id=other).read()
    last = purge(31)

    assert ((first.purged, first.removed), kept) == ((1, 0), PNG)
    assert ((last.purged, last.removed), on_disk(folder)) == ((1, 1), [])


def test_a_content_without_a_row_goes_after_a_day_and_so_does_what_was_half_written(folder: Path) -> None:
    file_id = stored(PNG)
    orphan, left_over, fresh = folder / place_of(NOTE), folder / ".incoming-1", folder / ".incoming-2"
    orphan.parent.mkdir(exist_ok=True)
    for path in (orphan, left_over, fresh):
        path.write_bytes(b"x")
    for path, days in ((orphan, -2), (left_over, -2), (folder / place_of(PNG), -2), (fresh, -0.5)):
        os.utime(path, (later(days).timestamp(),) * 2)

    count = purge(0)

    assert count == services.PurgeCount(purged=0, removed=1, cleared=1)
    assert on_disk(folder) == sorted([".incoming-2", place_of(PNG)])
    assert queries.open_file(file_id=file_id).read() == PNG


def test_a_purge_stops_at_its_limit_and_goes_on() -> None:
    for number in range(3):
        stored(b"%d" % number, retention=Retention.PASSING)
    actor = administrator()

    counts = [services.purge_files(actor_id=actor.pk, at=later(8), limit=2).purged for _ in range(3)]

    assert counts == [2, 1, 0]


def test_only_administrators_and_jobs_purge(folder: Path) -> None:
    stored(PNG, retention=Retention.PASSING)

    with pytest.raises(NotAllowed):
        services.purge_files(actor_id=StaffFactory().pk, at=later(8))

    assert (on_disk(folder), told()) == ([place_of(PNG)], ["FileStored"])


@pytest.mark.django_db(transaction=True)
def test_storing_a_content_while_it_is_being_purged_never_loses_it(folder: Path) -> None:
    stored(PNG, retention=Retention.PASSING)
    actor = administrator()
    digest, found = hashlib.sha256(PNG).hexdigest(), []
    purging = threading.Thread(
        target=lambda: (found.append(services.purge_files(actor_id=actor.pk, at=later(8))), connection.close())
    )

    with transaction.atomic():
        services._lock_content(digest)  # a second upload of the same content is about to be recorded
        purging.start()
        purging.join(timeout=0.5)  # the purge has let the row go, and waits for the content
        incoming = disk.receive([PNG], sealer=services.sealer(), largest_bytes=100)
        other = services._recorded(incoming, "image/png", "other.png", Retention.MATTER, None, later(8))
    purging.join()

    assert (found[0].purged, found[0].removed) == (1, 0)
    assert queries.open_file(file_id=other).read() == PNG


def test_a_row_cannot_be_purged_before_its_time() -> None:
    from django.db.utils import IntegrityError

    stored(PNG)

    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.update(purged_at=NOON + timedelta(days=1))
