from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from shouwen.kernel.errors import NotFound
from shouwen.kernel.freshness import FreshAnswers
from shouwen.platform.people import principals, queries, services
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.models import Post, Staff, Unit
from shouwen.platform.people.rules import NOBODY, Viewer
from shouwen.platform.people.tests.factories import (
    LONG_AGO,
    NOON,
    AbsenceFactory,
    CertificateFactory,
    PostFactory,
    SkillFactory,
    StaffFactory,
    UnitFactory,
    administrator,
    staff_with_role,
    viewer_with,
)

pytestmark = pytest.mark.django_db


def test_a_viewer_carries_the_posts_held_at_the_moment_asked_for() -> None:
    branch = UnitFactory(code="B1", kind=UnitKind.BRANCH)
    person = StaffFactory(staff_no="10086", home_unit=branch)
    PostFactory(staff=person, role=RoleCode.AGENT, held_from=LONG_AGO, held_until=NOON)
    PostFactory(staff=person, role=RoleCode.DISPATCHER, held_from=NOON)

    before = queries.get_viewer(staff_id=person.pk, at=NOON - timedelta(seconds=1))
    after = queries.get_viewer(staff_id=person.pk, at=NOON)

    assert before == Viewer(person.pk, "10086", branch.pk, "B1.", frozenset({"agent"}), (("agent", "B1."),), False)
    assert (after.roles, after.role_paths) == (frozenset({"dispatcher"}), (("dispatcher", "B1."),))


def test_a_viewer_takes_one_query_the_first_time_and_none_after(django_assert_num_queries) -> None:
    person = PostFactory().staff

    with django_assert_num_queries(1):
        first = queries.get_viewer(staff_id=person.pk, at=NOON)
        second = queries.get_viewer(staff_id=person.pk, at=NOON)

    assert first == second


@pytest.mark.parametrize("left_at", [NOON, NOON - timedelta(days=1)])
def test_there_is_no_viewer_of_somebody_who_has_left(left_at: datetime) -> None:
    person = StaffFactory(left_at=left_at)

    with pytest.raises(NotFound):
        queries.get_viewer(staff_id=person.pk, at=NOON)


def test_somebody_who_leaves_tomorrow_is_still_a_viewer() -> None:
    person = StaffFactory(left_at=NOON + timedelta(days=1))

    assert queries.get_viewer(staff_id=person.pk, at=NOON).id == person.pk


def test_there_is_no_viewer_of_an_unknown_number() -> None:
    with pytest.raises(NotFound):
        queries.get_viewer(staff_id=0, at=NOON)


def test_another_process_sees_a_revocation_within_the_lifetime_of_its_memory() -> None:
    """Two memories stand for two processes; the second is not told and finds out by itself."""
    now = [0.0]
    here: FreshAnswers[int, principals.Principal] = FreshAnswers(lifetime_s=principals.VIEWER_CACHE_S, clock=lambda: now[0])
    elsewhere: FreshAnswers[int, principals.Principal] = FreshAnswers(lifetime_s=principals.VIEWER_CACHE_S, clock=lambda: now[0])
    person = StaffFactory()
    for memory in (here, elsewhere):
        memory.get(person.pk, principals.fetch_principal)

    Staff.objects.filter(pk=person.pk).update(session_stamp=2)
    here.forget(person.pk)
    stamps = []
    for moment in (0.1, 4.9, 5.0):
        now[0] = moment
        stamps.append(tuple(memory.get(person.pk, principals.fetch_principal).session_stamp for memory in (here, elsewhere)))

    assert stamps == [(2, 1), (2, 1), (2, 2)]


def test_a_session_is_believed_only_with_the_stamp_of_its_owner() -> None:
    person = StaffFactory(session_stamp=3)

    assert queries.signed_in_viewer(staff_id=person.pk, stamp=3, session="a", at=NOON).id == person.pk
    assert queries.signed_in_viewer(staff_id=person.pk, stamp=2, session="a", at=NOON) is NOBODY
    assert queries.signed_in_viewer(staff_id=0, stamp=3, session="a", at=NOON) is NOBODY


def test_units_are_listed_each_after_the_one_above_and_without_closed_ones() -> None:
    top = UnitFactory(code="01", kind=UnitKind.COMPANY)
    hall = UnitFactory(code="02", parent=top, kind=UnitKind.BUSINESS_HALL)
    UnitFactory(code="03", parent=top, closed_at=NOON)
    UnitFactory(code="09")

    assert [unit.code for unit in queries.list_units(under_path="01.")] == ["01", "02"]
    assert queries.list_units(under_path="01.", kind=UnitKind.BUSINESS_HALL) == [
        queries.UnitCard(id=hall.pk, code="02", name=hall.name, kind="business_hall", path="01.02.")
    ]


def test_a_percent_sign_in_a_path_is_no_wildcard() -> None:
    UnitFactory(code="01")

    assert queries.list_units(under_path="%") == []


