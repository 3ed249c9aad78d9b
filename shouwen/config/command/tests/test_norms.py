"""``shouwen norms``: as a process for what must need no database, through ``main`` for the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from shouwen.config.command import main
from shouwen.config.command.norms import HANDBOOK
from shouwen.kernel.plain_yaml import read_yaml
from shouwen.records.norms.gateways.press import FontMissing, find_typeface
from shouwen.records.norms.services import publish_norm_version
from shouwen.records.norms.tests.factories import Document, lamp

NOWHERE = {"DATABASE_URL": "postgresql://nobody@database.invalid:1/none", "PATH": os.environ["PATH"]}

Telling = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Telling:
    def told(*words: str) -> tuple[int, str, str]:
        code = main(["norms", *words])
        written = capsys.readouterr()
        return code, written.out, written.err

    return told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A handbook with one real norm and the policies that it names."""
    document = fault_norm()
    named = {one["policy"] for one in [*document["commitments"], *(step["limit"] for step in document["steps"])]}
    (tmp_path / "policies").mkdir()
    write_policies(tmp_path, "policies.yaml", [row for row in shipped_policies() if row["key"] in named])
    (tmp_path / "norms").mkdir()
    shutil.copy(HANDBOOK / "norms" / "6.1-power-fault.yaml", tmp_path / "norms")
    return tmp_path


@cache
def shipped_policies() -> list[Document]:
    files = sorted((HANDBOOK / "policies").glob("*.yaml"))
    return [row for file in files for row in read_yaml(file.read_text(encoding="utf-8"))]


def write_policies(folder: Path, name: str, rows: list[Document]) -> None:
    (folder / "policies" / name).write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


def write_kept_elsewhere(folder: Path, text: str) -> None:
    (folder / "norms" / "elsewhere").mkdir()
    (folder / "norms" / "elsewhere" / "policies.yaml").write_text(text, encoding="utf-8")


