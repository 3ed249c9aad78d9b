"""``shouwen import`` from its arguments to its exit code."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from shouwen.config.command import main
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.records.customers.models import Account, Customer, ImportRun

pytestmark = pytest.mark.django_db(transaction=True)
MAPPING = Path(__file__).resolve().parents[4] / "handbook" / "mappings" / "customers-example.yaml"
HEADING = (
    "户号,客户编号,用户名称,用户性质,证件类型,证件号码,客户等级,移动电话,固定电话,电子邮箱,行政区,街路门牌,楼幢室,城乡类别,用电类别,"
    "供电电压,产权分界点,公变编号,立户日期"
)
ZHANG = (
    "3301000000017,C1,张伟,个人,居民身份证,33010119900101123X,贵宾,13812345678,87654321,z@example.com,西湖区,文三路90号,3幢501室,城镇,居民,"
    "交流220V,表后,,2020-02-03"
)
BROKEN = "3301000000024,,李娜,个人,,,,,,,西湖区,文一路1号,,月球,居民,,,,"


@pytest.fixture(autouse=True)
def _the_house_stands_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run has set Django up and holds the database; the command must not do it again."""
    monkeypatch.setattr("shouwen.config.command.import_records.start_django", lambda: None)


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("\n".join([HEADING, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_whole_file_is_imported_in_the_name_of_the_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = StaffFactory(staff_no="jobs", is_automatic=True)

    code = main(["import", "customers", str(written(tmp_path, ZHANG)), "--mapping", str(MAPPING)])

    assert code == 0
    assert ImportRun.objects.get().started_by_id == jobs.pk
    assert "1 rows: 1 created, 0 updated, 0 unchanged, 0 rejected" in capsys.readouterr().err
    customer = Customer.objects.get()
    assert (customer.number, customer.name, customer.tier) == ("C1", "张伟", "vip")
    points = customer.contact_points.order_by("pk").values_list("kind", "value")
    assert list(points) == [("mobile", "+8613812345678"), ("landline", "+8657187654321"), ("email", "z@example.com")]


def test_rejected_rows_are_written_to_a_file_of_their_own_and_the_code_says_so(tmp_path: Path) -> None:
    staff_with_role(RoleCode.DATA_STEWARD, staff_no="S7")
    results = tmp_path / "rejected.csv"
    file = written(tmp_path, ZHANG, BROKEN)

    code = main(["import", "customers", str(file), "--mapping", str(MAPPING), "--actor", "S7", "--results", str(results)])

    assert code == 1
    assert list(Account.objects.values_list("number", flat=True)) == ["3301000000017"]
    with results.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows == [
        ["row", "line", "problems", "original"],
        ["2", "3", "area_class: The value is in no list of the mapping.", BROKEN],
    ]
    assert results.stat().st_mode & 0o077 == 0


def test_a_preview_shows_the_rows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    file = written(tmp_path, ZHANG, BROKEN, ZHANG)

    code = main(["import", "customers", str(file), "--mapping", str(MAPPING), "--preview", "2"])

    shown = capsys.readouterr()
    assert code == 1
    assert "customers.csv is read as utf-8-sig. Nothing was written." in shown.err
    assert shown.out.splitlines()[:5] == [
        "row 1 (line 2): taken",
        "  account_number     3301000000017",
        "  customer_number    C1",
        "  kind               person",
        "  name               张伟",
    ]
    assert "  phones             +8613812345678, +8657187654321" in shown.out
    assert shown.out.splitlines()[-2:] == [
        "row 2 (line 3): rejected",
        "  ! area_class: The value is in no list of the mapping.",
    ]
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.csv", "--mapping", str(MAPPING)], "The file missing.csv is missing or empty."),
        (["missing.csv", "--mapping", "missing.yaml"], "The mapping missing.yaml cannot be read."),
        (["missing.csv", "--mapping", str(MAPPING), "--actor", "nobody"], "Nothing was found here."),
        (["missing.csv", "--mapping", str(MAPPING), "--actor", "trainee"], "You are not allowed to do this."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    StaffFactory(staff_no="trainee")

    code = main(["import", "customers", *arguments])

    assert (code, capsys.readouterr().err.strip()) == (1, says)
