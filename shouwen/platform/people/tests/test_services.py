from datetime import UTC, date, datetime, timedelta

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people import queries, services
from shouwen.platform.people.choices import AbsenceReason, RoleCode, UnitKind
from shouwen.platform.people.events import EmploymentEnded, PostGiven, UnitMoved
from shouwen.platform.people.models import Absence, Certificate, FailedSignIn, Post, Staff, Unit
from shouwen.platform.people.rules import NOBODY
from shouwen.platform.people.tests.factories import (
    LONG_AGO,
    NOON,
    PostFactory,
    StaffFactory,
    UnitFactory,
    administrator,
    staff_with_role,
)

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def told_of(case_kind: str, case_id: int) -> list[str]:
    return [fact.kind for fact in list_facts(case_kind=case_kind, case_id=case_id)]


def signing_in_person() -> Staff:
    person = StaffFactory()
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(person: Staff, *, password: str = PASSWORD, at: datetime = NOON) -> services.SignInGrant:
    return services.login(staff_no=person.staff_no, password=password, address="10.0.0.7", at=at)


# Units.


def test_an_empty_house_is_founded_once_with_its_manager() -> None:
    founding = services.found_company(code="01", name="Luoping", staff_no="1", staff_name="Zhang", at=NOON)

    viewer = queries.get_viewer(staff_id=founding.staff_id, at=NOON)
    assert (viewer.unit_path, viewer.roles) == ("01.", frozenset({"company_manager"}))
    assert told_of("staff", founding.staff_id) == ["StaffHired", "PostGiven"]
    with pytest.raises(services.CannotCreateUnit):
        services.found_company(code="02", name="Another", staff_no="2", staff_name="Wang", at=NOON)


def test_a_unit_stands_below_its_parent() -> None:
    boss = administrator(home_unit=UnitFactory(code="01"))

    unit_id = services.create_unit(
        code="03", name="Hall", kind=UnitKind.BUSINESS_HALL, parent_id=boss.home_unit_id, actor_id=boss.pk, at=NOON
    )

    assert queries.get_unit(unit_id=unit_id) == queries.UnitCard(unit_id, "03", "Hall", "business_hall", "01.03.")
    assert told_of("unit", unit_id) == ["UnitCreated"]


@pytest.mark.parametrize("code", ["", "a.b", "0 1", "x" * 21, "01", "中"])
def test_a_code_that_is_taken_or_does_not_fit_is_refused(code: str) -> None:
    boss = administrator(home_unit=UnitFactory(code="01"))

    with pytest.raises(services.CannotCreateUnit):
        services.create_unit(code=code, name="x", kind=UnitKind.BRANCH, parent_id=None, actor_id=boss.pk, at=NOON)
    assert Unit.objects.count() == 1


def test_a_unit_is_not_put_under_a_closed_one() -> None:
    boss, closed = administrator(), UnitFactory(closed_at=LONG_AGO)

    with pytest.raises(services.CannotCreateUnit):
        services.create_unit(code="n", name="x", kind=UnitKind.BRANCH, parent_id=closed.pk, actor_id=boss.pk, at=NOON)


@pytest.mark.parametrize("names", [{"name": "x" * 81}, {"name": "x", "name_en": "x" * 81}])
def test_a_unit_with_too_long_a_name_is_refused(names: dict[str, str]) -> None:
    boss = administrator()

    with pytest.raises(services.CannotCreateUnit, match="at most 80"):
        services.create_unit(code="n", kind=UnitKind.BRANCH, parent_id=None, actor_id=boss.pk, at=NOON, **names)
    assert told_of("unit", boss.home_unit_id) == []


def tower(top: str) -> Unit:
    """Return the lowest of units that stand below each other as deep as the column of their path allows."""
    unit = UnitFactory(code=top)
    for floor in range(9):
        unit = UnitFactory(code=f"{floor}".rjust(20, top), parent=unit)
    return unit


