"""The file of a backup: a tar archive, written and read as a stream, so that neither its size nor the number of files costs memory.

In this order: the dump, the stored files, each with the SHA-256 of its content in its header, and the manifest, which holds the digest of
the dump, how many files there are, and one digest over the digests and names of them all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
DIGEST = "SHOUWEN.sha256"
FORMAT = 2
INCOMING = ".incoming-"  # so begins what is not finished; the flat ``files`` clears it away


class Damaged(Exception):
    """It is no whole backup; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. A backup of format 1 has no ``files_digest``."""

    format: int
    version: str
    written_at: str
    database_digest: str
    file_count: int
    fingerprints: dict[str, str]
    files_digest: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Several files in one digest, and how many they are."""

    file_count: int
    digest: str


def pack(target: Path, *, dump: Path, root: Path, describe: Callable[[Sum], Manifest]) -> Manifest:
    """Write the dump and every file below ``root``, then what ``describe`` says of them; a file that goes meanwhile is left out."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(dump, DUMP)
        adding = _Adding()
        for path, name in _stored_files(root):
            _add(archive, path, name, adding)
            _forget(archive)
        manifest = describe(adding.sum())
        content = json.dumps(asdict(manifest), indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(content)
        archive.addfile(member, BytesIO(content))
    return manifest


def inspect(source: Path) -> Manifest:
    """Read a backup from its beginning to its end and return its manifest.

    :raises Damaged: when anything in it is not what was written.
    """
    manifest, dump_digest, adding = None, "", _Adding()
    with tarfile.open(source) as archive:
        for member, content in _entries(archive):
            if member.name == MANIFEST:
                manifest = _manifest(content)
            elif member.name == DUMP:
                dump_digest = _digest(content)
            elif member.name.startswith(f"{FILES}/"):
                adding.add(_whole(member, content), member.name)
    if manifest is None:
        raise Damaged(f"it holds no {MANIFEST}; the end may be missing.")
    if dump_digest != manifest.database_digest:
        raise Damaged("the dump in it is damaged or missing.")
    if adding.count != manifest.file_count or manifest.files_digest not in ("", adding.sum().digest):
        raise Damaged(f"it holds {adding.count} files, and {manifest.file_count} others were written.")
    return manifest


def unpack(source: Path, *, dump: Path, root: Path) -> None:
    """Put every stored file in its place below ``root``, one by one and each at once, and the dump at ``dump``."""
    root.mkdir(parents=True, exist_ok=True)
    with tarfile.open(source) as archive:
        for member, content in _entries(archive):
            if member.name == DUMP:
                with dump.open("wb") as file:
                    shutil.copyfileobj(content, file)
            elif member.name.startswith(f"{FILES}/"):
                _place(content, root / _inside(member.name), root)


class _Adding:
    """Adds up files in their order."""

    def __init__(self) -> None:
        self.count, self._digest = 0, hashlib.sha256()

    def add(self, digest: str, name: str) -> None:
        self.count += 1
        self._digest.update(f"{digest} {name}\n".encode())

    def sum(self) -> Sum:
        return Sum(self.count, self._digest.hexdigest())


def _stored_files(root: Path) -> Iterator[tuple[Path, str]]:
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith("."):
                yield path, f"{FILES}/{path.relative_to(root)}"


def _add(archive: tarfile.TarFile, path: Path, name: str, adding: _Adding) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        member = tarfile.TarInfo(name)
        kept = os.fstat(file.fileno())
        member.size, member.mtime, member.mode = kept.st_size, int(kept.st_mtime), 0o600
        digest = _digest(file)
        member.pax_headers = {DIGEST: digest}
        file.seek(0)
        archive.addfile(member, file)
    adding.add(digest, name)


def _entries(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield the files of an archive one by one, without remembering those that were."""
    while (member := archive.next()) is not None:
        content = archive.extractfile(member) if member.isfile() else None
        if content is not None:
            yield member, content
        _forget(archive)


def _forget(archive: Any) -> None:
    """Let go of what the archive remembers of every file that it has met."""
    archive.members.clear()


def _manifest(content: IO[bytes]) -> Manifest:
    try:
        return Manifest(**json.load(content))
    except (ValueError, TypeError) as error:
        raise Damaged("its manifest cannot be read.") from error


def _whole(member: tarfile.TarInfo, content: IO[bytes]) -> str:
    digest = _digest(content)
    if member.pax_headers.get(DIGEST, digest) != digest:
        raise Damaged(f"the stored file {member.name.removeprefix(f'{FILES}/')} in it is damaged.")
    return digest


def _inside(name: str) -> PurePosixPath:
    """Return the place of a file below the folder of files; one that leads out of it belongs to no backup of ours."""
    place = PurePosixPath(name).relative_to(FILES)
    if place.is_absolute() or ".." in place.parts:
        raise Damaged(f"the name {name} in it leads out of the folder of files.")
    return place


def _place(content: IO[bytes], target: Path, root: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=root, prefix=INCOMING, delete=False) as file:
        shutil.copyfileobj(content, file)
    os.replace(file.name, target)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
