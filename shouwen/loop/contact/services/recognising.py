"""Recognising the customer (客户识别): by account number, else by telephone number; never by a name."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.loop.contact.choices import MatchKind
from shouwen.loop.contact.rules.contacts import Contact
from shouwen.records.customers.queries import callers, customer_by_account

ACCOUNT_PCT, MATTER_PCT, AGENT_PCT = 98, 90, 100


@dataclass(frozen=True, slots=True)
class Recognised:
    """The customer of a contact and by what they were recognised; ``supply_point_id`` where only one can be meant."""

    customer_id: int | None = None
    kind: MatchKind = MatchKind.NONE
    confidence_pct: int | None = None
    supply_point_id: int | None = None


NOBODY = Recognised()


def recognise(contact: Contact) -> Recognised:
    """Return the customer of a contact. An account number that does not exist counts as none; two equally likely callers too."""
    if contact.account_number and (found := _by_account(contact.account_number)) is not NOBODY:
        return found
    return _by_phone(contact.phone) if contact.phone else NOBODY


def _by_account(number: str) -> Recognised:
    customer_id = customer_by_account(number=number)
    return NOBODY if customer_id is None else Recognised(customer_id, MatchKind.ACCOUNT, ACCOUNT_PCT)


def _by_phone(phone: str) -> Recognised:
    matches = sorted(callers(phone=phone), key=lambda match: -match.confidence_pct)
    if not matches or (len(matches) > 1 and matches[0].confidence_pct == matches[1].confidence_pct):
        return NOBODY
    return Recognised(matches[0].customer_id, MatchKind.PHONE, matches[0].confidence_pct)


def of_matter(customer_id: int | None) -> Recognised:
    """Return the customer of the matter that a contact proves to be about."""
    return NOBODY if customer_id is None else Recognised(customer_id, MatchKind.MATTER, MATTER_PCT)
