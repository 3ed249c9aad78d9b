"""Backups: one file with a dump of the database by ``pg_dump``, the stored files, and a manifest by which all of it can be checked.

The dump is one consistent moment of the database. Files are copied after it: a file that the dump knows was stored before its row, so it
is there. Secrets are never in a backup, only their fingerprints: a restore under other secrets is refused before anything is touched.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from shouwen.config import strongbox
from shouwen.config.dumps import ProgramFailed, dump_database, load_database
from shouwen.config.strongbox import FORMAT, Damaged, Manifest, Sum
from shouwen.kernel.errors import Refusal
from shouwen.platform.search.queries import fingerprints, fingerprints_in_use, variable_of

Tell = Callable[[str], None]


class CannotBackUp(Refusal):
    message = "The backup cannot be written: %(problem)s"


class CannotRestore(Refusal):
    message = "This cannot be restored: %(problem)s"


@dataclass(frozen=True, slots=True)
class Written:
    path: Path
    size_bytes: int
    file_count: int


def write_backup(*, target: Path, at: datetime, tell: Tell) -> Written:
    """Write a backup of this moment to ``target``; a file that is not finished has another name.

    :raises CannotBackUp: when the file exists or its folder does not, a program for dumping is missing or fails, or the disk is full.
    """
    if target.exists():
        raise CannotBackUp(problem=f"{target} exists already.")
    if not target.resolve().parent.is_dir():
        raise CannotBackUp("The backup cannot be written: there is no folder %(folder)s.", folder=target.resolve().parent)
    try:
        return _write(target, at, tell)
    except (OSError, ProgramFailed) as error:
        raise CannotBackUp(problem=str(error)) from error


def _write(target: Path, at: datetime, tell: Tell) -> Written:
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".shouwen-backup-") as folder:
        dump, unfinished = Path(folder) / strongbox.DUMP, Path(folder) / "unfinished.tar"
        tell("Dumping the database …")
        dump_database(dump)
        tell("Copying the files …")
        digest, marks = strongbox.digest_of(dump), fingerprints_in_use()

        def describe(files: Sum) -> Manifest:
            return Manifest(FORMAT, version("shouwen"), at.isoformat(), digest, files.file_count, marks, files.digest)

        manifest = strongbox.pack(unfinished, dump=dump, root=settings.FILES_DIR, describe=describe)
        unfinished.chmod(0o600)
        unfinished.replace(target)
    return Written(target, target.stat().st_size, manifest.file_count)


def check_backup(*, source: Path) -> Manifest:
    """Return the manifest of a backup in which everything is what was written, and whose secrets are those of this machine.

    :raises CannotRestore: when it is no backup, anything in it is damaged, it is of a newer version, or of other secrets.
    """
    try:
        manifest = strongbox.inspect(source)
    except Damaged as damaged:
        raise CannotRestore(problem=str(damaged)) from damaged
    except (OSError, tarfile.TarError) as error:
        raise CannotRestore(problem=f"{source} is no readable backup ({error}).") from error
    _must_fit(manifest)
    return manifest


def _must_fit(manifest: Manifest) -> None:
    if manifest.format > FORMAT:
        raise CannotRestore(problem=f"it was written by version {manifest.version}, which is newer than this one.")
    mine = fingerprints()
    if foreign := sorted(name for name, mark in manifest.fingerprints.items() if mine.get(name) != mark):
        names = ", ".join(variable_of(name) for name in foreign)
        raise CannotRestore("This cannot be restored: the keys %(names)s are not those under which it was written.", names=names)


def restore_backup(*, source: Path, replace: bool, tell: Tell) -> None:
    """Bring a checked backup back: the files first, since no row needs them until the database is there, all of it at once.

    :raises CannotRestore: into a database that has tables, unless ``replace``; and when the dump cannot be loaded: then the database
        is as it was, and files that came too many go with the next purge.
    """
    is_full = _has_tables()
    if is_full and not replace:
        raise CannotRestore(problem="the database has tables; name an empty one, or say --replace to throw them away.")
    try:
        with tempfile.TemporaryDirectory(prefix="shouwen-restore-") as folder:
            dump = Path(folder) / strongbox.DUMP
            tell("Restoring the files …")
            strongbox.unpack(source, dump=dump, root=settings.FILES_DIR)
            tell("Restoring the database …")
            load_database(dump, drop=is_full)
    except (Damaged, OSError, tarfile.TarError, ProgramFailed) as error:
        raise CannotRestore(problem=str(error)) from error


def _has_tables() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select 1 from pg_tables where schemaname = 'public')")
        found = bool(cursor.fetchone()[0])
    connections.close_all()
    return found
