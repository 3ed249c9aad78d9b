"""How a customer can be reached, and how they wish to be told (E4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from shouwen.kernel.errors import BadInput, NotFound, Refusal
from shouwen.kernel.text.phones import PhoneKind, parse_phone
from shouwen.platform.outbox.services import announce
from shouwen.platform.search.keys import keyring
from shouwen.records.customers.choices import TELEPHONE_KINDS, Consent, ContactKind, Language, PreferredChannel
from shouwen.records.customers.events import (
    ContactPointAdded,
    ContactPointChanged,
    ContactPointConfirmed,
    ContactPointRemoved,
    PreferenceChanged,
)
from shouwen.records.customers.models import ContactPoint, Preference
from shouwen.records.customers.rules.wellformed import is_email
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.customers.services.record import line, lock_customer, must_be_one_of

HOLDER_LIMIT = 20


class AlreadyListed(Refusal):
    """The customer can be reached there already."""

    message = "This number or address is listed for the customer already."


@dataclass(frozen=True, slots=True)
class KeptContact:
    """A telephone number or an address as it is kept, with its blind indexes."""

    kind: ContactKind
    value: str
    whole_blind: int
    tail_blind: int | None


def kept_contact(*, kind: str, value: str, default_area: str = "") -> KeptContact:
    """Return how a telephone number or an address is kept; a number's own kind (mobile, landline) goes before what was said.

    :raises PhoneInvalid: when it should be a telephone number and is none.
    :raises BadInput: when the kind is unknown, or it should be an address of mail and is none.
    """
    must_be_one_of(ContactKind, field="kind", value=kind)
    keys, text = keyring(), value.strip()
    if kind not in TELEPHONE_KINDS:
        text = line(field="email", value=text, needed=True)
        if kind == ContactKind.EMAIL and not is_email(text := text.lower()):
            raise BadInput("value", "this is not an e-mail address", "write it like name@example.com")
        return KeptContact(ContactKind(kind), text, keys.blind(text, purpose=kind), None)
    phone = parse_phone(text, default_area=default_area)
    own = ContactKind.MOBILE if phone.kind is PhoneKind.MOBILE else ContactKind.LANDLINE
    return KeptContact(
        kind=ContactKind.FAX if kind == ContactKind.FAX else own,
        value=phone.with_extension,
        whole_blind=keys.blind(phone.e164, purpose="phone"),
        tail_blind=keys.blind(phone.national[-4:], purpose="phone_tail"),
    )


@transaction.atomic
def add_contact_point(
    *,
    customer_id: int,
    kind: str,
    value: str,
    holder: str = "",
    default_area: str = "",
    actor_id: int,
    at: datetime,
) -> int:
    """Add a way to reach a customer and return its id; the first one is the preferred one. ``holder`` is what they are, never a name.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    :raises PhoneInvalid: when it should be a telephone number and is none. ``default_area`` supplies a missing area code.
    :raises BadInput: when another value is malformed.
    :raises AlreadyListed: when the customer can be reached there already.
    """
    lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    kept = kept_contact(kind=kind, value=value, default_area=default_area)
    listed = ContactPoint.objects.in_use().filter(customer_id=customer_id)
    _must_be_new(customer_id, kept)
    point = ContactPoint.objects.create(
        customer_id=customer_id,
        kind=kept.kind,
        value=kept.value,
        whole_blind=kept.whole_blind,
        tail_blind=kept.tail_blind,
        holder=_holder(holder),
        is_preferred=not listed.filter(is_preferred=True).exists(),
    )
    index_customers([customer_id])
    announce(
        ContactPointAdded(customer_id=customer_id, contact_point_id=point.pk, contact_kind=kept.kind, actor_id=actor_id, at=at)
    )
    return point.pk


@transaction.atomic
def change_contact_point(
    *,
    contact_point_id: int,
    value: str | None = None,
    holder: str | None = None,
    default_area: str = "",
    actor_id: int,
    at: datetime,
) -> tuple[str, ...]:
    """Correct a number or an address, or whose it is; return what changed. A corrected one must be confirmed and consented to anew.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed.
    :raises PhoneInvalid: when it should be a telephone number and is none.
    :raises BadInput: when another value is malformed.
    :raises AlreadyListed: when the customer can be reached there already.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    changed = []
    if value is not None and (kept := kept_contact(kind=point.kind, value=value, default_area=default_area)).value != point.value:
        if kept.whole_blind != point.whole_blind:
            _must_be_new(point.customer_id, kept)
            changed += _unproven(point)
        point.kind, point.value = kept.kind, kept.value
        point.whole_blind, point.tail_blind = kept.whole_blind, kept.tail_blind
        changed += ["kind", "value", "whole_blind", "tail_blind"]
    if holder is not None and _holder(holder) != point.holder:
        point.holder = _holder(holder)
        changed.append("holder")
    fields = tuple(name for name in ("value", "holder") if name in changed)
    if changed:
        point.save(update_fields=changed)
        index_customers([point.customer_id])
        _announce_change(point, fields, actor_id, at)
    return fields


