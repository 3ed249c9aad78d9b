"""``shouwen import staff``: a list of people with what they do and can do."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from shouwen.config.command import main
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.models import Certificate, Post, Skill, Staff
from shouwen.platform.people.tests.factories import StaffFactory, UnitFactory

pytestmark = pytest.mark.django_db(transaction=True)
HEADING = "staff_no,name,name_en,unit,roles,skills,certificates"
LI = "A001,李娜,Li Na,95598,agent;call_back_agent,english:3;bills:2,"
WANG = "R001,王强,Wang Qiang,REP,crew_leader,,low_voltage_work:2099-01-01;climbing:2098/7/1"

SKILL_WORDS = "A skill is written as code:level, with a level from 1 to 5."
CERTIFICATE_WORDS = "A certificate is written as code:day, with the first day on which it no longer holds."


@pytest.fixture(autouse=True)
def _the_house_stands_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run has set Django up and holds the database; the command must not do it again."""
    monkeypatch.setattr("shouwen.config.command.import_records.start_django", lambda: None)


@pytest.fixture(autouse=True)
def _company() -> None:
    UnitFactory(code="95598")
    UnitFactory(code="REP")
    StaffFactory(staff_no="jobs", is_automatic=True)


def written(tmp_path: Path, *rows: str, heading: str = HEADING) -> str:
    path = tmp_path / "staff.csv"
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return str(path)


def results_of(tmp_path: Path, *arguments: str) -> list[list[str]]:
    """Import and return the results without their heading."""
    results = tmp_path / "results.csv"
    main(["import", "staff", *arguments, "--results", str(results)])
    with results.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))[1:]


def test_whoever_is_not_there_is_hired_with_posts_skills_and_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["import", "staff", written(tmp_path, LI, WANG)])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (0, "2 rows: 2 created, 0 updated, 0 unchanged, 0 rejected.")
    people = Staff.objects.exclude(staff_no="jobs").order_by("staff_no")
    assert list(people.values_list("staff_no", "name", "name_en", "home_unit__code")) == [
        ("A001", "李娜", "Li Na", "95598"),
        ("R001", "王强", "Wang Qiang", "REP"),
    ]
    posts = Post.objects.order_by("staff__staff_no", "role").values_list("staff__staff_no", "role", "unit__code", "held_until")
    assert list(posts) == [
        ("A001", "agent", "95598", None),
        ("A001", "call_back_agent", "95598", None),
        ("R001", "crew_leader", "REP", None),
    ]
    assert list(Skill.objects.order_by("code").values_list("staff__staff_no", "code", "level")) == [
        ("A001", "bills", 2),
        ("A001", "english", 3),
    ]
    assert list(Certificate.objects.order_by("code").values_list("staff__staff_no", "code", "valid_until")) == [
        ("R001", "climbing", date(2098, 7, 1)),
        ("R001", "low_voltage_work", date(2099, 1, 1)),
    ]


def test_the_same_list_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, LI, WANG)
    main(["import", "staff", file])
    facts = Fact.objects.count()

    code = main(["import", "staff", file])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (0, "2 rows: 0 created, 0 updated, 2 unchanged, 0 rejected.")
    assert (Fact.objects.count(), Certificate.objects.count(), Post.objects.count()) == (facts, 2, 3)


def test_a_later_list_gives_what_is_new_and_takes_nothing_away(tmp_path: Path) -> None:
    main(["import", "staff", written(tmp_path, LI)])

    results = results_of(tmp_path, written(tmp_path, "A001,李娜,,95598,shift_leader,english:4,"))

    assert [row[2] for row in results] == ["updated"]
    assert sorted(Post.objects.values_list("role", flat=True)) == ["agent", "call_back_agent", "shift_leader"]
    assert dict(Skill.objects.values_list("code", "level")) == {"english": 4, "bills": 2}


