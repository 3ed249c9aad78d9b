"""Our side of ``outbox.notify``. Imported once the house is entered, since it needs its models.

What our side writes is a message row for each customer (whose way is chosen by preference, consent and quiet hours) and the sealed fields
once for the notice: the text is filled when it is sent, so rendering is no part of the measured time here and is checked afterwards.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count as numbers
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.population import people
from benchmarks.protocol import WrongAnswer
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.queries import parcels_of
from shouwen.loop.messages.rules.parcels import Claim, Parcel
from shouwen.loop.messages.rules.texts import Words
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.messages.services import load_templates, queue_notice
from shouwen.platform.people.services import found_company, hire_staff
from shouwen.platform.search.queries import keyring

FOUNDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
BACK_AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
FIELDS = {
    "number": "SW0000000017",
    "address": Words("东门区", "Dongmen district"),
    "restored": BACK_AT,
    "cause": Words("设备故障", "an equipment fault"),
}
CHECKED = 10_000
_keys = numbers(1)


def fill_customers(*, count: int) -> None:
    founding = found_company(code="01", name="供电公司", staff_no="admin", staff_name="Admin", at=FOUNDED_AT)
    jobs_id = hire_staff(
        staff_no="jobs", name="Jobs", unit_id=founding.unit_id, is_automatic=True, actor_id=founding.staff_id, at=FOUNDED_AT
    )
    load_templates(folder=Path(settings.HANDBOOK_DIR) / "templates", actor_id=jobs_id, at=FOUNDED_AT)
    seal = keyring().seal
    with connection.cursor() as cursor:
        raw: Any = cursor
        with raw.copy(
            "copy customers_customer (id, number, kind, name, identity_kind, identity_number, tier, registered_at) from stdin"
        ) as copy:
            for row_id, person in enumerate(people(count), 1):
                name = seal(person.name, column="customers_customer.name")
                copy.write_row((row_id, person.account, "person", name, "", b"", "ordinary", FOUNDED_AT))
        with raw.copy(
            "copy customers_contactpoint (id, customer_id, kind, value, whole_blind, holder, consent, is_preferred) from stdin"
        ) as copy:
            for row_id, person in enumerate(people(count), 1):
                phone = seal(f"+86{person.phone}", column="customers_contactpoint.value")
                copy.write_row((row_id, row_id, "mobile", phone, row_id, "", "unknown", True))
        cursor.execute("analyze customers_customer, customers_contactpoint")


def notify_everybody() -> int:
    with connection.cursor() as cursor:
        cursor.execute("truncate loop_messages_notice, loop_messages_message, loop_messages_attempt")
        cursor.execute("select id from customers_customer")
        customer_ids = [row[0] for row in cursor.fetchall()]
    queued = queue_notice(
        template="supply_restored",
        about=About("outage", 17),
        idempotency_key=f"benchmark {next(_keys)}",
        customer_ids=customer_ids,
        fields=FIELDS,
        actor_id=None,
        at=BACK_AT,
    )
    return queued.message_count


def check_notices(*, count: int) -> int:
    """Count all messages, and fill the first ten thousand: name, number and text must be those of the population."""
    rows = Message.objects.filter(state="QUEUED", channel="sms", not_before=BACK_AT).order_by("customer_id")
    if rows.count() != count or rows.values("customer_id").distinct().count() != count:
        raise WrongAnswer(f"outbox.notify: {rows.count()} messages instead of {count}")
    claims = [Claim(pk, 1, "sms", contact_id) for pk, contact_id in rows.values_list("pk", "contact_point_id")[:CHECKED]]
    for person, parcel in zip(people(len(claims)), parcels_of(claims=claims, at=BACK_AT), strict=True):
        wanted = "【供电公司】东门区已于6月1日12:00恢复供电，停电原因：设备故障。"
        if not isinstance(parcel, Parcel) or parcel.address != f"+86{person.phone}" or not parcel.text.body.startswith(wanted):
            raise WrongAnswer(f"outbox.notify: {parcel} is not for {person}")
    return len(claims)
