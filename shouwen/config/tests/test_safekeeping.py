import io
import json
import tarfile
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from shouwen.config import dumps, strongbox
from shouwen.config.safekeeping import CannotBackUp, CannotRestore, check_backup, restore_backup, write_backup
from shouwen.config.strongbox import FORMAT, Manifest, Sum
from shouwen.platform.people.models import Staff
from shouwen.platform.people.services import found_company
from shouwen.platform.search.queries import fingerprints
from shouwen.platform.search.services import keep_fingerprints, retire_keys

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Path:
    settings.FILES_DIR = tmp_path / "files"
    (settings.FILES_DIR / "ab").mkdir(parents=True)
    (settings.FILES_DIR / "ab" / "abcd").write_bytes(b"a photograph")
    return Path(settings.FILES_DIR)


def quiet(text: str) -> None:
    return None


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_restore_brings_back_rows_and_files(tmp_path: Path, files: Path) -> None:
    found_company(code="01", name="供电公司", staff_no="0001", staff_name="王", at=NOON)
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)
    Staff.objects.update(name="somebody else")
    (files / "ab" / "abcd").unlink()

    restore_backup(source=written.path, replace=True, tell=quiet)

    assert list(Staff.objects.values_list("staff_no", "name")) == [("0001", "王")]
    assert (files / "ab" / "abcd").read_bytes() == b"a photograph"
    assert (written.file_count, written.path.stat().st_mode & 0o777) == (1, 0o600)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_full_database_is_not_overwritten_unless_asked(tmp_path: Path, files: Path) -> None:
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)

    with pytest.raises(CannotRestore):
        restore_backup(source=written.path, replace=False, tell=quiet)

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from people_staff")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_an_existing_file_is_not_overwritten(tmp_path: Path, files: Path) -> None:
    target = tmp_path / "house.tar"
    target.write_bytes(b"precious")

    with pytest.raises(CannotBackUp):
        write_backup(target=target, at=NOON, tell=quiet)

    assert target.read_bytes() == b"precious"


@pytest.mark.process
@pytest.mark.django_db
def test_no_secret_is_in_a_backup(tmp_path: Path, files: Path, settings: Any) -> None:
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)

    content = written.path.read_bytes()
    for secret in (settings.BLIND_INDEX_KEY, *settings.PERSONAL_DATA_KEYS.values()):
        assert secret not in content
        assert secret.hex().encode() not in content


@pytest.mark.process
@pytest.mark.django_db
def test_a_backup_of_other_secrets_is_refused(tmp_path: Path, files: Path, settings: Any) -> None:
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)
    settings.BLIND_INDEX_KEY = b"\x99" * 32

    with pytest.raises(CannotRestore) as refusal:
        check_backup(source=written.path)

    assert "SHOUWEN_BLIND_INDEX_KEY" in refusal.value.explain()


@pytest.mark.process
@pytest.mark.django_db
def test_a_damaged_backup_is_refused(tmp_path: Path, files: Path) -> None:
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)
    damaged = tmp_path / "damaged.tar"
    content = bytearray(written.path.read_bytes())
    with tarfile.open(written.path) as archive:
        place = archive.getmember("database.dump").offset_data + 500
    content[place] ^= 0xFF
    damaged.write_bytes(content)

    with pytest.raises(CannotRestore):
        check_backup(source=damaged)


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "letter.txt"
    source.write_bytes(content)

    with pytest.raises(CannotRestore):
        check_backup(source=source)


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    fields = {"format": 99, "version": "9", "written_at": "2030-01-01", "database_digest": "e3b0c442", "file_count": 0}
    manifest.write_text(json.dumps(fields | {"fingerprints": {}}))
    dump = tmp_path / "database.dump"
    dump.touch()
    with tarfile.open(tmp_path / "new.tar", "w") as archive:
        archive.add(manifest, "manifest.json")
        archive.add(dump, "database.dump")

    with pytest.raises(CannotRestore):
        check_backup(source=tmp_path / "new.tar")


# A restore that cannot be finished.


def staff() -> list[str]:
    return list(Staff.objects.order_by("pk").values_list("name", flat=True))


@pytest.fixture
def wang(files: Path, tmp_path: Path) -> Path:
    """Return the backup of a company whose manager was Wang; he is called otherwise since."""
    found_company(code="01", name="供电公司", staff_no="0001", staff_name="王", at=NOON)
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)
    Staff.objects.update(name="王老")
    return written.path


def packed(source: Path, dump: bytes) -> Path:
    """Return a backup like ``source`` with another dump."""
    (source.parent / "dump").write_bytes(dump)
    manifest = strongbox.inspect(source)
    target = source.with_name("other.tar")
    empty = source.parent / "nothing"
    strongbox.pack(target, dump=source.parent / "dump", root=empty, describe=lambda files: replace(manifest, file_count=0))
    return target


