"""Who may do what with which matter: every person × verb × matter of a small company, through every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.loop.workorders import queries, services
from shouwen.loop.workorders.choices import (
    CallBackResult,
    EscalationReason,
    GradeSource,
    HandOverReason,
    LinkKind,
    PromiseKind,
    ReopenReason,
    Verb,
)
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.permissions import ALLOWED, Relation, may, must, relations, standing_of
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.tests.factories import LONG_AGO, Company, after, finish, lamp_out, opened, small_company, step
from shouwen.loop.workorders.tests.proofs import picture
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.models import Staff, Unit
from shouwen.platform.people.principals import forget_staff
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.rules import NOBODY, Viewer
from shouwen.platform.people.services.employment import end_employment
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory, UnitFactory
from shouwen.records.norms.services import publish_norm_version

# The table, once more and by hand: a change of a right is a change of this page.

TABLE = """
verb            owner handler unit helper past_unit leader centre call_back inspector automatic
see             yes   yes     yes  yes    yes       yes    yes    yes       yes       yes
take            .     .       yes  .      .         .      .      .         .         yes
finish_step     .     yes     yes  .      .         yes    .      .         .         yes
hand_over       yes   yes     yes  .      .         yes    .      .         .         yes
rate_hand_over  .     yes     yes  .      yes       .      .      .         .         yes
ask_assist      yes   yes     yes  .      .         yes    .      .         .         yes
give_assist     .     .       .    yes    .         .      .      .         .         yes
pause           .     yes     yes  .      .         yes    .      .         .         yes
resume          yes   yes     yes  .      .         yes    .      .         .         yes
promise         yes   yes     yes  .      .         yes    yes    .         .         yes
urge            yes   yes     .    .      .         yes    yes    yes       .         yes
escalate        yes   yes     yes  yes    .         yes    yes    .         .         yes
link            yes   yes     .    .      .         yes    yes    .         .         yes
amend           yes   yes     yes  .      .         yes    yes    .         .         yes
note            yes   yes     yes  yes    .         yes    yes    yes       yes       yes
tell_result     yes   yes     yes  .      .         yes    yes    .         .         yes
call_back       yes   .       .    .      .         yes    yes    yes       .         yes
grade           .     .       .    .      .         .      .      yes       .         yes
settle_visit    .     .       .    .      .         yes    .      yes       .         yes
close           yes   .       .    .      .         yes    .      yes       .         yes
reopen          yes   .       .    .      .         yes    yes    yes       .         yes
change_owner    .     .       .    .      .         yes    .      .         .         yes
"""


def test_the_table_is_as_it_is_written_here() -> None:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    written = {
        Verb(verb): frozenset(Relation(name) for name, cell in zip(head[1:], cells, strict=True) if cell == "yes")
        for verb, *cells in lines
    }

    assert written == ALLOWED
    assert ALLOWED.keys() == set(Verb) - {Verb.OPEN}, "whoever is asked first may open a matter"


# The people.

NONE: frozenset[Relation] = frozenset()


def held(text: str) -> frozenset[Relation]:
    return frozenset(Relation(name) for name in text.split())


@dataclass(frozen=True)
class World:
    company: Company
    people: dict[str, Staff]
    ours: WorkOrder  # a crew mends it; owned in a business hall, accepted in the centre, a meter shop helps
    theirs: WorkOrder  # of another crew, from beginning to end
    secret: WorkOrder  # a report of misconduct


EXPECTED: dict[str, dict[str, frozenset[Relation]]] = {
    "ours": {
        "clerk, the owner": held("owner"),
        "head of the owner's hall": held("leader"),
        "crew leader at work": held("handler unit past_unit"),
        "crew mate": held("unit past_unit"),
        "head of the crew": held("unit past_unit leader"),
        "agent": held("past_unit centre"),
        "shift leader": held("past_unit leader centre"),
        "call-back agent": held("past_unit centre call_back"),
        "call-back agent who accepted it": held("past_unit centre"),
        "helper": held("helper"),
        "inspector": held("inspector"),
        "manager": held("unit helper past_unit leader"),
        "gateway": held("automatic unit helper past_unit"),
        "other crew": NONE,
        "head of the other crew": NONE,
        "officer": NONE,
        "secretary of the officers": NONE,
        "biller": NONE,
    },
    "theirs": {
        "clerk, the owner": NONE,
        "head of the owner's hall": NONE,
        "crew leader at work": NONE,
        "crew mate": NONE,
        "head of the crew": NONE,
        "agent": held("centre"),
        "shift leader": held("centre"),
        "call-back agent": held("centre call_back"),
        "call-back agent who accepted it": held("centre call_back"),
        "helper": NONE,
        "inspector": held("inspector"),
        "manager": held("unit past_unit leader"),
        "gateway": held("automatic unit past_unit"),
        "other crew": held("owner unit past_unit"),
        "head of the other crew": held("unit past_unit leader"),
        "officer": NONE,
        "secretary of the officers": NONE,
        "biller": NONE,
    },
    "secret": {
        "clerk, the owner": NONE,
        "head of the owner's hall": NONE,
        "crew leader at work": NONE,
        "crew mate": NONE,
        "head of the crew": NONE,
        "agent": held("owner"),
        "shift leader": NONE,
        "call-back agent": NONE,
        "call-back agent who accepted it": NONE,
        "helper": NONE,
        "inspector": NONE,
        "manager": NONE,
        "gateway": held("automatic unit helper past_unit"),
        "other crew": NONE,
        "head of the other crew": NONE,
        "officer": held("handler unit leader"),
        "secretary of the officers": NONE,
        "biller": NONE,
    },
}


def make_world() -> World:
    company = small_company()
    top = company.centre.parent
    assert top is not None
    hall = UnitFactory(code="H", kind=UnitKind.BUSINESS_HALL, parent=top)
    shop = UnitFactory(code="M", kind=UnitKind.METERING_CENTRE, parent=top)
    office = UnitFactory(code="D", kind=UnitKind.DISCIPLINE_OFFICE, parent=top)
    people = {
        "clerk, the owner": person(hall, RoleCode.HALL_CLERK),
        "head of the owner's hall": person(hall, RoleCode.UNIT_HEAD),
        "crew leader at work": company.wang,
        "crew mate": person(company.crew, RoleCode.CREW_MEMBER),
        "head of the crew": person(company.crew, RoleCode.UNIT_HEAD),
        "agent": company.li,
        "shift leader": company.zhao,
        "call-back agent": company.chen,
        "call-back agent who accepted it": person(company.centre, RoleCode.CALL_BACK_AGENT),
        "helper": person(shop, RoleCode.METERING_TECHNICIAN),
        "inspector": person(UnitFactory(code="Q", parent=top), RoleCode.QUALITY_INSPECTOR),
        "manager": person(top, RoleCode.COMPANY_MANAGER),
        "gateway": company.gateway,
        "other crew": person(company.other_crew, RoleCode.CREW_MEMBER),
        "head of the other crew": person(company.other_crew, RoleCode.UNIT_HEAD),
        "officer": person(office, RoleCode.DISCIPLINE_OFFICER),
        "secretary of the officers": person(office, RoleCode.DATA_STEWARD),
        "biller": person(UnitFactory(code="B", parent=top), RoleCode.BILLING_CLERK),
    }
    for slug, code, kind in (("fallen_pole", "6.8", "repair_team"), ("misconduct_report", "6.4", "discipline_office")):
        steps = [
            step("look", unit=kind, policy="lamp.accept", target="accepted", outcomes=[("seen", "mend"), ("no", "end_known")]),
            step("mend", unit=kind, policy="lamp.mend", target="restored", outcomes=[("mended", "end_mended")]),
        ]
        publish_norm_version(document=lamp_out(id=code, slug=slug, steps=steps), actor_id=None, at=LONG_AGO)
    return World(company, people, ours(company, people), theirs(company, people), secret(company, people, shop))


def person(unit: Unit, role: RoleCode) -> Staff:
    staff = StaffFactory(home_unit=unit, name=role.label)
    PostFactory(staff=staff, role=role)
    return staff


def ours(company: Company, people: dict[str, Staff]) -> WorkOrder:
    order = opened(company, by=company.gateway, owner_id=people["clerk, the owner"].pk)
    finish(order, "sent", by=people["call-back agent who accepted it"], at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))
    services.ask_assist(
        work_order_id=order.pk,
        unit_id=people["helper"].home_unit_id,
        question="Is the meter yours?",
        actor_id=company.wang.pk,
        at=after(7),
    )
    order.refresh_from_db()
    return order


def theirs(company: Company, people: dict[str, Staff]) -> WorkOrder:
    return opened(company, by=people["other crew"], norm="fallen_pole")


def secret(company: Company, people: dict[str, Staff], helping: Unit) -> WorkOrder:
    order = opened(company, norm="misconduct_report")
    services.take_work_order(work_order_id=order.pk, actor_id=people["officer"].pk, at=after(6))
    services.ask_assist(
        work_order_id=order.pk, unit_id=helping.pk, question="Who was it?", actor_id=people["officer"].pk, at=after(7)
    )
    order.refresh_from_db()
    return order


@pytest.fixture
def world(db: None) -> World:
    return make_world()


# The doors.

Act = Callable[[WorkOrder, int], object]


def acts(world: World) -> dict[Verb, list[Act]]:
    """Return for each verb the services that ask for it."""
    later: dict[str, Any] = {"at": after(30)}
    other = opened(world.company, by=world.company.gateway, owner_id=world.people["clerk, the owner"].pk)
    helped = {order.pk: order.assists.get().pk for order in (world.ours, world.secret)}
    handed = {world.ours.pk: world.ours.hand_overs.get().pk}
    promised = {
        order.pk: services.make_promise(
            work_order_id=order.pk,
            kind=PromiseKind.CALL,
            due_at=after(60),
            actor_id=world.company.gateway.pk,
            at=after(8),
        )
        for order in (world.ours, world.theirs, world.secret)
    }

    def verb(service: Callable[..., object], **details: Any) -> Act:
        return lambda order, actor_id: service(work_order_id=order.pk, actor_id=actor_id, **details, **later)

    return {
        Verb.TAKE: [verb(services.take_work_order)],
        Verb.FINISH_STEP: [verb(services.finish_step, outcome="there")],
        Verb.HAND_OVER: [
            verb(services.hand_over_work_order, to_unit_id=world.company.other_crew.pk, reason=HandOverReason.CAPACITY)
        ],
        Verb.RATE_HAND_OVER: [
            lambda order, actor_id: services.rate_hand_over(hand_over_id=handed[order.pk], score=5, actor_id=actor_id, **later)
        ],
        Verb.ASK_ASSIST: [verb(services.ask_assist, unit_id=world.company.crew.pk, question="?")],
        Verb.GIVE_ASSIST: [
            lambda order, actor_id: services.give_assist(assist_id=helped[order.pk], answer="!", actor_id=actor_id, **later)
        ],
        Verb.PAUSE: [verb(services.pause_work_order, reason="waiting_for_customer")],
        Verb.RESUME: [verb(services.resume_work_order)],
        Verb.PROMISE: [
            verb(services.make_promise, kind=PromiseKind.CALL, due_at=after(90)),
            lambda order, actor_id: services.keep_promise(promise_id=promised[order.pk], actor_id=actor_id, **later),
            lambda order, actor_id: services.move_promise(
                promise_id=promised[order.pk], due_at=after(70), actor_id=actor_id, **later
            ),
        ],
        Verb.URGE: [verb(services.urge_work_order)],
        Verb.ESCALATE: [verb(services.escalate_work_order, reason=EscalationReason.REFUSAL)],
        Verb.LINK: [
            verb(services.split_work_order, norm="lamp_out", subject="x"),
            lambda order, actor_id: services.link_work_orders(
                from_id=other.pk, to_id=order.pk, kind=LinkKind.RELATED, actor_id=actor_id, **later
            ),
            lambda order, actor_id: services.merge_work_order(
                work_order_id=order.pk, into_id=other.pk, actor_id=actor_id, **later
            ),
        ],
        Verb.AMEND: [verb(services.amend_work_order, changes={"subject": FieldChange("", "x")})],
        Verb.NOTE: [verb(services.add_note, text="x")],
        Verb.TELL_RESULT: [verb(services.tell_result, channel="sms", result="x")],
        Verb.CALL_BACK: [
            verb(services.record_call_back, result=CallBackResult.REACHED),
            verb(services.ask_satisfaction, source=GradeSource.LINK),
        ],
        Verb.GRADE: [
            verb(services.record_grade, grade=5, source=GradeSource.CALL_BACK),
            verb(services.settle_unanswered),
        ],
        Verb.SETTLE_VISIT: [verb(services.settle_visit, findings="x")],
        Verb.CLOSE: [verb(services.close_work_order)],
        Verb.REOPEN: [verb(services.reopen_work_order, reason=ReopenReason.NOT_SOLVED)],
        Verb.CHANGE_OWNER: [verb(services.change_owner, to_staff_id=world.company.li.pk, reason="x")],
    }


class _Undo(Exception):
    pass


def refusal_of(act: Act, order: WorkOrder, actor_id: int) -> type[Refusal] | None:
    """Return how the act was refused for want of a right, None when it was not; whatever it did is undone."""
    try:
        with transaction.atomic():
            act(order, actor_id)
            raise _Undo
    except (NotFound, NotAllowed) as refusal:
        return type(refusal)
    except (_Undo, Refusal):
        return None


def expected_refusal(verb: Verb, has: frozenset[Relation]) -> type[Refusal] | None:
    if not has:
        return NotFound
    return NotAllowed if ALLOWED[verb].isdisjoint(has) else None


@pytest.mark.parametrize("whose", EXPECTED)
def test_everybody_stands_to_a_matter_as_written(world: World, whose: str) -> None:
    assert how_all_stand_to(world, getattr(world, whose)) == EXPECTED[whose]


@pytest.mark.parametrize("whose", EXPECTED)
def test_every_verb_is_refused_to_everybody_else_and_nothing_is_left_behind(world: World, whose: str) -> None:
    order, doors = getattr(world, whose), acts(world)
    of_other = how_all_stand_to(world, WorkOrder.objects.latest("id"))
    before, wrong = picture(), []

    for name, has in EXPECTED[whose].items():
        for verb, number, act in doors_of(doors, order):
            wanted = expected_refusal(verb, has)
            if verb is Verb.LINK and number > 0:  # the other matter is locked after this one
                wanted = wanted or expected_refusal(verb, of_other[name])
            found = refusal_of(act, order, world.people[name].pk)
            if found is not wanted:
                wrong.append((name, verb, number, found, wanted))

    assert wrong == []
    assert doors.keys() == set(Verb) - {Verb.OPEN, Verb.SEE}
    assert picture() == before


def doors_of(doors: dict[Verb, list[Act]], order: WorkOrder) -> Iterator[tuple[Verb, int, Act]]:
    """Yield what can be asked of a matter: a hand-over or a call for help only where there is one."""
    for verb, services_of_verb in doors.items():
        if verb is Verb.RATE_HAND_OVER and not order.hand_overs.exists():
            continue
        if verb is Verb.GIVE_ASSIST and not order.assists.exists():
            continue
        for number, act in enumerate(services_of_verb):
            yield verb, number, act


def how_all_stand_to(world: World, order: WorkOrder) -> dict[str, frozenset[Relation]]:
    standing = standing_of(order)
    return {name: relations(get_viewer(staff_id=who.pk, at=after(30)), standing) for name, who in world.people.items()}


@pytest.mark.parametrize("whose", EXPECTED)
def test_every_question_is_answered_to_those_who_may_know_and_to_nobody_else(world: World, whose: str) -> None:
    order = getattr(world, whose)
    target_id = order.targets.order_by("id").first().pk
    services.add_note(work_order_id=order.pk, text="The informant is Mrs Wu.", actor_id=world.company.gateway.pk, at=after(8))

    for name, has in EXPECTED[whose].items():
        viewer = get_viewer(staff_id=world.people[name].pk, at=after(30))
        questions: list[Callable[[], object]] = [
            lambda viewer=viewer: queries.get_work_order(work_order_id=order.pk, viewer=viewer),
            lambda viewer=viewer: queries.explain_target(target_id=target_id, viewer=viewer, at=after(30)),
            lambda viewer=viewer: queries.inside_timeline(work_order_id=order.pk, viewer=viewer),
        ]
        for question in questions:
            if has:
                question()
            else:
                with pytest.raises(NotFound):
                    question()
        listed = queries.list_work_orders(filters=queries.WorkOrderFilters(norm=order.norm_code), viewer=viewer)
        assert (order.pk in {card.id for card in listed.cards}) == bool(has), name
        if has:
            detail = queries.get_work_order(work_order_id=order.pk, viewer=viewer)
            assert detail.verbs == {verb for verb, allowed in ALLOWED.items() if allowed & has}, name
        for verb in ALLOWED:
            may_do = queries.may_do(work_order_id=order.pk, verb=verb, viewer=viewer)
            assert may_do == (expected_refusal(verb, has) is None), (name, verb)


def test_who_has_left_is_not_found_whatever_they_were(world: World) -> None:
    doors = acts(world)
    end_employment(staff_id=world.company.li.pk, actor_id=world.people["manager"].pk, at=after(20))

    for order in (world.ours, world.secret):
        for _, _, act in doors_of(doors, order):
            assert refusal_of(act, order, world.company.li.pk) is NotFound


def test_the_relation_of_a_post_ends_with_the_post(world: World) -> None:
    head = world.people["head of the owner's hall"]
    head.posts.update(held_until=after(20))
    forget_staff(head.pk)
    standing = standing_of(world.ours)

    assert relations(get_viewer(staff_id=head.pk, at=after(19)), standing) == held("leader")
    assert relations(get_viewer(staff_id=head.pk, at=after(20)), standing) == NONE


def test_must_says_not_found_before_not_allowed(world: World) -> None:
    standing = standing_of(world.ours)
    inspector, biller = (get_viewer(staff_id=world.people[name].pk, at=after(30)) for name in ("inspector", "biller"))

    assert (may(inspector, Verb.SEE, standing), may(inspector, Verb.CLOSE, standing)) == (True, False)
    with pytest.raises(NotAllowed):
        must(inspector, Verb.CLOSE, standing)
    with pytest.raises(NotFound):
        must(biller, Verb.SEE, standing)


# Lists and single questions agree, for any viewer one can think of.

PATHS = ("C.", "C.S.", "C.R.", "C.T.", "C.H.", "C.M.", "C.D.", "C.Q.", "C.B.")
VIEWERS = st.builds(
    lambda who, unit_path, posts: (who, unit_path, tuple(posts)),
    st.integers(0, 20),
    st.sampled_from(PATHS),
    st.lists(st.tuples(st.sampled_from([role.value for role in RoleCode]), st.sampled_from(PATHS)), max_size=3, unique=True),
)


def test_a_list_shows_just_what_can_be_seen_one_by_one(world: World) -> None:
    ids = [0, *(who.pk for who in world.people.values())]
    merged = opened(world.company)
    services.merge_work_order(work_order_id=merged.pk, into_id=world.ours.pk, actor_id=world.company.gateway.pk, at=after(8))
    standings = {order.pk: standing_of(order) for order in WorkOrder.objects.all()}

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(VIEWERS)
    def check(asked: tuple[int, str, tuple[tuple[str, str], ...]]) -> None:
        who, unit_path, posts = asked
        roles = frozenset(role for role, _ in posts)
        viewer = Viewer(ids[who % len(ids)], "S", 1, unit_path, roles, posts)

        page = queries.list_work_orders(filters=queries.WorkOrderFilters(), viewer=viewer)

        listed = [card.id for card in page.cards]
        assert sorted(listed) == sorted(pk for pk, standing in standings.items() if relations(viewer, standing))
        counts = queries.count_open(viewer=viewer, at=after(30))
        assert counts.open == sum(pk != merged.pk for pk in listed)

    check()


def test_nobody_sees_nothing(world: World) -> None:
    page = queries.list_work_orders(filters=queries.WorkOrderFilters(), viewer=NOBODY)

    assert page.cards == ()
    assert queries.count_open(viewer=NOBODY, at=after(30)) == queries.OpenCounts(open=0, overdue=0, resolved=0)
    with pytest.raises(NotFound):
        queries.get_work_order(work_order_id=world.ours.pk, viewer=NOBODY)