def write(folder: Path, name: str, document: Document) -> None:
    (folder / "norms" / name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def fault_norm() -> Document:
    document: Document = yaml.safe_load((HANDBOOK / "norms" / "6.1-power-fault.yaml").read_text(encoding="utf-8"))
    return document


# Checking.


def process(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shouwen", "norms", *words]
    return subprocess.run(command, env=NOWHERE | {"HOME": str(home)}, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_the_shipped_handbook_is_sound_and_no_database_is_asked(tmp_path: Path) -> None:
    done = process("check", home=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "36 norms, 283 steps, sound\n"
    assert list(tmp_path.iterdir()) == []


def test_a_sound_folder_is_counted_with_its_versions(folder: Path, tell: Telling) -> None:
    later = fault_norm() | {"version": 2, "effective_from": date(2027, 1, 1)}
    write(folder, "6.1-power-fault.v2.yaml", later)

    assert tell("check", str(folder)) == (0, "1 norms in 2 versions, 18 steps, sound\n", "")


def test_each_defect_is_told_with_file_place_and_words(folder: Path, tell: Telling) -> None:
    document = fault_norm()
    document["steps"][0]["role"] = "pilot"
    document["steps"][2]["limit"] = {"policy": "repair.nothing"}
    write(folder, "6.1-power-fault.yaml", document)

    code, told, _ = tell("check", str(folder))

    assert (code, told.splitlines()) == (
        1,
        [
            "6.1-power-fault.yaml: steps.accept.role unknown_role: pilot is no role.",
            (
                "6.1-power-fault.yaml: steps.crew_accept.limit dangling_limit: "
                "The limit names the policy repair.nothing, which is not registered."
            ),
        ],
    )


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("7.9-bad.yaml", "id: [", "7.9-bad.yaml: is not YAML: "),
        ("7.9-bad.yaml", "id: '7.9'\n", "7.9-bad.yaml: opens: is missing"),
        ("7.9-bad.yaml", "", "7.9-bad.yaml: must be a mapping"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_checked(
    folder: Path, tell: Telling, name: str, text: str, told: str
) -> None:
    (folder / "norms" / name).write_text(text)
    document = fault_norm()
    document["escalation"] = []
    write(folder, "6.1-power-fault.yaml", document)

    code, said, _ = tell("check", str(folder))

    first, second = said.splitlines()
    assert (code, first.startswith(told)) == (1, True)
    assert second == "6.1-power-fault.yaml: escalation no_escalation: There is nobody to escalate to."


def test_a_file_in_another_encoding_and_a_broken_policy_are_named(folder: Path, tell: Telling) -> None:
    (folder / "norms" / "7.9-gbk.yaml").write_bytes("name: 停电".encode("gbk"))
    (folder / "policies" / "zz.yaml").write_text("- {key: lamp.out}\n")

    code, said, _ = tell("check", str(folder))

    first, second = said.splitlines()
    assert code == 1
    assert first.startswith("zz.yaml: entry 1 (None lamp.out): rule:")
    assert second.startswith("7.9-gbk.yaml: is not YAML: 'utf-8' codec can't decode")


def test_two_files_cannot_claim_the_same_version_day_or_name(folder: Path, tell: Telling) -> None:
    write(folder, "6.1-power-fault.v2.yaml", fault_norm())
    write(folder, "6.9-other.yaml", fault_norm() | {"id": "6.9"})

    code, said, _ = tell("check", str(folder))

    assert (code, said.splitlines()) == (
        1,
        [
            "6.1-power-fault.yaml: version 1 of 6.1 stands in 6.1-power-fault.v2.yaml too",
            "6.1-power-fault.yaml: 6.1 has another version from 2026-01-01 in 6.1-power-fault.v2.yaml",
            "6.9-other.yaml: 6.9 power_fault: id and slug belong together for ever, another file pairs them otherwise",
        ],
    )


def add_wait_in_the_hall(folder: Path) -> None:
    """Add the public rule about the wait in a hall, which the folder's norm does not name."""
    write_policies(folder, "hall.yaml", [row for row in shipped_policies() if row["key"] == "hall.wait"])


def test_a_public_rule_that_no_norm_names_is_told_until_it_is_said_where_it_is_kept(folder: Path, tell: Telling) -> None:
    add_wait_in_the_hall(folder)

    before = tell("check", str(folder))
    write_kept_elsewhere(folder, "kept_elsewhere:\n- {policy: hall.wait, reason: {zh: 排队, en: A queue.}}\n")
    after = tell("check", str(folder))

    assert before == (
        1,
        (
            "policies: hall.wait unnamed_policy: "
            "No norm names it, so that no matter is held to R-126, nor is it said where it is kept instead.\n"
        ),
        "",
    )
    assert after == (0, "1 norms, 9 steps, sound\n", "")


def test_what_is_kept_elsewhere_needlessly_is_told(folder: Path, tell: Telling) -> None:
    write_kept_elsewhere(folder, "kept_elsewhere:\n- {policy: repair.arrival, reason: {zh: 到场, en: Arrival.}}\n")

    assert tell("check", str(folder)) == (
        1,
        (
            "policies: repair.arrival needless_exemption: "
            "It need not be kept elsewhere: a norm names it, or no public rule limits a time under this key.\n"
        ),
        "",
    )


def test_while_a_file_cannot_be_read_nobody_says_what_no_norm_names(folder: Path, tell: Telling) -> None:
    add_wait_in_the_hall(folder)
    write_kept_elsewhere(folder, "kept_elsewhere:\n- {policy: hall.wait}\n")

    assert tell("check", str(folder)) == (1, "policies.yaml: kept_elsewhere[0].reason: is missing\n", "")


def test_an_empty_folder_is_not_sound(tmp_path: Path, tell: Telling) -> None:
    assert tell("check", str(tmp_path)) == (1, f"{tmp_path / 'norms'}: holds no norms\n", "")


# Listing and exporting.


def test_the_list_shows_the_version_in_force_on_the_day(folder: Path, tell: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "6.1-power-fault.v2.yaml", fault_norm() | {"version": 2, "effective_from": date(2027, 1, 1)})
    monkeypatch.setenv("SHOUWEN_HANDBOOK", str(folder))

    before = tell("list", "--language", "en", "--day", "2026-12-31")
    after = tell("list", "--language", "zh", "--day", "2027-01-01")

    assert before == (0, "6.1  power_fault              v1 2026-01-01  9 steps  Power fault\n", "")
    assert after == (0, "6.1  power_fault              v2 2027-01-01  9 steps  停电报修\n", "")
    assert tell("list", "--day", "2025-12-31") == (0, "", "")


def test_every_norm_becomes_a_bpmn_file_of_its_name(tmp_path: Path, tell: Telling) -> None:
    code, out, err = tell("bpmn", "--output", str(tmp_path / "out"), "--language", "en")

    files = sorted((tmp_path / "out").iterdir())
    assert (code, out, err) == (0, "", f"{tmp_path / 'out'}: 36 files\n")
    assert (len(files), files[0].name) == (36, "1.1-sign-in.bpmn")
    assert [file.name for file in files if not ElementTree.parse(file).getroot().tag.endswith("}definitions")] == []


def test_one_norm_alone_can_be_asked_for_and_a_wrong_code_is_refused(tmp_path: Path, tell: Telling) -> None:
    code, _, _ = tell("bpmn", "--output", str(tmp_path), "--norm", "6.1")
    wrong_code, out, err = tell("bpmn", "--output", str(tmp_path / "none"), "--norm", "6.9", "--day", "2026-05-06")

    assert (code, [file.name for file in tmp_path.iterdir()]) == (0, ["6.1-power-fault.bpmn"])
    assert (wrong_code, out) == (1, "")
    assert err.splitlines()[0] == "The handbook has no norm 6.9 that is in force on 2026-05-06."


def test_a_handbook_with_faults_is_neither_listed_nor_exported(
    folder: Path, tell: Telling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "norms" / "7.9-bad.yaml").write_text("")
    monkeypatch.setenv("SHOUWEN_HANDBOOK", str(folder))

    code, out, err = tell("list")

    assert (code, out) == (1, "")
    assert err.splitlines()[0].endswith("The first fault: 7.9-bad.yaml: must be a mapping")


@pytest.mark.django_db
def test_what_is_published_in_the_house_can_be_listed_instead_of_the_files(
    tell: Telling,
) -> None:
    publish_norm_version(document=lamp(), actor_id=None, at=datetime(2026, 5, 6, tzinfo=UTC))

    assert tell("list", "--published", "--language", "en", "--day", "2026-05-06") == (
        0,
        "6.9  lamp_out                 v1 2026-01-01  3 steps  Lamp out\n",
        "",
    )


# Printing.


def has_font() -> bool:
    try:
        find_typeface(own_folder=None)
    except FontMissing:
        return False
    return True


@pytest.mark.skipif(not has_font(), reason="no Chinese font here; `make fonts` fetches one")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_norm_is_printed_as_pdf(tmp_path: Path, tell: Telling, language: str) -> None:
    file = tmp_path / "norm.pdf"

    code, out, err = tell("print", "--norm", "6.1", "--language", language, "--output", str(file), "--day", "2026-05-06")

    assert (code, out, file.read_bytes()[:5]) == (0, "", b"%PDF-")
    assert err.startswith(f"{file}: 1 norms, ")


def test_without_a_font_printing_says_what_to_do(tmp_path: Path, tell: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shouwen.records.norms.gateways.press.FAMILIES", ())

    code, out, err = tell("print", "--output", str(tmp_path / "none.pdf"))

    assert (code, out, (tmp_path / "none.pdf").exists()) == (1, "", False)
    assert err.startswith("There is no font with Chinese characters to print with. Run `make fonts`")