@transaction.atomic
def remove_contact_point(*, contact_point_id: int, actor_id: int, at: datetime) -> None:
    """Remove a way to reach a customer; the row stays, nobody is called or found by it any more.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed before.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    point.removed_at = at
    point.save(update_fields=["removed_at"])
    index_customers([point.customer_id])
    announce(ContactPointRemoved(customer_id=point.customer_id, contact_point_id=point.pk, actor_id=actor_id, at=at))


@transaction.atomic
def confirm_contact_point(*, contact_point_id: int, actor_id: int, at: datetime) -> None:
    """Write down that somebody spoke to the customer there: the next call from that number is surer.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    point.confirmed_at = at
    point.save(update_fields=["confirmed_at"])
    announce(ContactPointConfirmed(customer_id=point.customer_id, contact_point_id=point.pk, actor_id=actor_id, at=at))


@transaction.atomic
def record_consent(*, contact_point_id: int, consent: str, actor_id: int, at: datetime) -> None:
    """Write down at ``at`` whether messages that are not about a matter of their own may be sent there; not asked has no instant.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed.
    :raises BadInput: when ``consent`` is unknown.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    must_be_one_of(Consent, field="consent", value=consent)
    point.consent, point.consent_at = consent, None if consent == Consent.UNKNOWN else at
    point.save(update_fields=["consent", "consent_at"])
    _announce_change(point, ("consent",), actor_id, at)


@transaction.atomic
def set_quiet_hours(
    *, contact_point_id: int, quiet_from: time | None, quiet_until: time | None, actor_id: int, at: datetime
) -> None:
    """Set the local times of day (Asia/Shanghai) between which nothing is sent there, past midnight if need be; None twice: the company's.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed.
    :raises BadInput: when only one end is given.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    if (quiet_from is None) != (quiet_until is None):
        raise BadInput("quiet_hours", "only one end is given", "give both ends or none")
    point.quiet_from, point.quiet_until = quiet_from, quiet_until
    point.save(update_fields=["quiet_from", "quiet_until"])
    _announce_change(point, ("quiet_hours",), actor_id, at)


@transaction.atomic
def prefer_contact_point(*, contact_point_id: int, actor_id: int, at: datetime) -> None:
    """Make this the one that is used first; the one before it no longer is.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such contact point, or it was removed.
    """
    point = _locked_point(contact_point_id, actor_id, at)
    ContactPoint.objects.in_use().filter(customer_id=point.customer_id, is_preferred=True).update(is_preferred=False)
    point.is_preferred = True
    point.save(update_fields=["is_preferred"])
    _announce_change(point, ("is_preferred",), actor_id, at)


@transaction.atomic
def set_preference(*, customer_id: int, language: str, channel: str, actor_id: int, at: datetime) -> None:
    """Set in which language and by which way a customer prefers to be told.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    :raises BadInput: when the language or the way is unknown.
    """
    lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    must_be_one_of(Language, field="language", value=language)
    must_be_one_of(PreferredChannel, field="channel", value=channel)
    Preference.objects.update_or_create(customer_id=customer_id, defaults={"language": language, "channel": channel})
    announce(PreferenceChanged(customer_id=customer_id, language=language, channel=channel, actor_id=actor_id, at=at))


def _locked_point(contact_point_id: int, actor_id: int, at: datetime) -> ContactPoint:
    """Return the contact point in use, its customer locked; the actor is asked for before it is said whether there is one."""
    customer_id = ContactPoint.objects.filter(pk=contact_point_id).values_list("customer_id", flat=True).first()
    lock_customer(customer_id=customer_id or 0, actor_id=actor_id, at=at)
    point = ContactPoint.objects.in_use().filter(pk=contact_point_id).first()
    if point is None:
        raise NotFound
    return point


def _must_be_new(customer_id: int, kept: KeptContact) -> None:
    listed = ContactPoint.objects.in_use().filter(customer_id=customer_id, whole_blind=kept.whole_blind)
    kinds = [kept.kind] if kept.kind not in TELEPHONE_KINDS - {ContactKind.FAX} else [ContactKind.MOBILE, ContactKind.LANDLINE]
    if listed.filter(kind__in=kinds).exists():
        raise AlreadyListed


def _unproven(point: ContactPoint) -> list[str]:
    """Forget what was known of the number before: nobody has spoken to the customer at the new one, nor asked about it."""
    point.confirmed_at, point.consent, point.consent_at = None, Consent.UNKNOWN, None
    return ["confirmed_at", "consent", "consent_at"]


def _holder(text: str) -> str:
    holder = text.strip()
    if len(holder) > HOLDER_LIMIT:
        raise BadInput("holder", f"it has {len(holder)} characters", "write what they are: owner, tenant, accountant")
    return holder


def _announce_change(point: ContactPoint, fields: tuple[str, ...], actor_id: int, at: datetime) -> None:
    announce(
        ContactPointChanged(customer_id=point.customer_id, contact_point_id=point.pk, fields=fields, actor_id=actor_id, at=at)
    )
