from datetime import timedelta

import pytest

from shouwen.kernel.errors import BadInput, NotAllowed, NotFound
from shouwen.loop.contact import queries, services
from shouwen.loop.contact.choices import EnvelopeState, Trouble
from shouwen.loop.contact.models import Envelope
from shouwen.loop.contact.queries import BuriedCard, SilentChannel
from shouwen.loop.contact.tests.factories import LAMP, MAIL, mail, parsed, received
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import LONG_AGO, NOON, after, lamp_out, opened, small_company
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.rules import Viewer
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.records.norms.services import publish_norm_version

pytestmark = pytest.mark.django_db


def viewer(person: Staff) -> Viewer:
    return get_viewer(staff_id=person.pk, at=NOON)


def test_what_is_buried_is_listed_page_by_page() -> None:
    company = small_company()
    envelopes = [received(company, content, key=str(number)) for number, content in enumerate(("{}", "{", "{}"))]
    parsed(company, received(company, LAMP), *envelopes)

    first = queries.list_buried(viewer=viewer(company.li), limit=2)
    second = queries.list_buried(viewer=viewer(company.li), after=first.next_after or 0, limit=2)

    assert first.cards == tuple(
        BuriedCard(one.pk, "web form", "web", "application/json", NOON, trouble, {}, None)
        for one, trouble in zip(envelopes[:2], (Trouble.EMPTY, Trouble.NOT_JSON), strict=True)
    )
    assert ([card.id for card in second.cards], second.next_after) == ([envelopes[2].pk], None)
    assert [card.id for card in queries.list_buried(viewer=viewer(company.li), trouble=Trouble.NOT_JSON).cards] == [
        envelopes[1].pk
    ]
    with pytest.raises(BadInput):
        queries.list_buried(viewer=viewer(company.li), limit=201)


@pytest.mark.parametrize("role", [RoleCode.CREW_LEADER, RoleCode.QUALITY_INSPECTOR, RoleCode.UNIT_HEAD])
def test_who_does_not_settle_sees_no_list(role: RoleCode) -> None:
    company = small_company()
    parsed(company, received(company, "{}"))

    with pytest.raises(NotAllowed):
        queries.list_buried(viewer=viewer(staff_with_role(role, home_unit=company.centre)))


def test_settlers_see_the_content_and_readers_a_masked_summary() -> None:
    company = small_company()
    content = mail("停电了 13812345678")
    publish_norm_version(document=lamp_out(slug="power_fault", id="6.8"), actor_id=None, at=LONG_AGO)
    envelope = received(company, content, media_type=MAIL, channel="email")
    parsed(company, envelope)
    inspector = staff_with_role(RoleCode.QUALITY_INSPECTOR)

    clear = queries.get_envelope(envelope_id=envelope.pk, viewer=viewer(company.li))
    masked = queries.get_envelope(envelope_id=envelope.pk, viewer=viewer(inspector))

    assert (clear.content, clear.corrections, clear.sender, clear.state) == (
        content,
        {},
        "zhang@example.com",
        EnvelopeState.PARSED,
    )
    assert (masked.content, masked.corrections, masked.sender, masked.work_order_id) == (
        None,
        None,
        "z***@example.com",
        WorkOrder.objects.get().pk,
    )
    assert "zhang" not in repr(masked)
    assert "13812345678" not in repr(masked)


def test_an_envelope_of_a_matter_that_one_may_not_know_of_is_not_found() -> None:
    company = small_company()
    envelope = received(company, LAMP)
    parsed(company, envelope)
    outsider = staff_with_role(RoleCode.HALL_CLERK)

    with pytest.raises(NotFound):
        queries.get_envelope(envelope_id=envelope.pk, viewer=viewer(outsider))
    with pytest.raises(NotFound):
        queries.get_envelope(envelope_id=envelope.pk + 1, viewer=viewer(company.li))
    with pytest.raises(NotAllowed):
        queries.get_envelope(envelope_id=envelope.pk, viewer=viewer(company.wang))


def test_the_timeline_of_a_matter_is_the_newest_first_and_only_for_those_who_may_see_it() -> None:
    company = small_company()
    order, other = opened(company), opened(company)
    ids = [
        services.record_interaction(
            channel="phone",
            direction="in",
            happened_at=after(number),
            text=f"call {number}",
            work_order_id=about.pk,
            actor_id=company.li.pk,
            at=after(number),
        )
        for number, about in enumerate((order, order, other, order))
    ]
    outsider = staff_with_role(RoleCode.HALL_CLERK)

    page = queries.list_interactions(viewer=viewer(company.li), work_order_id=order.pk, limit=2)
    rest = queries.list_interactions(viewer=viewer(company.li), work_order_id=order.pk, before=page.next_before)

    assert [(card.id, card.text) for card in page.cards] == [(ids[3], "call 3"), (ids[1], "call 1")]
    assert ([card.id for card in rest.cards], rest.next_before) == ([ids[0]], None)
    assert queries.list_interactions(viewer=viewer(outsider), work_order_id=order.pk).cards == ()
    with pytest.raises(NotAllowed):
        queries.list_interactions(viewer=viewer(company.wang), work_order_id=order.pk)
    with pytest.raises(BadInput):
        queries.list_interactions(viewer=viewer(company.li))


def test_a_report_of_misconduct_shows_on_no_timeline_but_its_owners() -> None:
    company = small_company()
    publish_norm_version(document=lamp_out(slug="misconduct_report", id="6.4"), actor_id=None, at=LONG_AGO)
    envelope = received(company, {"text": "举报吃拿卡要"})
    parsed(company, envelope)
    order = WorkOrder.objects.get()

    seen = {
        name: len(queries.list_interactions(viewer=viewer(person), work_order_id=order.pk).cards)
        for name, person in (("owner", company.li), ("leader", company.zhao))
    }

    assert (order.owner_id, seen) == (company.li.pk, {"owner": 1, "leader": 0})
    with pytest.raises(NotFound):
        queries.get_envelope(envelope_id=envelope.pk, viewer=viewer(company.zhao))


def test_a_source_that_should_have_sent_something_by_now_is_named() -> None:
    company = small_company()
    for source, hours in (("mail", 30), ("web form", 2), ("old file", 24 * 40), ("fax", 24)):
        received(company, LAMP, source=source, at=NOON - timedelta(hours=hours))
    received(company, LAMP, source="mail", key="older", at=NOON - timedelta(hours=100))

    assert queries.silent_channels(at=NOON) == [
        SilentChannel("mail", "web", NOON - timedelta(hours=30), timedelta(hours=30)),
    ]


def test_what_became_of_arrivals_is_told_to_whoever_brought_them() -> None:
    company = small_company()
    good, bad, waiting = received(company, LAMP, key="a"), received(company, "{}", key="b"), received(company, LAMP, key="c")
    parsed(company, good, bad)

    cards = queries.list_arrivals(source="web form", keys=["a", "b", "c", "d"])

    assert {key: (card.id, card.state, card.trouble, card.work_order_id) for key, card in cards.items()} == {
        "a": (good.pk, "PARSED", "", WorkOrder.objects.get().pk),
        "b": (bad.pk, "BURIED", "empty", None),
        "c": (waiting.pk, "RECEIVED", "", None),
    }
    assert queries.count_waiting() == queries.WaitingCounts(received=1, buried=1)
    assert Envelope.objects.count() == 3