def dump_in(source: Path) -> bytes:
    with tarfile.open(source) as archive:
        return archive.extractfile("database.dump").read()


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept_pct", [0, 25, 45])
def test_a_dump_that_ends_too_soon_leaves_the_database_as_it_was(wang: Path, kept_pct: int) -> None:
    whole = dump_in(wang)
    source = packed(wang, whole[: len(whole) * kept_pct // 100])

    with pytest.raises(CannotRestore):
        restore_backup(source=source, replace=True, tell=quiet)

    assert staff() == ["王老"]


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_dump_that_cannot_be_loaded_leaves_the_database_as_it_was_and_says_why(wang: Path, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("create schema elsewhere; create table elsewhere.note (id int)")
    try:
        written = write_backup(target=tmp_path / "elsewhere.tar", at=NOON, tell=quiet)
        with pytest.raises(CannotRestore) as refusal:
            restore_backup(source=written.path, replace=True, tell=quiet)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop schema elsewhere cascade")

    assert 'schema "elsewhere" already exists' in refusal.value.explain()
    assert staff() == ["王老"]


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_restore_can_be_done_again_and_backed_up(wang: Path, tmp_path: Path) -> None:
    restore_backup(source=wang, replace=True, tell=quiet)
    again = write_backup(target=tmp_path / "again.tar", at=NOON, tell=quiet)
    restore_backup(source=again.path, replace=True, tell=quiet)

    assert staff() == ["王"]


# What is checked.


def rewritten(source: Path, *, without: str = "", flipped: str = "") -> Path:
    """Return a backup like ``source`` without one of its parts, or with a byte of it changed."""
    target = source.with_name("changed.tar")
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers():
            content = bytearray(old.extractfile(member).read())
            if member.name == flipped:
                content[3] ^= 0xFF
            if member.name != without:
                new.addfile(member, io.BytesIO(content))
    return target


@pytest.fixture
def backup(files: Path, tmp_path: Path) -> Path:
    (files / "cd").mkdir()
    (files / "cd" / "cdef").write_bytes(b"another photograph")
    return write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet).path


@pytest.mark.process
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"flipped": "files/cd/cdef"}, "cd/cdef"),
        ({"without": "files/ab/abcd"}, "1 files"),
        ({"without": "database.dump"}, "dump"),
        ({"without": "manifest.json"}, "manifest.json"),
        ({"flipped": "manifest.json"}, "manifest"),
    ],
)
def test_whatever_is_changed_in_a_backup_is_found(backup: Path, change: dict[str, str], says: str) -> None:
    assert check_backup(source=backup).file_count == 2

    with pytest.raises(CannotRestore) as refusal:
        check_backup(source=rewritten(backup, **change))

    assert says in refusal.value.explain()


@pytest.mark.process
@pytest.mark.django_db
@pytest.mark.parametrize("missing_bytes", [1, 1_000, 20_000])
def test_a_backup_that_was_cut_is_refused(backup: Path, missing_bytes: int) -> None:
    content = backup.read_bytes().rstrip(b"\0")
    backup.write_bytes(content[:-missing_bytes])

    with pytest.raises(CannotRestore):
        check_backup(source=backup)


@pytest.mark.django_db
def test_a_backup_of_the_first_format_is_still_taken(tmp_path: Path) -> None:
    manifest = Manifest(1, "0.1.0", "2026-05-06", strongbox.digest_of(_empty(tmp_path)), 1, fingerprints())
    fields = {name: getattr(manifest, name) for name in Manifest.__slots__ if name != "files_digest"}
    with tarfile.open(tmp_path / "old.tar", "w") as archive:
        for name, content in (("manifest.json", json.dumps(fields).encode()), ("database.dump", b""), ("files/ab/abcd", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    assert check_backup(source=tmp_path / "old.tar") == manifest


def _empty(folder: Path) -> Path:
    (folder / "empty").touch()
    return folder / "empty"


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("files/../../evil"), io.BytesIO(b""))

    with pytest.raises(strongbox.Damaged):
        strongbox.unpack(tmp_path / "evil.tar", dump=tmp_path / "dump", root=tmp_path / "root")

    assert not (tmp_path / "evil").exists()


def test_a_large_file_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "large").write_bytes(bytes(30_000_000))

    def describe(files: Sum) -> Manifest:
        return Manifest(FORMAT, "0", "", strongbox.digest_of(_empty(tmp_path)), files.file_count, {}, files.digest)

    tracemalloc.start()
    try:
        strongbox.pack(tmp_path / "a.tar", dump=_empty(tmp_path), root=tmp_path / "files", describe=describe)
        manifest = strongbox.inspect(tmp_path / "a.tar")
        strongbox.unpack(tmp_path / "a.tar", dump=tmp_path / "dump", root=tmp_path / "back")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert manifest.file_count == 1
    assert peak_bytes < 10_000_000
    assert (tmp_path / "back" / "large").stat().st_size == 30_000_000


# Where and under what.


@pytest.mark.django_db
def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp) as refusal:
        write_backup(target=tmp_path / "no such folder" / "house.tar", at=NOON, tell=quiet)

    assert "no such folder" in refusal.value.explain()


@pytest.mark.process
@pytest.mark.django_db
def test_a_key_that_was_let_go_is_not_needed_for_a_restore(tmp_path: Path, files: Path, settings: Any) -> None:
    old = dict(settings.PERSONAL_DATA_KEYS)
    settings.PERSONAL_DATA_KEYS = {2: b"n" * 32} | old
    keep_fingerprints(at=NOON)
    retire_keys(still_used=[2], at=NOON)
    written = write_backup(target=tmp_path / "house.tar", at=NOON, tell=quiet)
    settings.PERSONAL_DATA_KEYS = {2: b"n" * 32}

    assert check_backup(source=written.path).fingerprints.keys() == {"blind_index", "personal_data_2"}


def test_the_programs_reach_the_database_as_we_do_and_no_secret_is_in_their_words(settings: Any) -> None:
    place = connection.settings_dict
    options, password = place["OPTIONS"], place["PASSWORD"]
    place["OPTIONS"] = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "password": "secret", "pool": True}
    place["PASSWORD"] = "secret"
    try:
        address = conninfo_to_dict(dumps.address())
    finally:
        place["OPTIONS"], place["PASSWORD"] = options, password

    assert (address["sslmode"], address["sslrootcert"]) == ("verify-full", "/etc/ca.pem")
    assert address["dbname"] == place["NAME"]
    assert "secret" not in address.values()
