"""Backups: one tar file with a manifest, a dump of the database by ``pg_dump``, and the stored files.

The dump is one consistent moment of the database. Files are copied after it: a file that the dump knows was stored before its row, so it
is there. Secrets are never in a backup, only their fingerprints: a restore under other secrets is refused before anything is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from shouwen.config import postgres
from shouwen.kernel.errors import Refusal

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
FORMAT = 1
FINGERPRINT_LENGTH = 16

Tell = Callable[[str], None]


class CannotBackUp(Refusal):
    message = "The backup cannot be written: %(problem)s"


class CannotRestore(Refusal):
    message = "This cannot be restored: %(problem)s"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    version: str
    written_at: str
    database_digest: str
    file_count: int
    fingerprints: dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    size_bytes: int
    file_count: int


def write_backup(*, target: Path, at: datetime, tell: Tell) -> Written:
    """Write a backup of this moment to ``target``; a file that is not finished has another name.

    :raises CannotBackUp: when the file exists, or a program for dumping is missing or fails.
    """
    if target.exists():
        raise CannotBackUp(problem=f"{target} exists already.")
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".shouwen-backup-") as folder:
        dump = Path(folder) / DUMP
        tell("Dumping the database …")
        _dump(dump)
        stored = list(_stored_files())
        manifest = Manifest(FORMAT, version("shouwen"), at.isoformat(), _digest_of(dump), len(stored), fingerprints())
        tell(f"Copying {len(stored)} files …")
        unfinished = Path(folder) / target.name
        _pack(unfinished, manifest, dump, stored)
        unfinished.chmod(0o600)
        unfinished.replace(target)
    return Written(target, target.stat().st_size, len(stored))


def fingerprints() -> dict[str, str]:
    """Return what names each secret without telling it: a keyed digest of nothing but itself."""
    secrets = {"blind_index": settings.BLIND_INDEX_KEY} | {
        f"personal_data_{key_id}": key for key_id, key in settings.PERSONAL_DATA_KEYS.items()
    }
    return {name: hashlib.sha256(b"shouwen fingerprint" + key).hexdigest()[:FINGERPRINT_LENGTH] for name, key in secrets.items()}


def check_backup(*, source: Path) -> Manifest:
    """Return the manifest of a backup that is whole and whose secrets are those of this machine.

    :raises CannotRestore: when it is no backup, damaged, of a newer version, or of other secrets.
    """
    try:
        with tarfile.open(source) as archive:
            manifest = _manifest(archive)
            digest = _digest(_member(archive, DUMP))
    except (OSError, tarfile.TarError) as error:
        raise CannotRestore(problem=f"{source} is no readable backup ({error}).") from error
    if digest != manifest.database_digest:
        raise CannotRestore(problem="the dump in it is damaged.")
    _must_fit(manifest)
    return manifest


def _must_fit(manifest: Manifest) -> None:
    if manifest.format > FORMAT:
        raise CannotRestore(problem=f"it was written by version {manifest.version}, which is newer than this one.")
    mine = fingerprints()
    if foreign := sorted(name for name, mark in manifest.fingerprints.items() if mine.get(name) != mark):
        raise CannotRestore(problem=f"the secrets {', '.join(foreign)} are not those under which it was written.")


def restore_backup(*, source: Path, replace: bool, tell: Tell) -> None:
    """Bring a checked backup back: the database first, then the files.

    :raises CannotRestore: into a database that has tables, unless ``replace``, which drops them.
    """
    _must_be_empty(replace)
    with tempfile.TemporaryDirectory(prefix="shouwen-restore-") as folder, tarfile.open(source) as archive:
        dump = Path(folder) / DUMP
        with dump.open("wb") as file:
            shutil.copyfileobj(_member(archive, DUMP), file)
        tell("Restoring the database …")
        _load(dump)
        tell("Restoring the files …")
        _unpack_files(archive)


def _must_be_empty(replace: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_tables where schemaname = 'public'")
        is_full = bool(cursor.fetchone()[0])
        if is_full and not replace:
            raise CannotRestore(problem="the database has tables; name an empty one, or say --replace to throw them away.")
        if is_full:
            cursor.execute("drop schema public cascade; create schema public")
    connections.close_all()


def _dump(target: Path) -> None:
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--dbname={_address()}"]
    with target.open("wb") as file:
        _run(command, CannotBackUp, stdout=file)


def _load(dump: Path) -> None:
    command = [_program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    with dump.open("rb") as file:
        _run([*command, f"--dbname={_address()}"], CannotRestore, stdin=file)


def _address() -> str:
    """Return where the database is, without the password: that goes by the environment, where no other process can read it."""
    place = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
    return make_conninfo(**{name: str(place[key]) for name, key in names.items() if place[key]})


def _program(name: str) -> str:
    """Return the newest program of this name: the embedded server's, or the system's."""
    folder = postgres.client_programs()
    if folder is not None and (folder / name).exists():
        return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise CannotBackUp(problem=f"{name} is not on this machine; install the PostgreSQL client programs.")
    return found


def _run(command: list[str], refusal: type[Refusal], *, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    password = connection.settings_dict["PASSWORD"]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(  # noqa: S603 - our own commands
        command, stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=environment, check=False
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise refusal(problem=lines[-1] if lines else f"{Path(command[0]).name} failed.")


def _stored_files() -> Iterator[tuple[Path, str]]:
    root = settings.FILES_DIR
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith("."):
                yield path, str(path.relative_to(root))


def _pack(target: Path, manifest: Manifest, dump: Path, stored: list[tuple[Path, str]]) -> None:
    described = target.with_name(MANIFEST)
    described.write_text(json.dumps(asdict(manifest), indent=1))
    with tarfile.open(target, "w") as archive:
        archive.add(described, MANIFEST)
        archive.add(dump, DUMP)
        for path, name in stored:
            archive.add(path, f"{FILES}/{name}")


def _manifest(archive: tarfile.TarFile) -> Manifest:
    try:
        return Manifest(**json.load(_member(archive, MANIFEST)))
    except (ValueError, TypeError) as error:
        raise CannotRestore(problem="its manifest cannot be read.") from error


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        member = archive.extractfile(name)
    except KeyError as error:
        raise CannotRestore(problem=f"it holds no {name}.") from error
    if member is None:
        raise CannotRestore(problem=f"its {name} is no file.")
    return member


def _unpack_files(archive: tarfile.TarFile) -> None:
    root = settings.FILES_DIR
    root.mkdir(parents=True, exist_ok=True)
    for member in archive:
        if member.isfile() and member.name.startswith(f"{FILES}/"):
            member.name = member.name.removeprefix(f"{FILES}/")
            archive.extract(member, root, filter="data")


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
