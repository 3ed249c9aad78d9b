"""``shouwen import network``: a list of devices, whatever its order."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from shouwen.config.command import main
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.tests.factories import StaffFactory
from shouwen.records.network.models import Feeder, Substation, Switch, Transformer

pytestmark = pytest.mark.django_db(transaction=True)
HEADING = "kind,code,name,parent,area_class,use,capacity_kva,normally"
UPSIDE_DOWN = (
    "transformer,T17,文三路1号公变,K2,urban,,400,",
    "switch,K2,文三路2号开关,K1,,,,open",
    "switch,K1,文三路1号开关,F03,,,,",
    "transformer,T18,东方公司专变,F03,rural,dedicated,,",
    "feeder,F03,文三线,DM,,,,",
    "substation,DM,东门变,,,,,",
)


@pytest.fixture(autouse=True)
def _the_house_stands_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run has set Django up and holds the database; the command must not do it again."""
    monkeypatch.setattr("shouwen.config.command.import_records.start_django", lambda: None)


@pytest.fixture(autouse=True)
def _jobs() -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)


def written(tmp_path: Path, *rows: str, heading: str = HEADING) -> str:
    path = tmp_path / "network.csv"
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return str(path)


def results_of(tmp_path: Path, *arguments: str) -> list[list[str]]:
    """Import and return the results without their heading."""
    results = tmp_path / "results.csv"
    main(["import", "network", *arguments, "--results", str(results)])
    with results.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))[1:]


def test_devices_are_added_from_the_top_whatever_the_order_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["import", "network", written(tmp_path, *UPSIDE_DOWN)])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (0, "6 rows: 6 created, 0 updated, 0 unchanged, 0 rejected.")
    transformers = Transformer.objects.order_by("code").values_list("path", "area_class", "use", "capacity_kva")
    assert list(transformers) == [("DM.F03.K1.K2.T17.", "urban", "public", 400), ("DM.F03.T18.", "rural", "dedicated", None)]
    assert list(Switch.objects.order_by("code").values_list("code", "is_normally_closed")) == [("K1", True), ("K2", False)]


def test_the_same_list_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, *UPSIDE_DOWN)
    main(["import", "network", file])
    facts = Fact.objects.count()

    code = main(["import", "network", file])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (0, "6 rows: 0 created, 0 updated, 6 unchanged, 0 rejected.")
    assert Fact.objects.count() == facts


def test_each_row_that_cannot_be_taken_is_named_with_its_line_and_takes_no_other_with_it(tmp_path: Path) -> None:
    rows = (
        "substation,DM,东门变,,,,,",
        "feeder,F03,文三线,XM,,,,",
        "feeder,F04,文一线,DM,,,,",
        "switch,K1,环一,K2,,,,",
        "switch,K2,环二,K1,,,,",
        "transformer,T1,一号,F04,,,,",
        "transformer,T2,二号,F04,moon,,,",
        "transformer,T3,三号,F04,urban,,much,",
        "feeder,F.5,文五线,DM,,,,",
        "feeder,F04,文一线又,DM,,,,",
        "pole,P1,杆,F04,,,,",
        "short",
        "substation,NM,南门变,DM,,,,",
        "substation,,无名,,,,,",
    )

    results = results_of(tmp_path, written(tmp_path, *rows))

    assert [(row[1], row[2], row[3]) for row in results] == [
        ("2", "created", ""),
        ("3", "rejected", "row: Its parent XM is not in the network."),
        ("4", "created", ""),
        ("5", "rejected", "row: Its parent K2 is not in the network."),
        ("6", "rejected", "row: Its parent K1 is not in the network."),
        ("7", "rejected", "row: A transformer needs its area class: urban, rural or remote."),
        ("8", "rejected", "area_class: The value is in no list of the mapping."),
        ("9", "rejected", "capacity_kva: The capacity is a whole number of kVA."),
        ("10", "rejected", "row: F.5 cannot be a device's code: use letters, digits, - and _."),
        ("11", "rejected", "code: This stands in row 3 already."),
        ("12", "rejected", "kind: The value is in no list of the mapping."),
        ("13", "rejected", "row: The row has 1 cells instead of 8."),
        ("14", "rejected", "row: A substation hangs below nothing; leave its parent empty."),
        ("15", "rejected", "code: A needed value is missing."),
    ]
    assert [row[4] for row in results] == ["" if row[2] == "created" else rows[int(row[0]) - 1] for row in results]
    assert (Substation.objects.count(), Feeder.objects.count(), Switch.objects.count()) == (1, 1, 0)


def test_a_device_that_is_there_otherwise_is_a_problem_of_the_row(tmp_path: Path) -> None:
    main(["import", "network", written(tmp_path, *UPSIDE_DOWN)])
    changed = ("transformer,T17,文三路9号公变,K1,urban,,630,", "transformer,T18,东方公司专变,F03,,,,")

    results = results_of(tmp_path, written(tmp_path, *changed), "--language", "zh")

    assert [row[2:4] for row in results] == [
        ["rejected", "row: T17已在电网中，但name, parent, capacity_kva不同。"],
        ["unchanged", ""],
    ]
    assert Transformer.objects.get(code="T17").name == "文三路1号公变"


def test_a_mapping_names_columns_and_codes_of_another_system(tmp_path: Path) -> None:
    mapping = tmp_path / "network.yaml"
    mapping.write_text(
        "name: pms\n"
        "columns:\n"
        "  kind: {column: 设备类别, values: {变电站: substation, 馈线: feeder, 配变: transformer}}\n"
        "  code: 调度号\n  name: 名称\n  parent: 上级\n"
        "defaults: {area_class: rural}\n",
        encoding="utf-8",
    )
    rows = ("配变,T1,一号变,F1", "馈线,F1,一线,DM", "变电站,DM,东门变,")

    code = main(["import", "network", written(tmp_path, *rows, heading="设备类别,调度号,名称,上级"), "--mapping", str(mapping)])

    assert (code, Transformer.objects.get().path, Transformer.objects.get().area_class) == (0, "DM.F1.T1.", "rural")


def test_a_preview_shows_the_rows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "substation,DM,东门变,", "pole,P1,杆,F04", "feeder,F1,一线,DM", heading="kind,code,name,above")

    code = main(["import", "network", file, "--preview", "2"])

    shown = capsys.readouterr()
    assert code == 1
    assert shown.err.splitlines() == [
        "Passed over, as no field is called so: above.",
        "network.csv is read as utf-8-sig. Nothing was written.",
    ]
    assert shown.out.splitlines() == [
        "row 1 (line 2): taken",
        "  code               DM",
        "  name               东门变",
        "  kind               substation",
        "row 2 (line 3): rejected",
        "  ! kind: The value is in no list of the mapping.",
    ]
    assert not Substation.objects.exists()


@pytest.mark.parametrize(
    ("heading", "actor", "says"),
    [
        ("kind,code", "jobs", "The mapping is wrong: the file has no column name."),
        ("kind,code,name", "trainee", "You are not allowed to do this."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    heading: str, actor: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    StaffFactory(staff_no="trainee")

    code = main(["import", "network", written(tmp_path, "substation,DM,东门变", heading=heading), "--actor", actor])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (1, says)
    assert not Substation.objects.exists()