def test_a_unit_is_not_put_deeper_than_its_path_can_be_written() -> None:
    boss, lowest = administrator(), tower("A")

    with pytest.raises(services.CannotCreateUnit, match="too deep"):
        services.create_unit(code="123456789", name="x", kind=UnitKind.BRANCH, parent_id=lowest.pk, actor_id=boss.pk, at=NOON)
    unit_id = services.create_unit(
        code="12345678", name="x", kind=UnitKind.BRANCH, parent_id=lowest.pk, actor_id=boss.pk, at=NOON
    )

    assert len(queries.get_unit(unit_id=unit_id).path) == 200


def test_a_unit_is_not_moved_deeper_than_the_paths_below_it_can_be_written() -> None:
    boss, lowest = administrator(), tower("A")
    branch = UnitFactory(code="B")
    team = UnitFactory(code="team1", parent=branch)

    with pytest.raises(services.CannotMoveUnit, match="too deep"):
        services.move_unit(unit_id=branch.pk, to_parent_id=UnitFactory(code="C", parent=lowest).pk, actor_id=boss.pk, at=NOON)

    team.refresh_from_db()
    assert (team.path, told_of("unit", branch.pk)) == ("B.team1.", [])


def test_moving_a_unit_rewrites_the_paths_below_it_and_what_its_people_see() -> None:
    top = UnitFactory(code="01")
    east, west = UnitFactory(code="E", parent=top), UnitFactory(code="W", parent=top)
    hall = UnitFactory(code="H", parent=east)
    desk = UnitFactory(code="D", parent=hall)
    like_named = UnitFactory(code="HH", parent=east)
    clerk = StaffFactory(home_unit=desk)
    boss = administrator(home_unit=top)
    assert queries.get_viewer(staff_id=clerk.pk, at=NOON).unit_path == "01.E.H.D."

    services.move_unit(unit_id=hall.pk, to_parent_id=west.pk, actor_id=boss.pk, at=NOON)

    paths = queries.unit_paths(unit_ids=[hall.pk, desk.pk, like_named.pk])
    assert paths == {hall.pk: "01.W.H.", desk.pk: "01.W.H.D.", like_named.pk: "01.E.HH."}
    assert queries.get_viewer(staff_id=clerk.pk, at=NOON).unit_path == "01.W.H.D."
    assert list_facts(case_kind="unit", case_id=hall.pk)[0].as_fact() == UnitMoved(
        unit_id=hall.pk, from_path="01.E.H.", to_path="01.W.H.", actor_id=boss.pk, at=NOON
    )


def test_a_unit_is_not_moved_below_itself_or_to_where_it_is() -> None:
    top = UnitFactory(code="01")
    east = UnitFactory(code="E", parent=top)
    hall = UnitFactory(code="H", parent=east)
    boss = administrator(home_unit=top)

    for unit, parent in ((east, hall), (east, east), (east, top)):
        with pytest.raises(services.CannotMoveUnit):
            services.move_unit(unit_id=unit.pk, to_parent_id=parent.pk, actor_id=boss.pk, at=NOON)
    assert told_of("unit", east.pk) == []


# Employment.


def test_whoever_is_hired_can_act_but_not_sign_in_before_a_password_is_set() -> None:
    boss = administrator()

    staff_id = services.hire_staff(
        staff_no="95598", name="Wang Fang", unit_id=boss.home_unit_id, actor_id=boss.pk, at=NOON, superior_id=boss.pk
    )

    person = Staff.objects.get(pk=staff_id)
    assert (person.superior_id, person.joined_on, person.is_automatic) == (boss.pk, date(2026, 5, 6), False)
    assert told_of("staff", staff_id) == ["StaffHired"]
    with pytest.raises(services.CannotSignIn):
        sign_in(person, password="")


@pytest.mark.parametrize(
    "wrong",
    [{"staff_no": ""}, {"staff_no": " "}, {"staff_no": "1" * 21}, {"name": "x" * 61}, {"name_en": "x" * 61}],
)
def test_nobody_is_hired_without_a_number_or_under_what_no_column_holds(wrong: dict[str, str]) -> None:
    boss = administrator()
    told = {"staff_no": "1001", "name": "Zhao"} | wrong

    with pytest.raises(services.CannotHire):
        services.hire_staff(unit_id=boss.home_unit_id, actor_id=boss.pk, at=NOON, **told)

    assert list(Staff.objects.values_list("pk", flat=True)) == [boss.pk]


