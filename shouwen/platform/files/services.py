"""Storing files, keeping them longer, and letting them go when their time is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.platform.files import disk, rules
from shouwen.platform.files.choices import Retention
from shouwen.platform.files.events import FilePurged, FileRetained, FileStored
from shouwen.platform.files.keys import sealer
from shouwen.platform.files.models import StoredFile
from shouwen.platform.files.queries import FilePurgedAlready
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

LARGEST_MB = PolicyRef(key="files.largest_mb", default=Decimal(20), unit=Unit.COUNT, requirement="A1")
_DEFAULT_DAYS = {
    Retention.PASSING: 7,
    Retention.IDENTITY: 30,
    Retention.RECORDING: 90,
    Retention.MATTER: 1095,
    Retention.EVIDENCE: 1825,  # the longer of the terms for complaints
}
RETENTION_DAYS = {
    retention: PolicyRef(
        key=f"files.retention.{retention.value}", default=Decimal(_DEFAULT_DAYS[retention]), unit=Unit.DAY, requirement="A1"
    )
    for retention in Retention
}
MB = 1_000_000
DAY_S = 86_400
PURGED_AT_ONCE = 500
RESEALED_AT_ONCE = 1_000


class FileTooLarge(Refusal):
    message = "The file is larger than %(largest_mb)s MB."


class FileTypeRefused(Refusal):
    """Programs are never kept; a caller may allow fewer types still."""

    message = "Files of the type %(media_type)s are not taken here."


def store_file(
    *,
    pieces: Iterable[bytes],
    name: str,
    retention: Retention,
    actor_id: int | None,
    at: datetime,
    allowed: frozenset[str] | None = None,
) -> int:
    """Keep a content that comes in ``pieces`` and return the id of its row; ``actor_id`` None is a customer.

    The type is found from the content. ``allowed`` are media types, None takes all but programs. The content is written before the
    transaction is opened, so call it before your own verb, not inside.

    :raises FileTooLarge: when it has more than the policy ``files.largest_mb`` says.
    :raises FileTypeRefused: for a program, or a type that is not allowed here. In both cases nothing stays on the disk.
    """
    largest_mb = value(policy=LARGEST_MB, at=at)
    try:
        incoming = disk.receive(pieces, sealer=sealer(), largest_bytes=int(largest_mb * MB))
    except disk.TooLarge as error:
        raise FileTooLarge(largest_mb=f"{largest_mb.normalize():f}") from error
    try:
        media_type = rules.media_type_of(incoming.head)
        if media_type in rules.PROGRAMS or (allowed is not None and media_type not in allowed):
            raise FileTypeRefused(media_type=media_type)
        return _recorded(incoming, media_type, name, retention, actor_id, at)
    finally:
        incoming.path.unlink(missing_ok=True)


@transaction.atomic
def _recorded(
    incoming: disk.Incoming, media_type: str, name: str, retention: Retention, actor_id: int | None, at: datetime
) -> int:
    """Write the row and give the content its place, while nobody else may remove that content."""
    _lock_content(incoming.digest)
    row = StoredFile.objects.create(
        digest=incoming.digest,
        size_bytes=incoming.size_bytes,
        media_type=media_type,
        sealed_name=sealer().seal_text(rules.clean_name(name)),
        retention=retention,
        stored_by_id=actor_id,
        stored_at=at,
        expires_at=_expires_at(retention, from_at=at, at=at),
    )
    announce(
        FileStored(
            file_id=row.pk,
            digest=row.digest,
            size_bytes=row.size_bytes,
            media_type=media_type,
            retention=retention.value,
            expires_at=row.expires_at,
            actor_id=actor_id,
            at=at,
        )
    )
    disk.place(incoming)
    return row.pk


@transaction.atomic
def retain_file(*, file_id: int, retention: Retention, from_at: datetime, actor_id: int | None, at: datetime) -> None:
    """Give a file another class of retention, reckoned from ``from_at``: the moment at which its matter was closed, for example.

    A file is never kept shorter than it was to be before. Who may is decided by the flat whose matter it belongs to.

    :raises NotFound: when there is no such file.
    :raises FilePurgedAlready: when its content is gone.
    """
    row = StoredFile.objects.select_for_update().filter(pk=file_id).first()
    if row is None:
        raise NotFound
    if row.purged_at is not None:
        raise FilePurgedAlready
    row.retention, row.expires_at = retention, max(row.expires_at, _expires_at(retention, from_at=from_at, at=at))
    row.save(update_fields=["retention", "expires_at"])
    announce(FileRetained(file_id=row.pk, retention=retention.value, expires_at=row.expires_at, actor_id=actor_id, at=at))


@dataclass(frozen=True, slots=True)
class PurgeCount:
    """What one purge did: rows let go, contents removed from the disk, and remains of a crash cleared away."""

    purged: int
    removed: int
    cleared: int


def purge_files(*, actor_id: int, at: datetime, limit: int = PURGED_AT_ONCE) -> PurgeCount:
    """Let go of up to ``limit`` files whose time is over, and remove contents that no row needs.

    Rows first, contents after their commit: a crash between leaves a content without a row, which the next purge removes. Run it again
    while it lets files go.

    :raises NotAllowed: unless the actor is an administrator or automatic.
    """
    if not get_viewer(staff_id=actor_id, at=at).is_administrator:
        raise NotAllowed
    digests = _let_go(actor_id, at, limit)
    old = at - disk.LEFT_OVER_AFTER
    removed = sum(_removed_if_unneeded(digest) for digest in sorted({*digests, *_unneeded(disk.contents_older_than(old))}))
    return PurgeCount(purged=len(digests), removed=removed, cleared=disk.remove_left_overs(at=at))


@transaction.atomic
def _let_go(actor_id: int, at: datetime, limit: int) -> list[str]:
    rows = list(StoredFile.objects.expired(at).order_by("expires_at", "id").select_for_update(skip_locked=True)[:limit])
    StoredFile.objects.filter(pk__in=[row.pk for row in rows]).update(purged_at=at, sealed_name=sealer().seal_text(""))
    announce(*(FilePurged(file_id=row.pk, digest=row.digest, retention=row.retention, actor_id=actor_id, at=at) for row in rows))
    return [row.digest for row in rows]


@dataclass(frozen=True, slots=True)
class ResealedNames:
    """What one batch did. ``last_id`` is the row to go on after, 0 when none was left; ``unreadable`` names stay as they were."""

    resealed: int
    unreadable: int
    last_id: int


@transaction.atomic
def reseal_names(*, after_id: int = 0, limit: int = RESEALED_AT_ONCE) -> ResealedNames:
    """Seal the names of the next ``limit`` files with the newest key where an older one has sealed them."""
    rows = list(StoredFile.objects.select_for_update().filter(pk__gt=after_id).order_by("pk")[:limit])
    old = [row for row in rows if rules.key_id_of(bytes(row.sealed_name)) != sealer().current_key_id]
    resealed = [row for row in old if _seal_name_anew(row)]
    StoredFile.objects.bulk_update(resealed, ["sealed_name"])
    return ResealedNames(len(resealed), len(old) - len(resealed), rows[-1].pk if rows else 0)


def _seal_name_anew(row: StoredFile) -> bool:
    try:
        row.sealed_name = sealer().seal_text(sealer().unseal_text(bytes(row.sealed_name)))
    except rules.ContentDamaged:
        return False
    return True


@transaction.atomic
def reseal_content(*, digest: str) -> bool:
    """Seal one content with the newest key, while nobody else may remove it; False when it is, or is no sealed content any more.

    :raises ContentDamaged: when it cannot be opened; then it stays as it is.
    """
    _lock_content(digest)
    if disk.key_id_of_content(digest) in (0, sealer().current_key_id):
        return False
    disk.seal_anew(digest, sealer=sealer())
    return True


def _unneeded(digests: Iterable[str]) -> set[str]:
    found = set(digests)
    return found - set(StoredFile.objects.kept().filter(digest__in=found).values_list("digest", flat=True))


@transaction.atomic
def _removed_if_unneeded(digest: str) -> bool:
    _lock_content(digest)
    if StoredFile.objects.kept().filter(digest=digest).exists():
        return False
    disk.remove(digest)
    return True


def _lock_content(digest: str) -> None:
    """Hold a content until the transaction ends: storing and removing the same one wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [int(digest[:15], 16)])


def _expires_at(retention: Retention, *, from_at: datetime, at: datetime) -> datetime:
    return from_at + timedelta(seconds=int(value(policy=RETENTION_DAYS[retention], at=at) * DAY_S))
