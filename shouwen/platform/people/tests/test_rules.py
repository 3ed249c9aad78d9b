from datetime import timedelta

import pytest

from shouwen.platform.people import rules
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import NOBODY
from shouwen.platform.people.tests.factories import NOON, viewer_with


def test_a_head_leads_their_unit_and_all_below_but_not_a_neighbour_with_a_like_code() -> None:
    head = viewer_with((RoleCode.UNIT_HEAD, "01.03."))

    led = [path for path in ("01.", "01.03.", "01.03.07.", "01.031.", "01.04.") if head.leads(path)]

    assert led == ["01.03.", "01.03.07."]


def test_a_role_that_is_no_head_role_leads_nobody() -> None:
    assert not viewer_with((RoleCode.DISPATCHER, "01.")).leads("01.03.")


def test_a_viewer_sees_their_own_unit_and_those_of_their_posts_and_what_is_below() -> None:
    viewer = viewer_with((RoleCode.AGENT, "01.05."), unit_path="01.03.")

    seen = [path for path in ("01.", "01.03.", "01.03.01.", "01.05.02.", "01.04.") if viewer.sees_unit(path)]

    assert seen == ["01.03.", "01.03.01.", "01.05.02."]


def test_unit_paths_leave_out_what_is_below_another() -> None:
    viewer = viewer_with((RoleCode.AGENT, "01.03.02."), (RoleCode.TRAINER, "01.05."), unit_path="01.03.")

    assert viewer.unit_paths == ("01.03.", "01.05.")


def test_nobody_sees_leads_and_holds_nothing() -> None:
    assert (NOBODY.is_signed_in, NOBODY.sees_unit("01."), NOBODY.leads("01."), NOBODY.unit_paths, NOBODY.is_administrator) == (
        False,
        False,
        False,
        (),
        False,
    )


@pytest.mark.parametrize(
    ("role", "may"), [(RoleCode.COMPANY_MANAGER, True), (RoleCode.SYSTEM_OPERATOR, True), (RoleCode.UNIT_HEAD, False)]
)
def test_company_managers_and_system_operators_administer(role: str, may: bool) -> None:
    assert viewer_with((role, "01.")).is_administrator is may


def test_what_is_automatic_administers_and_sees_every_unit() -> None:
    gateway = viewer_with(unit_path="01.09.", is_automatic=True)

    assert (gateway.is_administrator, gateway.sees_unit("02.")) == (True, True)


def test_paths_upward_begin_with_the_unit_itself() -> None:
    assert rules.paths_upward("01.03.07.") == ("01.03.07.", "01.03.", "01.")


def test_nearest_are_units_above_then_those_below_the_lowest_common_one() -> None:
    paths = ["02.01.", "01.04.01.", "01.03.08.", "01.03.", "01.03.09.01.", "01.", "01.03.07.", "01.03.06."]

    order = sorted(paths, key=lambda path: rules.nearness(path, near_path="01.03.07."))

    assert order == ["01.03.07.", "01.03.", "01.", "01.03.06.", "01.03.08.", "01.03.09.01.", "01.04.01.", "02.01."]


def test_the_ladder_begins_with_the_own_superior_and_climbs_the_units() -> None:
    heads = [
        (RoleCode.COMPANY_MANAGER, "01.", 40),
        (RoleCode.UNIT_HEAD, "01.03.", 20),
        (RoleCode.SHIFT_LEADER, "01.03.", 10),
        (RoleCode.BRANCH_MANAGER, "01.", 30),
        (RoleCode.UNIT_HEAD, "01.04.", 99),
    ]

    rungs = rules.ladder(own_superiors=[15, 20, 50], heads=heads, near_path="01.03.", staff_id=10)

    assert rungs == (15, 20, 30, 40, 50)


def test_nine_failures_do_not_lock_and_ten_lock_until_the_tenth_last_is_fifteen_minutes_old() -> None:
    failed_at = [NOON - timedelta(minutes=minute) for minute in range(9)]

    assert rules.locked_until(failed_at=failed_at, at=NOON) is None
    assert rules.locked_until(failed_at=[*failed_at, NOON - timedelta(minutes=14)], at=NOON) == NOON + timedelta(minutes=1)


def test_a_failure_fifteen_minutes_ago_no_longer_counts() -> None:
    failed_at = [NOON] * 9 + [NOON - timedelta(minutes=15)]

    assert rules.locked_until(failed_at=failed_at, at=NOON) is None