@pytest.mark.parametrize("wrong", [{"staff_no": ""}, {"staff_name": "x" * 61}, {"name": "x" * 81}])
def test_no_house_is_founded_with_what_no_column_holds(wrong: dict[str, str]) -> None:
    told = {"code": "01", "name": "Luoping", "staff_no": "1", "staff_name": "Zhang"} | wrong

    with pytest.raises((services.CannotHire, services.CannotCreateUnit)):
        services.found_company(at=NOON, **told)

    assert (Unit.objects.count(), Staff.objects.count()) == (0, 0)


def test_nobody_is_hired_under_a_taken_number_into_no_unit_or_below_nobody() -> None:
    boss = administrator(staff_no="1")
    good = {"staff_no": "2", "name": "x", "unit_id": boss.home_unit_id, "actor_id": boss.pk, "at": NOON}

    for bad in ({"staff_no": "1"}, {"unit_id": 0}, {"superior_id": 0}):
        with pytest.raises(services.CannotHire):
            services.hire_staff(**(good | bad))
    assert Staff.objects.count() == 1


def test_a_post_is_seen_at_once_when_given_and_when_taken() -> None:
    boss, person = administrator(), StaffFactory()
    post = {"staff_id": person.pk, "role": RoleCode.DISPATCHER, "unit_id": person.home_unit_id, "actor_id": boss.pk}
    roles = [queries.get_viewer(staff_id=person.pk, at=NOON).roles]

    services.give_post(**post, at=NOON)
    roles.append(queries.get_viewer(staff_id=person.pk, at=NOON).roles)
    services.take_post(**post, at=NOON)
    roles.append(queries.get_viewer(staff_id=person.pk, at=NOON).roles)

    assert roles == [frozenset(), frozenset({"dispatcher"}), frozenset()]
    given, taken = list_facts(case_kind="staff", case_id=person.pk)
    assert given.as_fact() == PostGiven(
        staff_id=person.pk, role="dispatcher", unit_id=person.home_unit_id, actor_id=boss.pk, at=NOON
    )
    assert taken.kind == "PostTaken"


def test_a_post_is_given_once_and_taken_only_from_its_holder() -> None:
    boss, post = administrator(), PostFactory(role=RoleCode.AGENT)
    words = {"staff_id": post.staff_id, "unit_id": post.unit_id, "actor_id": boss.pk, "at": NOON}

    with pytest.raises(services.CannotGivePost):
        services.give_post(**words, role=RoleCode.AGENT)
    with pytest.raises(services.CannotGivePost):
        services.give_post(**(words | {"unit_id": 0}), role=RoleCode.TRAINER)
    with pytest.raises(services.PostNotHeld):
        services.take_post(**words, role=RoleCode.TRAINER)
    with pytest.raises(NotFound):
        services.give_post(**(words | {"staff_id": 0}), role=RoleCode.TRAINER)
    assert told_of("staff", post.staff_id) == []


def absence(person: Staff, actor: Staff, **details: object) -> None:
    words = {
        "staff_id": person.pk,
        "reason": AbsenceReason.SICK,
        "away_from": NOON,
        "away_until": NOON + timedelta(days=1),
        "stand_in_id": None,
        "actor_id": actor.pk,
        "at": NOON,
    }
    services.record_absence(**(words | details))


def test_an_absence_is_recorded_by_oneself_by_the_own_head_or_by_an_administrator() -> None:
    centre = UnitFactory()
    person, stand_in = StaffFactory(home_unit=centre), StaffFactory()
    head = staff_with_role(RoleCode.SHIFT_LEADER, home_unit=centre)

    for day, actor in enumerate((person, head, administrator())):
        start = NOON + timedelta(days=day)
        absence(person, actor, away_from=start, away_until=start + timedelta(days=1), stand_in_id=stand_in.pk)

    assert queries.who_stands_in(staff_id=person.pk, at=NOON) == stand_in.pk
    assert told_of("staff", person.pk) == ["AbsenceRecorded"] * 3


