"""The folder of the files: one sealed file for each content, ``FILES_DIR/ab/abcdef…`` by its SHA-256.

What is still being written has a name with a leading dot, which ``backup`` leaves out; it gets its place by one rename after it is
safely on the disk, so a place holds a whole content or nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.conf import settings

from shouwen.platform.files.rules import HEAD_BYTES, HEADER_BYTES, Sealer, key_id_of

INCOMING = ".incoming-"
LEFT_OVER_AFTER = timedelta(days=1)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TooLarge(Exception):
    """The content is longer than allowed; what was written of it is gone again."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A content that is on the disk, sealed, and has no place yet."""

    path: Path
    digest: str
    size_bytes: int
    head: bytes


def receive(pieces: Iterable[bytes], *, sealer: Sealer, largest_bytes: int) -> Incoming:
    """Write a content beside the others and return what it is.

    :raises TooLarge: when it has more than ``largest_bytes``.
    """
    settings.FILES_DIR.mkdir(parents=True, exist_ok=True)
    measured = _Measured(pieces, largest_bytes)
    path = _written(sealer.seal(measured))
    return Incoming(path, measured.digest.hexdigest(), measured.size_bytes, measured.head)


def _written(parts: Iterable[bytes]) -> Path:
    """Write what is sealed beside the contents, safely on the disk, and return where; nothing stays when it cannot be finished."""
    path: Path = settings.FILES_DIR / f"{INCOMING}{uuid4().hex}"
    try:
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


class _Measured:
    """Passes the pieces on and remembers what they are together."""

    def __init__(self, pieces: Iterable[bytes], largest_bytes: int) -> None:
        self._pieces, self._largest_bytes = pieces, largest_bytes
        self.digest, self.size_bytes, self.head = hashlib.sha256(), 0, b""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size_bytes += len(piece)
            if self.size_bytes > self._largest_bytes:
                raise TooLarge
            if len(self.head) < HEAD_BYTES:
                self.head += piece[: HEAD_BYTES - len(self.head)]
            self.digest.update(piece)
            yield piece


def place(incoming: Incoming) -> None:
    """Give an incoming content its place; when the same content is there already, that one stays."""
    target = path_of(incoming.digest)
    if target.exists():
        incoming.path.unlink()
        return
    target.parent.mkdir(mode=0o700, exist_ok=True)
    os.replace(incoming.path, target)
    _sync_folder(target.parent)


def open_content(digest: str) -> BinaryIO:
    """Open a sealed content.

    :raises FileNotFoundError: when it is not there.
    """
    return path_of(digest).open("rb")


def has(digest: str) -> bool:
    return path_of(digest).exists()


def remove(digest: str) -> None:
    path_of(digest).unlink(missing_ok=True)


def contents_older_than(moment: datetime) -> Iterator[str]:
    """Yield the digests of the contents that were written before ``moment``."""
    for path in sorted(settings.FILES_DIR.glob("??/*")):
        if _DIGEST.fullmatch(path.name) and path.stat().st_mtime < moment.timestamp():
            yield path.name


def contents() -> Iterator[str]:
    """Yield the digests of all contents in their order, a folder at a time."""
    for folder in sorted(settings.FILES_DIR.glob("??")):
        yield from sorted(path.name for path in folder.iterdir() if _DIGEST.fullmatch(path.name))


def key_id_of_content(digest: str) -> int:
    """Return the number of the key by which a content is sealed; 0 when it is not there, or is no sealed content."""
    try:
        with open_content(digest) as source:
            return key_id_of(source.read(HEADER_BYTES))
    except FileNotFoundError:
        return 0


def seal_anew(digest: str, *, sealer: Sealer) -> None:
    """Seal a content with the newest key. Whoever reads it meanwhile reads the old one to its end.

    :raises ContentDamaged: when it cannot be opened; then it stays as it is.
    """
    with open_content(digest) as source:
        path = _written(sealer.seal(sealer.unseal(source)))
    os.replace(path, path_of(digest))
    _sync_folder(path_of(digest).parent)


def remove_left_overs(*, at: datetime) -> int:
    """Remove what a crash has left half written, after a day; return how many."""
    old = [path for path in settings.FILES_DIR.glob(f"{INCOMING}*") if path.stat().st_mtime < (at - LEFT_OVER_AFTER).timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def path_of(digest: str) -> Path:
    folder: Path = settings.FILES_DIR
    return folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    for one in (folder, folder.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
