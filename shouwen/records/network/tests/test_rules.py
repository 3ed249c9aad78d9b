"""Paths of devices."""

import pytest

from shouwen.records.network import rules


def test_a_path_holds_the_codes_from_the_top() -> None:
    assert rules.path_of(code="T17", parent_path="DM.F03.") == "DM.F03.T17."


def test_upward_paths_come_nearest_first() -> None:
    assert rules.paths_upward("DM.F03.T17.") == ("DM.F03.T17.", "DM.F03.", "DM.")


@pytest.mark.parametrize(
    ("path", "top", "is_below"), [("DM.F03.T1.", "DM.F03.", True), ("DM.F031.", "DM.F03.", False), ("DM.", "", False)]
)
def test_below_means_fed_through(path: str, top: str, is_below: bool) -> None:
    assert rules.is_below(path, top=top) is is_below


def test_the_lowest_shared_device_of_several() -> None:
    assert rules.lowest_shared(["DM.F03.K1.T1.", "DM.F03.K1.T2."]) == "DM.F03.K1."
    assert rules.lowest_shared(["DM.F03.T1.", "XM.F01.T2."]) == ""
    assert rules.lowest_shared([]) == ""


@pytest.mark.parametrize(("text", "is_code"), [("F-03_a", True), ("东门1", True), ("F.3", False), ("", False), ("x" * 31, False)])
def test_a_code_has_no_dot_and_at_most_thirty_marks(text: str, is_code: bool) -> None:
    assert rules.is_code(text) is is_code