def test_the_repair_team_of_the_own_branch_is_nearer_than_that_of_another() -> None:
    company = UnitFactory(code="01", kind=UnitKind.COMPANY)
    east = UnitFactory(code="E", parent=company, kind=UnitKind.BRANCH)
    west = UnitFactory(code="W", parent=company, kind=UnitKind.BRANCH)
    hall = UnitFactory(code="EH", parent=east, kind=UnitKind.BUSINESS_HALL)
    for code, branch in (("A-far", west), ("Z-near", east)):
        UnitFactory(code=code, parent=branch, kind=UnitKind.REPAIR_TEAM)

    teams = queries.units_of_kind(kind=UnitKind.REPAIR_TEAM, near_path=hall.path)

    assert [team.code for team in teams] == ["Z-near", "A-far"]
    assert queries.units_of_kind(kind=UnitKind.BRANCH, near_path=hall.path)[0].id == east.pk


def test_units_and_people_are_found_by_their_own_numbers() -> None:
    person = StaffFactory(staff_no="10010", name="Zhang Wei", home_unit=UnitFactory(code="01"))

    assert queries.unit_with_code(code="01").id == person.home_unit_id
    assert queries.get_unit(unit_id=person.home_unit_id).code == "01"
    assert queries.staff_with_number(staff_no="10010") == queries.StaffCard(
        person.pk, "10010", "Zhang Wei", person.home_unit_id, "01."
    )
    assert queries.staff_names(staff_ids=[person.pk, 0]) == {person.pk: "Zhang Wei"}
    assert queries.unit_paths(unit_ids=[person.home_unit_id]) == {person.home_unit_id: "01."}
    assert queries.staff_ids_within(paths=["01."]) == {person.pk}
    assert queries.staff_ids_within(paths=[]) == set()
    for ask in (lambda: queries.get_unit(unit_id=0), lambda: queries.staff_with_number(staff_no="")):
        with pytest.raises(NotFound):
            ask()


def test_holders_are_those_who_hold_the_role_now_in_the_unit_or_below() -> None:
    branch = UnitFactory(code="B")
    team = UnitFactory(code="T", parent=branch)
    here = staff_with_role(RoleCode.CREW_LEADER, home_unit=branch, staff_no="2")
    below = staff_with_role(RoleCode.CREW_LEADER, home_unit=team, staff_no="1")
    staff_with_role(RoleCode.CREW_LEADER)
    staff_with_role(RoleCode.CREW_LEADER, home_unit=team, left_at=LONG_AGO)
    PostFactory(staff=StaffFactory(home_unit=team), role=RoleCode.CREW_LEADER, held_until=NOON)

    found = queries.holders(role=RoleCode.CREW_LEADER, unit_path="B.", at=NOON)

    assert [card.id for card in found] == [below.pk, here.pk]


def test_the_ladder_climbs_from_the_superior_to_the_company() -> None:
    company = UnitFactory(code="C")
    centre = UnitFactory(code="S", parent=company)
    boss = staff_with_role(RoleCode.COMPANY_MANAGER, home_unit=company)
    head = staff_with_role(RoleCode.UNIT_HEAD, home_unit=centre)
    leader = staff_with_role(RoleCode.SHIFT_LEADER, home_unit=centre)
    mentor = StaffFactory(home_unit=centre, superior=boss)
    gone = staff_with_role(RoleCode.UNIT_HEAD, home_unit=centre, left_at=LONG_AGO)
    agent = StaffFactory(home_unit=centre, superior=mentor)

    rungs = [card.id for card in queries.superiors(staff_id=agent.pk, at=NOON)]

    assert rungs == [mentor.pk, leader.pk, head.pk, boss.pk]
    assert gone.pk not in rungs


def test_superiors_in_a_ring_end_where_it_closes() -> None:
    one = StaffFactory()
    other = StaffFactory(superior=one)
    Staff.objects.filter(pk=one.pk).update(superior=other)

    assert [card.id for card in queries.superiors(staff_id=one.pk, at=NOON)] == [other.pk]


def test_whoever_is_here_acts_for_themselves_and_a_stand_in_for_the_absent() -> None:
    stand_in = StaffFactory()
    absent = AbsenceFactory(stand_in=AbsenceFactory(stand_in=stand_in).staff).staff

    assert queries.who_stands_in(staff_id=stand_in.pk, at=NOON) == stand_in.pk
    assert queries.who_stands_in(staff_id=absent.pk, at=NOON) == stand_in.pk
    assert queries.who_stands_in(staff_id=absent.pk, at=datetime(2026, 5, 7, tzinfo=UTC)) == absent.pk


def test_nobody_stands_in_without_a_name_in_a_ring_or_after_leaving() -> None:
    alone = AbsenceFactory().staff
    one = AbsenceFactory()
    ring = AbsenceFactory(stand_in=one.staff)
    one.stand_in = ring.staff
    one.save()
    left = AbsenceFactory(stand_in=StaffFactory(left_at=LONG_AGO)).staff

    acting = [queries.who_stands_in(staff_id=person.pk, at=NOON) for person in (alone, one.staff, left)]

    assert acting == [None, None, None]


