"""``shouwen import`` from its arguments to its exit code."""

from __future__ import annotations

import csv
import stat
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


def read(results: Path) -> list[list[str]]:
    with results.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("\n".join([HEADING, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_whole_file_is_imported_in_the_name_of_the_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = StaffFactory(staff_no="jobs", is_automatic=True)

    code = main(["import", "customers", str(written(tmp_path, ZHANG)), "--mapping", str(MAPPING)])

    assert code == 0
    assert ImportRun.objects.get().started_by_id == jobs.pk
    told = "1 rows: 1 created, 0 updated, 0 unchanged, 0 rejected, 0 transferred to another customer; 0 taken with problems"
    assert told in capsys.readouterr().err
    customer = Customer.objects.get()
    assert (customer.number, customer.name, customer.tier) == ("C1", "张伟", "vip")
    points = customer.contact_points.order_by("pk").values_list("kind", "value")
    assert list(points) == [("mobile", "+8613812345678"), ("landline", "+8657187654321"), ("email", "z@example.com")]


def test_every_row_is_in_the_results_the_rejected_ones_whole_and_the_code_says_so(tmp_path: Path) -> None:
    staff_with_role(RoleCode.DATA_STEWARD, staff_no="S7")
    results = tmp_path / "results.csv"
    file = written(tmp_path, ZHANG.replace("表后,,", "表后,T9,"), BROKEN)

    code = main(["import", "customers", str(file), "--mapping", str(MAPPING), "--actor", "S7", "--results", str(results)])

    assert code == 1
    assert list(Account.objects.values_list("number", flat=True)) == ["3301000000017"]
    assert read(results) == [
        ["row", "line", "outcome", "problems", "original"],
        ["1", "2", "created", "transformer_code: There is no transformer T9.", ""],
        ["2", "3", "rejected", "area_class: The value is in no list of the mapping.", BROKEN],
    ]
    assert stat.S_IMODE(results.stat().st_mode) == 0o600


def test_rows_taken_with_problems_are_counted_apart_and_are_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    results = tmp_path / "results.csv"
    file = written(tmp_path, ZHANG.replace("13812345678", "12345"))

    code = main(["import", "customers", str(file), "--mapping", str(MAPPING), "--results", str(results)])

    assert code == 0
    assert "1 rows: 1 created" in (told := capsys.readouterr().err)
    assert "; 1 taken with problems" in told
    assert "in clear" not in told
    assert read(results)[1] == [
        "1",
        "2",
        "created",
        "phones: This is a short service number that cannot be called from everywhere.",
        "",
    ]


def test_a_results_file_that_is_there_already_is_shut_to_others_and_written_anew(tmp_path: Path) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    results = tmp_path / "results.csv"
    results.write_text("of another import\n" * 100)
    results.chmod(0o644)

    main(["import", "customers", str(written(tmp_path, ZHANG)), "--mapping", str(MAPPING), "--results", str(results)])

    assert stat.S_IMODE(results.stat().st_mode) == 0o600
    assert [row[:3] for row in read(results)] == [["row", "line", "outcome"], ["1", "2", "created"]]


def test_problems_are_said_in_chinese_when_asked(tmp_path: Path) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    results = tmp_path / "results.csv"
    arguments = [str(written(tmp_path, BROKEN)), "--mapping", str(MAPPING), "--language", "zh", "--results", str(results)]

    main(["import", "customers", *arguments])

    assert read(results)[1] == ["1", "2", "rejected", "area_class: 该值不在映射的对照表中。", BROKEN]


def test_an_account_of_another_customer_is_told_as_transferred(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    StaffFactory(staff_no="jobs", is_automatic=True)
    results = tmp_path / "results.csv"
    main(["import", "customers", str(written(tmp_path, ZHANG)), "--mapping", str(MAPPING)])

    passed = written(tmp_path, ZHANG.replace("C1", "C2").replace("张伟", "李四海"))
    code = main(["import", "customers", str(passed), "--mapping", str(MAPPING), "--results", str(results)])

    assert code == 0
    assert "0 updated, 0 unchanged, 0 rejected, 1 transferred to another customer" in capsys.readouterr().err
    assert read(results)[1][:3] == ["1", "2", "transferred"]
    names = Customer.objects.order_by("number").values_list("number", flat=True)
    assert (list(names), Account.objects.get().customer.number) == (["C1", "C2"], "C2")


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
