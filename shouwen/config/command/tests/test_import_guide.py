"""The examples of the guide are files that work as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from shouwen.config.command import main
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Post
from shouwen.platform.people.tests.factories import StaffFactory, UnitFactory
from shouwen.records.network.models import Transformer

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / "docs" / "howto" / "import-customers.md").read_text("utf-8")
NETWORK, STAFF = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(autouse=True)
def _the_house_stands_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run has set Django up and holds the database; the command must not do it again."""
    monkeypatch.setattr("shouwen.config.command.import_records.start_django", lambda: None)
    StaffFactory(staff_no="jobs", is_automatic=True)


def imported(what: str, text: str, tmp_path: Path) -> int:
    path = tmp_path / f"{what}.csv"
    path.write_text(text, encoding="utf-8")
    return main(["import", what, str(path)])


def test_the_network_of_the_guide_is_taken(tmp_path: Path) -> None:
    assert imported("network", NETWORK, tmp_path) == 0
    assert list(Transformer.objects.order_by("code").values_list("path", flat=True)) == ["DM.F03.K1.T17.", "DM.F03.T18."]


def test_the_staff_of_the_guide_is_taken_in_the_company_of_the_handbook(tmp_path: Path) -> None:
    units = yaml.safe_load((ROOT / "handbook" / "organisation.yaml").read_text("utf-8"))["units"]
    for unit in units:
        UnitFactory(code=unit["code"], kind=unit["kind"])

    assert imported("staff", STAFF, tmp_path) == 0
    assert Post.objects.count() == 5


def test_the_guide_names_every_role() -> None:
    assert [role for role in RoleCode.values if f"`{role}`" not in GUIDE] == []