def test_an_absence_is_not_recorded_by_a_colleague_or_by_the_head_of_another_unit() -> None:
    person = StaffFactory()

    for actor in (StaffFactory(home_unit=person.home_unit), staff_with_role(RoleCode.UNIT_HEAD)):
        with pytest.raises(NotAllowed):
            absence(person, actor)
    assert not Absence.objects.exists()


def test_an_absence_that_overlaps_ends_early_or_has_no_real_stand_in_is_refused() -> None:
    person = StaffFactory()
    absence(person, person)

    for details in (
        {"away_from": NOON + timedelta(hours=23), "away_until": NOON + timedelta(days=2)},
        {"away_from": NOON + timedelta(days=9)},
        {"away_from": NOON - timedelta(days=1), "away_until": NOON, "stand_in_id": person.pk},
        {"away_from": NOON - timedelta(days=1), "away_until": NOON, "stand_in_id": StaffFactory(left_at=LONG_AGO).pk},
    ):
        with pytest.raises(services.CannotRecordAbsence):
            absence(person, person, **details)
    assert told_of("staff", person.pk) == ["AbsenceRecorded"]


def test_a_certificate_is_granted_for_its_days() -> None:
    boss, person = administrator(), StaffFactory()
    words = {"staff_id": person.pk, "code": "live_work", "number": "7", "valid_from": date(2026, 5, 6)}

    services.grant_certificate(**words, valid_until=date(2026, 5, 7), actor_id=boss.pk, at=NOON)

    assert queries.certificates_of(staff_id=person.pk, at=NOON) == frozenset({"live_work"})
    assert told_of("staff", person.pk) == ["CertificateGranted"]
    with pytest.raises(services.CannotGrantCertificate):
        services.grant_certificate(**words, valid_until=date(2026, 5, 6), actor_id=boss.pk, at=NOON)
    assert Certificate.objects.count() == 1


def test_leaving_ends_posts_sessions_and_tokens_at_once() -> None:
    boss, person = administrator(), signing_in_person()
    PostFactory(staff=person)
    grant = sign_in(person)
    issued = services.issue_token(
        staff_id=person.pk, name="app", scopes=["orders:read"], expires_at=NOON + timedelta(days=9), actor_id=person.pk, at=NOON
    )
    queries.authenticate_token(token=issued.token, at=NOON)

    services.end_employment(staff_id=person.pk, actor_id=boss.pk, at=NOON)

    assert queries.signed_in_viewer(staff_id=person.pk, stamp=grant.stamp, session=grant.session, at=NOON) is NOBODY
    with pytest.raises(NotFound):
        queries.authenticate_token(token=issued.token, at=NOON)
    with pytest.raises(services.CannotSignIn):
        sign_in(person)
    assert list(Post.objects.filter(staff=person).values_list("held_until", flat=True)) == [NOON]
    assert list_facts(case_kind="staff", case_id=person.pk)[-1].as_fact() == EmploymentEnded(
        staff_id=person.pk, actor_id=boss.pk, at=NOON
    )
    with pytest.raises(services.CannotEndEmployment):
        services.end_employment(staff_id=person.pk, actor_id=boss.pk, at=NOON)


