"""Secrets are given, or kept, or made for a new house; never made for one that is founded, and never taken for those of another."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from shouwen.config.command import main
from shouwen.config.command.start import start_django
from shouwen.config.founding import found
from shouwen.config.keys import BLIND_INDEX_KEY, PERSONAL_DATA_KEY, SECRET_KEY, Secrets, SecretUnusable, has_tables
from shouwen.config.tests.test_safekeeping import NOON
from shouwen.config.tests.test_work import found_the_company, url_of_test_database
from shouwen.platform.search.models import KeyFingerprint
from shouwen.platform.search.services import KeysDiffer

ONE, TWO, THREE = "11" * 32, "22" * 32, "33" * 32


@pytest.fixture(autouse=True)
def _nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SECRET_KEY, PERSONAL_DATA_KEY, BLIND_INDEX_KEY):
        monkeypatch.delenv(name)


def secrets(folder: Path, *, is_founded: bool = False) -> Secrets:
    return Secrets(folder=folder, is_founded=lambda: is_founded)


def never() -> bool:
    raise AssertionError("nobody needs to know")


def test_a_new_house_makes_its_secrets_and_keeps_them_for_its_owner(tmp_path: Path) -> None:
    made = secrets(tmp_path / "new")
    key = made.personal_data_keys()

    again = Secrets(folder=tmp_path / "new", is_founded=never)

    assert again.personal_data_keys() == key
    assert [(number, len(one)) for number, one in key.items()] == [(1, 32)]
    assert stat.S_IMODE((tmp_path / "new" / PERSONAL_DATA_KEY.lower()).stat().st_mode) == 0o600
    assert (made.missing, again.kept_here) == ([], [PERSONAL_DATA_KEY])


def test_for_a_house_that_is_founded_none_is_made(tmp_path: Path) -> None:
    founded = secrets(tmp_path, is_founded=True)

    assert (founded.text(SECRET_KEY), founded.personal_data_keys(), founded.key(BLIND_INDEX_KEY)) == ("", {}, b"")
    assert founded.missing == [SECRET_KEY, PERSONAL_DATA_KEY, BLIND_INDEX_KEY]
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_goes_before_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / BLIND_INDEX_KEY.lower()).write_text(ONE)
    monkeypatch.setenv(BLIND_INDEX_KEY, TWO)
    given = Secrets(folder=tmp_path, is_founded=never)

    assert (given.key(BLIND_INDEX_KEY).hex(), given.kept_here) == (TWO, [])


def test_later_keys_have_numbers_and_the_highest_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PERSONAL_DATA_KEY, ONE)
    monkeypatch.setenv(f"{PERSONAL_DATA_KEY}_2", TWO)
    (tmp_path / f"{PERSONAL_DATA_KEY}_10".lower()).write_text(THREE)

    keys = Secrets(folder=tmp_path, is_founded=never).personal_data_keys()

    assert [(number, key.hex()) for number, key in keys.items()] == [(10, THREE), (2, TWO), (1, ONE)]


def test_the_first_key_may_go_once_there_is_a_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PERSONAL_DATA_KEY}_2", TWO)
    later = Secrets(folder=tmp_path, is_founded=never)

    assert (later.personal_data_keys(), later.missing) == ({2: bytes.fromhex(TWO)}, [])


@pytest.mark.parametrize(("name", "value"), [("", "zz" * 32), ("", "11" * 31), ("_256", ONE), ("_2", "secret")])
def test_what_is_no_key_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PERSONAL_DATA_KEY + name, value)

    with pytest.raises(SecretUnusable) as refusal:
        Secrets(folder=tmp_path, is_founded=never).personal_data_keys()

    assert refusal.value.details == {"name": PERSONAL_DATA_KEY + name}


@pytest.mark.django_db
def test_a_database_with_tables_is_a_house_and_one_that_does_not_answer_may_be() -> None:
    url = url_of_test_database()

    assert has_tables(url)
    assert not has_tables(url.replace(f"/{connection.settings_dict['NAME']}?", "/postgres?"))
    assert has_tables("postgresql://nobody@127.0.0.1:1/none")


@pytest.mark.django_db
def test_every_command_begins_by_holding_the_keys_against_those_of_the_database(settings, capsys) -> None:
    found(at=NOON)
    settings.PERSONAL_DATA_KEYS = {1: bytes.fromhex(THREE)}

    with pytest.raises(KeysDiffer):
        start_django()
    assert [main(words) for words in (["work", "--until-idle"], ["setup", "--keep-running"], ["serve"], ["serve", "--all"])] == [
        1
    ] * 4
    told = capsys.readouterr().err
    assert "These keys are missing or are not those of this database: SHOUWEN_PERSONAL_DATA_KEY." in told
    assert "密钥" in told
    assert KeyFingerprint.objects.count() == 2


def ran(words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody else's machine would, with nothing given but this."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")}
    return subprocess.run(
        [sys.executable, "-m", "shouwen", *words], env=clean | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_second_machine_without_the_keys_starts_nothing_and_makes_none(tmp_path: Path) -> None:
    found_the_company()
    place = {"DATABASE_URL": url_of_test_database(), "SHOUWEN_HOME": str(tmp_path)}

    work, doctor = ran(["work", "--until-idle"], **place), ran(["doctor", "--json"], **place)
    given = {SECRET_KEY: "x" * 40, PERSONAL_DATA_KEY: THREE, BLIND_INDEX_KEY: TWO}
    other_work, other_doctor = ran(["work", "--until-idle"], **place, **given), ran(["doctor", "--json"], **place, **given)

    assert (work.returncode, other_work.returncode) == (1, 1)
    assert "SHOUWEN_SECRET_KEY, SHOUWEN_PERSONAL_DATA_KEY, SHOUWEN_BLIND_INDEX_KEY" in work.stderr
    assert "SHOUWEN_PERSONAL_DATA_KEY" in other_work.stderr
    assert faults(doctor) == ["secrets"]
    assert "keys" in faults(other_doctor)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("shouwen_")] == []


def faults(doctor: subprocess.CompletedProcess[str]) -> list[str]:
    assert doctor.returncode == 1
    return [finding["subject"] for finding in json.loads(doctor.stdout) if finding["level"] == "fault"]