def test_each_row_that_cannot_be_taken_is_named_and_nothing_of_it_is_done(tmp_path: Path) -> None:
    rows = (
        "A1,甲,,XXX,agent,,",
        "A2,乙,,95598,agent;wizard,english:9,climbing",
        "A3,丙,,95598,agent,,climbing:2001-01-01",
        "A4,,,95598,agent,,",
        LI,
        LI,
        "A00123456789012345678,丁,,95598,,,",
    )

    results = results_of(tmp_path, written(tmp_path, *rows))

    assert [(row[1], row[2], row[3]) for row in results] == [
        ("2", "rejected", "unit: There is no unit XXX."),
        (
            "3",
            "rejected",
            f"roles: There is no role wizard. skills: {SKILL_WORDS} certificates: {CERTIFICATE_WORDS}",
        ),
        ("4", "rejected", "row: This certificate cannot be granted: it has run out."),
        ("5", "rejected", "name: A needed value is missing."),
        ("6", "created", ""),
        ("7", "rejected", "staff_no: This stands in row 5 already."),
        ("8", "rejected", "staff_no: The cell is too long: 21 characters, 20 are allowed."),
    ]
    assert not Staff.objects.filter(staff_no__in=["A1", "A2", "A3", "A4"]).exists()
    assert set(Post.objects.values_list("staff__staff_no", flat=True)) == {"A001"}


def test_a_list_that_contradicts_what_is_known_changes_nothing(tmp_path: Path) -> None:
    main(["import", "staff", written(tmp_path, LI, WANG)])
    rows = ("A001,李明,,95598,shift_leader,,", "R001,王强,,95598,agent,,", "Z9,新人,,XXX,,,")

    results = results_of(tmp_path, written(tmp_path, *rows), "--language", "zh")

    assert [row[2:4] for row in results] == [
        ["rejected", "row: A001无法登记：该工号已属于另一姓名。"],
        ["rejected", "row: R001无法登记：该工号人员属于其他单位。"],
        ["rejected", "unit: 没有单位XXX。"],
    ]
    assert Post.objects.count() == 3


def test_a_mapping_names_columns_roles_and_dates_of_another_system(tmp_path: Path) -> None:
    mapping = tmp_path / "staff.yaml"
    mapping.write_text(
        "name: hr\n"
        "date_formats: ['%Y年%m月%d日']\n"
        "columns:\n"
        "  staff_no: 工号\n  name: 姓名\n  unit: 单位\n"
        "  roles: {columns: [岗位, 兼岗], values: {座席: agent, 班长: shift_leader}}\n"
        "  certificates: {columns: [证书, 失效日], joined_by: ':'}\n",
        encoding="utf-8",
    )
    file = written(tmp_path, "A1,甲,95598,座席,班长,climbing,2099年1月1日", heading="工号,姓名,单位,岗位,兼岗,证书,失效日")

    code = main(["import", "staff", file, "--mapping", str(mapping)])

    assert code == 0
    assert sorted(Post.objects.values_list("role", flat=True)) == ["agent", "shift_leader"]
    assert Certificate.objects.get().valid_until == date(2099, 1, 1)


def test_a_preview_shows_the_rows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["import", "staff", written(tmp_path, LI, "A2,乙,,95598,wizard,,"), "--preview", "5"])

    out = capsys.readouterr().out.splitlines()
    assert (code, out[0], out[-2:]) == (
        1,
        "row 1 (line 2): taken",
        ["row 2 (line 3): rejected", "  ! roles: There is no role wizard."],
    )
    assert not Staff.objects.filter(staff_no="A001").exists()


def test_only_an_administrator_may(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    StaffFactory(staff_no="trainee")

    code = main(["import", "staff", written(tmp_path, LI), "--actor", "trainee"])

    assert (code, capsys.readouterr().err.splitlines()[-1]) == (1, "You are not allowed to do this.")
    assert not Staff.objects.filter(staff_no="A001").exists()