@pytest.mark.parametrize("role", [role for role in RoleCode if role not in (RoleCode.COMPANY_MANAGER, RoleCode.SYSTEM_OPERATOR)])
def test_no_other_role_changes_units_staff_posts_certificates_and_tokens(role: RoleCode) -> None:
    unit = UnitFactory(code="01")
    actor, person = staff_with_role(role, home_unit=unit), StaffFactory(home_unit=unit)
    who = {"actor_id": actor.pk, "at": NOON}

    for verb in (
        lambda: services.create_unit(code="n", name="x", kind=UnitKind.BRANCH, parent_id=None, **who),
        lambda: services.move_unit(unit_id=unit.pk, to_parent_id=unit.pk, **who),
        lambda: services.hire_staff(staff_no="n", name="x", unit_id=unit.pk, **who),
        lambda: services.give_post(staff_id=person.pk, role=RoleCode.AGENT, unit_id=unit.pk, **who),
        lambda: services.take_post(staff_id=person.pk, role=RoleCode.AGENT, unit_id=unit.pk, **who),
        lambda: services.grant_certificate(
            staff_id=person.pk, code="c", number="", valid_from=NOON.date(), valid_until=date(2027, 1, 1), **who
        ),
        lambda: services.end_employment(staff_id=person.pk, **who),
        lambda: services.revoke_sessions(staff_id=person.pk, reason="", **who),
        lambda: services.set_password(staff_id=person.pk, password=PASSWORD, **who),
        lambda: services.issue_token(staff_id=person.pk, name="", scopes=["a"], expires_at=NOON + timedelta(1), **who),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert told_of("staff", person.pk) == []


def test_what_is_automatic_may_administer_but_never_signs_in() -> None:
    robot = StaffFactory(is_automatic=True)
    robot.set_password(PASSWORD)
    robot.save()

    assert services.hire_staff(staff_no="n", name="x", unit_id=robot.home_unit_id, actor_id=robot.pk, at=NOON)
    with pytest.raises(services.CannotSignIn):
        sign_in(robot)
    with pytest.raises(services.CannotChangePassword):
        services.set_password(staff_id=robot.pk, password=PASSWORD, actor_id=robot.pk, at=NOON)


# Signing in.


def test_a_right_password_grants_a_session_that_is_believed() -> None:
    person = signing_in_person()

    grant = sign_in(person)

    assert queries.signed_in_viewer(staff_id=person.pk, stamp=grant.stamp, session=grant.session, at=NOON).id == person.pk
    person.refresh_from_db()
    assert (person.last_login, told_of("staff", person.pk), FailedSignIn.objects.count()) == (NOON, ["SignedIn"], 0)


def test_every_reason_not_to_sign_in_sounds_the_same() -> None:
    words = set()
    for person, password in (
        (signing_in_person(), "wrong"),
        (Staff(staff_no="nobody-is-called-so-here"), PASSWORD),
        (StaffFactory(left_at=LONG_AGO), PASSWORD),
    ):
        with pytest.raises(services.CannotSignIn) as refusal:
            sign_in(person, password=password)
        words.add(refusal.value.explain())

    assert len(words) == 1
    assert FailedSignIn.objects.count() == 3


@pytest.mark.parametrize("is_known", [True, False])
def test_ten_failures_lock_a_name_known_or_not_until_they_are_a_quarter_of_an_hour_old(is_known: bool) -> None:
    person = signing_in_person() if is_known else Staff(staff_no="unknown")
    for second in range(10):
        with pytest.raises(services.CannotSignIn):
            sign_in(person, password="wrong", at=NOON + timedelta(seconds=second))

    with pytest.raises(services.CannotSignIn):
        sign_in(person, at=NOON + timedelta(minutes=14, seconds=59))
    assert FailedSignIn.objects.count() == 10
    if is_known:
        assert sign_in(person, at=NOON + timedelta(minutes=15)).staff_id == person.pk


def test_a_right_password_forgets_the_failures_before_it() -> None:
    person = signing_in_person()
    for _ in range(9):
        with pytest.raises(services.CannotSignIn):
            sign_in(person, password="wrong")

    sign_in(person)

    for _ in range(9):
        with pytest.raises(services.CannotSignIn):
            sign_in(person, password="wrong")
    assert sign_in(person).staff_id == person.pk


def test_signing_out_ends_one_session_and_leaves_the_other() -> None:
    person = signing_in_person()
    desk, phone = sign_in(person), sign_in(person)

    services.logout(staff_id=person.pk, session=desk.session, at=NOON)
    services.logout(staff_id=person.pk, session=desk.session, at=NOON)

    viewers = [queries.signed_in_viewer(staff_id=g.staff_id, stamp=g.stamp, session=g.session, at=NOON).id for g in (desk, phone)]
    assert viewers == [0, person.pk]
    assert told_of("staff", person.pk) == ["SignedIn", "SignedIn", "SignedOut"]


@pytest.mark.parametrize("change", ["revoke", "own_password", "set_password"])
def test_revoking_and_a_new_password_end_every_session(change: str) -> None:
    boss, person = administrator(), signing_in_person()
    grants = [sign_in(person), sign_in(person)]

    if change == "revoke":
        services.revoke_sessions(staff_id=person.pk, reason="lost phone", actor_id=boss.pk, at=NOON)
    elif change == "own_password":
        services.change_password(staff_id=person.pk, old_password=PASSWORD, new_password="staple horse battery", at=NOON)
    else:
        services.set_password(staff_id=person.pk, password="staple horse battery", actor_id=boss.pk, at=NOON)

    viewers = {queries.signed_in_viewer(staff_id=g.staff_id, stamp=g.stamp, session=g.session, at=NOON) for g in grants}
    assert viewers == {NOBODY}
    if change == "own_password":
        assert sign_in(person, password="staple horse battery").stamp == 2


def test_a_password_that_somebody_else_has_set_is_good_only_for_choosing_another() -> None:
    boss, person = administrator(), signing_in_person()
    given, own = "staple horse battery", "a donkey by the well"

    services.set_password(staff_id=person.pk, password=given, actor_id=boss.pk, at=NOON)

    with pytest.raises(services.MustChangePassword) as refusal:
        sign_in(person, password=given)
    with pytest.raises(services.CannotSignIn):
        sign_in(person, password=own)
    with pytest.raises(services.CannotChangePassword):
        services.change_password(staff_id=person.pk, old_password=given, new_password=given, at=NOON)
    services.change_password(staff_id=refusal.value.details["staff_id"], old_password=given, new_password=own, at=NOON)
    assert sign_in(person, password=own).staff_id == person.pk
    assert told_of("staff", person.pk) == ["PasswordChanged", "PasswordChanged", "SignedIn"]


def test_what_does_not_know_of_passwords_for_one_time_does_not_believe_them() -> None:
    boss, person = administrator(), StaffFactory()

    services.set_password(staff_id=person.pk, password=PASSWORD, actor_id=boss.pk, at=NOON)

    person.refresh_from_db()
    assert not person.check_password(PASSWORD)


def test_the_password_of_a_discipline_officer_is_reset_by_another_one_or_a_company_manager_only() -> None:
    officer = staff_with_role(RoleCode.DISCIPLINE_OFFICER)
    before = Staff.objects.get(pk=officer.pk).password

    for actor in (staff_with_role(RoleCode.SYSTEM_OPERATOR), StaffFactory(is_automatic=True), StaffFactory()):
        with pytest.raises(NotAllowed):
            services.set_password(staff_id=officer.pk, password=PASSWORD, actor_id=actor.pk, at=NOON)
    assert (Staff.objects.get(pk=officer.pk).password, told_of("staff", officer.pk)) == (before, [])

    for actor in (staff_with_role(RoleCode.DISCIPLINE_OFFICER), administrator()):
        services.set_password(staff_id=officer.pk, password=PASSWORD, actor_id=actor.pk, at=NOON)
    assert told_of("staff", officer.pk) == ["PasswordChanged"] * 2


def test_a_password_is_changed_only_by_who_knows_it_and_to_a_strong_one() -> None:
    person = signing_in_person()

    for old, new in (("wrong", "staple horse battery"), (PASSWORD, "short"), (PASSWORD, "qwerty123456")):
        with pytest.raises(services.CannotChangePassword):
            services.change_password(staff_id=person.pk, old_password=old, new_password=new, at=NOON)
    assert sign_in(person).stamp == 1


# Tokens.


def test_a_token_acts_as_its_owner_within_its_scopes_until_it_expires() -> None:
    person = StaffFactory()
    tomorrow = NOON + timedelta(days=1)

    issued = services.issue_token(
        staff_id=person.pk,
        name="hotline",
        scopes=["orders:write", "orders:read"],
        expires_at=tomorrow,
        actor_id=person.pk,
        at=NOON,
    )

    viewer, scopes = queries.authenticate_token(token=issued.token, at=tomorrow - timedelta(seconds=1))
    assert (viewer.id, scopes) == (person.pk, frozenset({"orders:read", "orders:write"}))
    with pytest.raises(NotFound):
        queries.authenticate_token(token=issued.token, at=tomorrow)
    (card,) = queries.list_tokens(staff_id=person.pk, viewer=viewer)
    assert (card.prefix, card.scopes) == (issued.token[:11], ("orders:read", "orders:write"))
    fact = list_facts(case_kind="staff", case_id=person.pk)[0]
    assert fact.kind == "TokenIssued"
    assert issued.token not in str(fact.payload)


def token_for(holder: Staff, *, by: Staff) -> services.IssuedToken:
    return services.issue_token(
        staff_id=holder.pk, name="x", scopes=["a"], expires_at=NOON + timedelta(1), actor_id=by.pk, at=NOON
    )


def test_an_administrator_issues_tokens_for_programs_and_for_themselves() -> None:
    boss, gateway = administrator(), StaffFactory(is_automatic=True)

    holders = [queries.authenticate_token(token=token_for(one, by=boss).token, at=NOON)[0].id for one in (gateway, boss)]

    assert holders == [gateway.pk, boss.pk]


@pytest.mark.parametrize("role", [RoleCode.SYSTEM_OPERATOR, RoleCode.COMPANY_MANAGER])
def test_no_administrator_and_no_program_issues_a_token_with_which_they_would_act_as_another_person(role: RoleCode) -> None:
    officer = staff_with_role(RoleCode.DISCIPLINE_OFFICER)

    for actor in (staff_with_role(role), StaffFactory(is_automatic=True)):
        with pytest.raises(services.CannotIssueToken):
            token_for(officer, by=actor)
    assert (officer.tokens.count(), told_of("staff", officer.pk)) == (0, [])


def test_no_token_gives_a_post_that_its_issuer_does_not_hold() -> None:
    program, operator = StaffFactory(is_automatic=True), staff_with_role(RoleCode.SYSTEM_OPERATOR)
    PostFactory(staff=program, role=RoleCode.DISCIPLINE_OFFICER)

    with pytest.raises(services.CannotIssueToken):
        token_for(program, by=operator)
    PostFactory(staff=operator, role=RoleCode.DISCIPLINE_OFFICER)
    assert token_for(program, by=operator).id


def test_nobody_gets_a_token_who_is_not_there_or_has_left() -> None:
    boss, gone = administrator(), StaffFactory(left_at=LONG_AGO)

    for holder, actor in ((Staff(pk=0), boss), (gone, boss), (gone, gone)):
        with pytest.raises(NotFound):
            token_for(holder, by=actor)


def test_a_token_is_authenticated_without_a_query_while_it_is_remembered(django_assert_num_queries) -> None:
    boss = administrator()
    issued = services.issue_token(
        staff_id=boss.pk, name="x", scopes=["a"], expires_at=NOON + timedelta(1), actor_id=boss.pk, at=NOON
    )
    queries.authenticate_token(token=issued.token, at=NOON)

    with django_assert_num_queries(0):
        queries.authenticate_token(token=issued.token, at=NOON)


def test_a_revoked_token_is_refused_at_once() -> None:
    person = StaffFactory()
    issued = services.issue_token(
        staff_id=person.pk, name="x", scopes=["a"], expires_at=NOON + timedelta(1), actor_id=person.pk, at=NOON
    )
    queries.authenticate_token(token=issued.token, at=NOON)

    services.revoke_token(token_id=issued.id, actor_id=person.pk, at=NOON)
    services.revoke_token(token_id=issued.id, actor_id=person.pk, at=NOON)

    with pytest.raises(NotFound):
        queries.authenticate_token(token=issued.token, at=NOON)
    assert told_of("staff", person.pk) == ["TokenIssued", "TokenRevoked"]


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(NotFound):
        queries.authenticate_token(token="sw_unknown", at=NOON)


@pytest.mark.parametrize(
    "bad", [{"expires_at": NOON}, {"scopes": []}, {"scopes": ["Orders Read"]}, {"scopes": ["orders:"]}, {"scopes": [""]}]
)
def test_a_token_needs_scopes_and_a_future(bad: dict[str, object]) -> None:
    boss = administrator()
    good = {"staff_id": boss.pk, "name": "x", "scopes": ["a"], "expires_at": datetime(2027, 1, 1, tzinfo=UTC)}

    with pytest.raises(services.CannotIssueToken):
        services.issue_token(**(good | bad), actor_id=boss.pk, at=NOON)
