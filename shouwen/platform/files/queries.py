"""Questions about stored files. Who may see a file is decided by the flat whose matter it belongs to, before it asks here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.files import disk, rules
from shouwen.platform.files.choices import Retention
from shouwen.platform.files.keys import sealer
from shouwen.platform.files.models import StoredFile


class FilePurgedAlready(Refusal):
    message = "The time for which this file was kept is over; its content is gone."


class FileDamaged(Refusal):
    """The content is not there, or is not what was handed in. It has to come back from a backup."""

    message = "The content of file %(file_id)s is damaged or missing; it has to be restored from a backup."


@dataclass(frozen=True, slots=True)
class FileCard:
    """A stored file as it is shown; its content comes from ``open_file``."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    digest: str
    retention: Retention
    stored_by_id: int | None
    stored_at: datetime
    expires_at: datetime
    purged_at: datetime | None

    @property
    def is_download_only(self) -> bool:
        """Return whether it may only be sent as an attachment: a page or script of a stranger must not run as one of ours."""
        return rules.is_download_only(self.media_type)

    @property
    def served_as(self) -> str:
        """Return the media type to send it with; together with ``nosniff`` nothing that is download only can be run."""
        return "application/octet-stream" if self.is_download_only else self.media_type


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file and its content, piece by piece."""

    card: FileCard
    pieces: Iterator[bytes]

    def read(self) -> bytes:
        """Return the whole content; for small files."""
        return b"".join(self.pieces)


def get_file(*, file_id: int) -> FileCard:
    """Return what is known of a file, also when its content is gone.

    :raises NotFound: when there is no such file.
    """
    (card,) = list_files(file_ids=[file_id]) or (None,)
    if card is None:
        raise NotFound
    return card


def list_files(*, file_ids: list[int]) -> list[FileCard]:
    """Return the files with these ids, in the order in which they were stored."""
    return [_card(row) for row in StoredFile.objects.filter(pk__in=file_ids).order_by("id")]


def open_file(*, file_id: int) -> OpenedFile:
    """Return a file with its content. Each piece is checked before it is handed out.

    :raises NotFound: when there is no such file.
    :raises FilePurgedAlready: when its time is over.
    :raises FileDamaged: here when the content is missing, and from the pieces when one was changed.
    """
    card = get_file(file_id=file_id)
    if card.purged_at is not None:
        raise FilePurgedAlready
    if not disk.has(card.digest):
        raise FileDamaged(file_id=file_id)
    return OpenedFile(card, _pieces(card))


def _pieces(card: FileCard) -> Iterator[bytes]:
    try:
        with disk.open_content(card.digest) as source:
            yield from sealer().unseal(source)
    except (rules.ContentDamaged, OSError) as broken:
        raise FileDamaged(file_id=card.id) from broken


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What a look at table and disk found."""

    kept: int
    missing: tuple[int, ...]


def check_store() -> StoreCheck:
    """Return how many files are kept, and the ids of those whose content is not on the disk."""
    rows = StoredFile.objects.kept().order_by("id").values_list("id", "digest")
    missing = tuple(file_id for file_id, digest in rows.iterator(chunk_size=2000) if not disk.has(digest))
    return StoreCheck(kept=rows.count(), missing=missing)


def list_contents() -> Iterator[str]:
    """Yield the digests of all contents on the disk, whether a row needs them or not."""
    return disk.contents()


def count_names_by_key() -> Counter[int]:
    """Count the names of files by the number of the key that has sealed them."""
    names = StoredFile.objects.values_list("sealed_name", flat=True).iterator(chunk_size=2000)
    return Counter(rules.key_id_of(bytes(name)) for name in names)


def count_contents_by_key() -> Counter[int]:
    """Count the contents on the disk by the number of the key that has sealed them; 0 stands for what is not sealed."""
    return Counter(map(disk.key_id_of_content, disk.contents()))


def _card(row: StoredFile) -> FileCard:
    return FileCard(
        id=row.pk,
        name=sealer().unseal_text(bytes(row.sealed_name)),
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        digest=row.digest,
        retention=Retention(row.retention),
        stored_by_id=row.stored_by_id,
        stored_at=row.stored_at,
        expires_at=row.expires_at,
        purged_at=row.purged_at,
    )