def test_certificates_count_by_the_local_day() -> None:
    certificate = CertificateFactory(code="live_work")
    last_moment = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)  # one second before midnight in Shanghai

    assert queries.certificates_of(staff_id=certificate.staff_id, at=last_moment) == frozenset({"live_work"})
    assert queries.certificates_of(staff_id=certificate.staff_id, at=last_moment + timedelta(seconds=1)) == frozenset()


def test_skills_are_listed_with_their_level() -> None:
    skill = SkillFactory(code="shanghainese", level=5)

    assert queries.skills_of(staff_id=skill.staff_id) == {"shanghainese": 5}


def test_a_stranger_does_not_see_somebodys_tokens() -> None:
    person = StaffFactory()

    with pytest.raises(NotFound):
        queries.list_tokens(staff_id=person.pk, viewer=viewer_with(("unit_head", "01."), id=person.pk + 1))
    assert queries.list_tokens(staff_id=person.pk, viewer=queries.get_viewer(staff_id=administrator().pk, at=NOON)) == []


def test_two_open_posts_of_the_same_kind_are_impossible() -> None:
    post = PostFactory()

    with pytest.raises(Exception, match="post_held_once_at_a_time"):
        Post.objects.create(staff=post.staff, role=post.role, unit=post.unit, held_from=NOON)


def test_a_unit_code_with_a_dot_is_impossible() -> None:
    with pytest.raises(Exception, match="unit_code_fits_in_a_path"):
        Unit.objects.create(code="0.1", name="x", kind=UnitKind.COMPANY, path="0.1.")


# What is not committed.


@pytest.mark.django_db(transaction=True)
def test_a_role_that_was_given_and_rolled_back_was_never_believed() -> None:
    boss, person = administrator(), StaffFactory()
    roles = []

    def give_and_look() -> None:
        services.give_post(staff_id=person.pk, role=RoleCode.DISPATCHER, unit_id=person.home_unit_id, actor_id=boss.pk, at=NOON)
        roles.append(set(queries.get_viewer(staff_id=person.pk, at=NOON).roles))

    with transaction.atomic():
        give_and_look()
        transaction.set_rollback(True)
    after_rollback = queries.get_viewer(staff_id=person.pk, at=NOON).roles
    with transaction.atomic():
        give_and_look()
    after_commit = queries.get_viewer(staff_id=person.pk, at=NOON).roles

    assert roles == [{RoleCode.DISPATCHER}, {RoleCode.DISPATCHER}]
    assert (after_rollback, after_commit) == (frozenset(), frozenset({RoleCode.DISPATCHER}))


@pytest.mark.django_db(transaction=True)
def test_another_thread_does_not_learn_of_a_role_before_it_is_committed() -> None:
    boss, person = administrator(), StaffFactory()

    def look_elsewhere() -> frozenset[str]:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(look_and_leave).result()

    def look_and_leave() -> frozenset[str]:
        try:
            return queries.get_viewer(staff_id=person.pk, at=NOON).roles
        finally:
            connection.close()

    with transaction.atomic():
        services.give_post(staff_id=person.pk, role=RoleCode.DISPATCHER, unit_id=person.home_unit_id, actor_id=boss.pk, at=NOON)
        here = queries.get_viewer(staff_id=person.pk, at=NOON).roles
        before = look_elsewhere()
        still_here = queries.get_viewer(staff_id=person.pk, at=NOON).roles
    after = look_elsewhere()

    assert (here, still_here) == ({RoleCode.DISPATCHER}, {RoleCode.DISPATCHER})
    assert (before, after) == (frozenset(), {RoleCode.DISPATCHER})


def test_a_change_undone_by_its_savepoint_is_not_believed() -> None:
    boss, person = administrator(), StaffFactory()
    queries.get_viewer(staff_id=person.pk, at=NOON)

    with transaction.atomic():
        services.give_post(staff_id=person.pk, role=RoleCode.DISPATCHER, unit_id=person.home_unit_id, actor_id=boss.pk, at=NOON)
        assert queries.get_viewer(staff_id=person.pk, at=NOON).roles == {RoleCode.DISPATCHER}
        transaction.set_rollback(True)

    assert queries.get_viewer(staff_id=person.pk, at=NOON).roles == frozenset()


def test_what_is_remembered_costs_no_query_while_somebody_else_is_changed(django_assert_num_queries) -> None:
    boss, person = administrator(), StaffFactory()
    queries.get_viewer(staff_id=boss.pk, at=NOON)
    principals.forget_staff(person.pk)

    with django_assert_num_queries(1):
        for _ in range(3):
            queries.get_viewer(staff_id=boss.pk, at=NOON)
            queries.get_viewer(staff_id=person.pk, at=NOON)
