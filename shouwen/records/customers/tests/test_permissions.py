"""Who may do what: every verb and question by every kind of role, with a customer whose data could leak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.audit.models import Look
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import PersonalField
from shouwen.records.customers.models import (
    Account,
    ContactPoint,
    Customer,
    ImportRun,
    Preference,
    SearchEntry,
    Sensitivity,
    SpecialNeed,
    SupplyPoint,
)
from shouwen.records.customers.rules import parse_mapping
from shouwen.records.customers.tests.factories import (
    NOON,
    ContactPointFactory,
    SensitivityFactory,
    SpecialNeedFactory,
    SupplyPointFactory,
    seen_by,
)

pytestmark = pytest.mark.django_db

FRONT = {
    "agent",
    "shift_leader",
    "call_back_agent",
    "complaint_handler",
    "hall_clerk",
    "customer_representative",
    "connection_manager",
}
FIELD = {"metering_technician", "use_inspector", "crew_leader", "dispatcher"}
OFFICE = {
    "billing_clerk",
    "collection_clerk",
    "outage_planner",
    "power_quality_engineer",
    "quality_inspector",
    "unit_head",
}
EVERYBODY = FRONT | FIELD | OFFICE | {"data_steward", "discipline_officer"}
EDITORS = FRONT | {"data_steward"}
RANKERS = {"data_steward", "customer_representative", "unit_head", "branch_manager"}
CALLERS_BACK = FRONT | FIELD | {"data_steward", "discipline_officer", "collection_clerk", "outage_planner"}
IDENTITY = {"data_steward", "discipline_officer", "hall_clerk", "connection_manager", "customer_representative"}
IMPORTERS = {"data_steward", "system_operator"}
MAPPING = parse_mapping(
    {
        "name": "t",
        "columns": {"account_number": "no", "name": "name", "street": "street"},
        "defaults": {"area_class": "urban", "customer_class": "residential"},
    }
)


@dataclass
class Known:
    """A customer with one of everything, who must not leak."""

    customer_id: int
    account_id: int
    place_id: int
    point_id: int
    need_id: int
    file: Path
    representative_id: int


@pytest.fixture
def known(tmp_path: Path) -> Known:
    place = SupplyPointFactory(account__customer__name="张伟", account__customer__identity_number="33010119900101123X")
    customer = place.account.customer
    file = tmp_path / "customers.csv"
    file.write_text("no,name,street\n4401,李娜,文一路1号\n", encoding="utf-8")
    point, need = ContactPointFactory(customer=customer), SpecialNeedFactory(customer=customer, note="Wheelchair")
    SensitivityFactory(customer=customer, note="Newspaper")
    representative = staff_with_role(RoleCode.CUSTOMER_REPRESENTATIVE)
    return Known(customer.pk, place.account_id, place.pk, point.pk, need.pk, file, representative.pk)


Act = Callable[[Known, Staff], Any]


def by(person: Staff) -> dict[str, Any]:
    return {"actor_id": person.pk, "at": NOON}


def seeing(person: Staff) -> dict[str, Any]:
    return {"viewer": seen_by(person), "at": NOON}


ACTS: dict[str, tuple[set[str], Act]] = {
    "register": (EDITORS, lambda k, p: services.register_customer(kind="person", name="李娜", **by(p))),
    "correct": (EDITORS, lambda k, p: services.correct_customer(customer_id=k.customer_id, name="李娜", **by(p))),
    "open account": (EDITORS, lambda k, p: services.open_account(customer_id=k.customer_id, **by(p))),
    "add place": (
        EDITORS,
        lambda k, p: services.add_supply_point(
            account_id=k.account_id, street="文一路1号", area_class="urban", customer_class="residential", **by(p)
        ),
    ),
    "change place": (EDITORS, lambda k, p: services.change_supply_point(supply_point_id=k.place_id, zone="x", **by(p))),
    "add contact": (
        EDITORS,
        lambda k, p: services.add_contact_point(customer_id=k.customer_id, kind="mobile", value="13912345679", **by(p)),
    ),
    "change contact": (
        EDITORS,
        lambda k, p: services.change_contact_point(contact_point_id=k.point_id, value="13912345679", **by(p)),
    ),
    "remove contact": (EDITORS, lambda k, p: services.remove_contact_point(contact_point_id=k.point_id, **by(p))),
    "confirm contact": (EDITORS, lambda k, p: services.confirm_contact_point(contact_point_id=k.point_id, **by(p))),
    "prefer contact": (EDITORS, lambda k, p: services.prefer_contact_point(contact_point_id=k.point_id, **by(p))),
    "consent": (EDITORS, lambda k, p: services.record_consent(contact_point_id=k.point_id, consent="granted", **by(p))),
    "quiet hours": (
        EDITORS,
        lambda k, p: services.set_quiet_hours(contact_point_id=k.point_id, quiet_from=time(22), quiet_until=time(7), **by(p)),
    ),
    "preference": (
        EDITORS,
        lambda k, p: services.set_preference(customer_id=k.customer_id, language="en", channel="sms", **by(p)),
    ),
    "record need": (
        EDITORS,
        lambda k, p: services.record_special_need(customer_id=k.customer_id, kind="disability", **by(p)),
    ),
    "end need": (EDITORS, lambda k, p: services.end_special_need(special_need_id=k.need_id, **by(p))),
    "note": (EDITORS, lambda k, p: services.note_sensitivity(customer_id=k.customer_id, kind="bill", **by(p))),
    "tier": (RANKERS, lambda k, p: services.change_tier(customer_id=k.customer_id, tier="vip", **by(p))),
    "representative": (
        RANKERS,
        lambda k, p: services.assign_representative(customer_id=k.customer_id, staff_id=k.representative_id, **by(p)),
    ),
    "reveal": (
        CALLERS_BACK,
        lambda k, p: services.reveal_customer(
            customer_id=k.customer_id, fields=[f for f in PersonalField.values if f != "identity"], reason="asked", **by(p)
        ),
    ),
    "reveal identity": (
        IDENTITY,
        lambda k, p: services.reveal_customer(customer_id=k.customer_id, fields=["identity"], reason="asked", **by(p)),
    ),
    "reveal numbers": (
        CALLERS_BACK,
        lambda k, p: services.reveal_contact_points(contact_point_ids=[k.point_id], reason="asked", **by(p)),
    ),
    "preview": (IMPORTERS, lambda k, p: services.preview_import(path=k.file, mapping=MAPPING, **by(p))),
    "import": (IMPORTERS, lambda k, p: services.run_import(path=k.file, mapping=MAPPING, **by(p))),
    "imported rows": (IMPORTERS, lambda k, p: services.reveal_import_rows(run_id=1, **by(p))),
    "list imports": (IMPORTERS, lambda k, p: queries.list_imports(viewer=seen_by(p))),
    "list rows": (IMPORTERS, lambda k, p: queries.list_import_rows(run_id=1, viewer=seen_by(p))),
    "card": (EVERYBODY, lambda k, p: queries.get_customer(customer_id=k.customer_id, **seeing(p))),
    "search": (EVERYBODY, lambda k, p: queries.search_customers(text="张伟", **seeing(p))),
    "callers": (EVERYBODY, lambda k, p: queries.callers(phone="13812345678", viewer=seen_by(p))),
    "needs": (EVERYBODY, lambda k, p: queries.needs_to_review(by=date(2027, 1, 1), **seeing(p))),
}


def state() -> list[Any]:
    """Return everything that a verb could have written."""
    tables = (
        Customer,
        Account,
        SupplyPoint,
        ContactPoint,
        Preference,
        SpecialNeed,
        Sensitivity,
        SearchEntry,
        ImportRun,
        Fact,
        Look,
    )
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.mark.parametrize("act", list(ACTS))
def test_each_role_may_do_what_the_table_says_and_a_refused_one_leaves_no_trace(act: str, known: Known) -> None:
    allowed, do = ACTS[act]
    before = state()

    for role in [*RoleCode.values, ""]:
        if role in allowed:
            continue
        person = staff_with_role(role) if role else StaffFactory()
        with pytest.raises(NotAllowed):
            do(known, person)

    assert state() == before


@pytest.mark.parametrize("act", list(ACTS))
def test_those_who_may_are_let_in(act: str, known: Known) -> None:
    allowed, do = ACTS[act]

    do(known, staff_with_role(sorted(allowed)[0]))


@pytest.mark.parametrize(
    ("act", "role"), [(act, role) for act in ("reveal identity", "tier", "search") for role in sorted(ACTS[act][0])]
)
def test_every_role_of_the_narrow_tables_is_let_in(act: str, role: str, known: Known) -> None:
    ACTS[act][1](known, staff_with_role(role))


def test_a_gateway_acts_in_its_own_name(known: Known) -> None:
    gateway = StaffFactory(is_automatic=True)

    for _, do in (ACTS[name] for name in ("register", "tier", "reveal identity", "search", "import")):
        do(known, gateway)


def test_a_post_that_is_over_gives_nothing(known: Known) -> None:
    former = staff_with_role(RoleCode.AGENT)
    former.posts.update(held_until=NOON)

    with pytest.raises(NotAllowed):
        queries.get_customer(customer_id=known.customer_id, **seeing(former))


@pytest.mark.parametrize("act", [name for name, (allowed, _) in ACTS.items() if allowed is EDITORS])
def test_who_may_not_learns_no_more_of_an_unknown_customer_than_of_a_known_one(act: str, known: Known) -> None:
    unknown = Known(0, 0, 0, 0, 0, known.file, 0)

    with pytest.raises(NotAllowed):
        ACTS[act][1](unknown, staff_with_role(RoleCode.TRAINER))
