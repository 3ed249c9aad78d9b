import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from shouwen.config.safekeeping import CannotBackUp, CannotRestore, check_backup, restore_backup, write_backup
from shouwen.platform.people.models import Staff
from shouwen.platform.people.services import found_company

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

    assert "blind_index" in refusal.value.explain()


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
