"""Customers: found as people search, shown masked, in clear only for a reason that is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.discretion import must_be_a_person
from shouwen.faces.api.door.endpoints import asks, looks
from shouwen.faces.api.door.replies import shown
from shouwen.faces.api.door.shapes import NO_NUL, Body, PathId, Shape
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import PersonalField

router = Router(tags=["customers"])


class SearchIn(Body):
    """`text`: part of a name or an address, initials, a number, the last four digits of a phone; `after`: `next` of the page before."""

    text: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
    after: Annotated[str, Field(max_length=60, pattern=NO_NUL)] | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100)] = 20


class Hit(Shape):
    customer_id: int
    customer_number: str
    kind: str
    name: str
    tier: str
    supply_point_id: int | None
    account_number: str
    address: str
    phones: list[str]
    closed_at: datetime | None


class Hits(Shape):
    items: list[Hit]
    next: str | None


@router.post("/customers/searches", **looks(Scope.CUSTOMERS_READ, gives=Hits))
def search_customers(request: ApiRequest, body: SearchIn) -> HttpResponse:
    """Find customers, masked. Whoever is shown is written down as looked at."""
    caller = request.auth
    found = queries.search_customers(viewer=caller.viewer, at=caller.at, **body.values())
    return shown({"items": found.hits, "next": found.next_after})


class Place(Shape):
    id: int
    account_id: int
    address: str
    area_class: str
    zone: str
    jurisdiction: str
    customer_class: str
    voltage_class: str
    ownership_boundary: str
    transformer_id: int | None
    closed_at: datetime | None


class Account(Shape):
    id: int
    number: str
    opened_on: date | None
    closed_at: datetime | None
    supply_points: list[Place]


class Customer(Shape):
    """One customer, masked; an organisation's name is not personal."""

    id: int
    number: str
    kind: str
    name: str
    identity_kind: str
    identity_number: str
    tier: str
    representative_id: int | None
    representative_name: str
    language: str
    channel: str
    registered_at: datetime
    closed_at: datetime | None
    accounts: list[Account]
    contact_points: list[dict[str, Any]]
    needs: list[dict[str, Any]]
    sensitivities: list[dict[str, Any]]


@router.get("/customers/{customer_id}", **asks(Scope.CUSTOMERS_READ, gives=Customer))
def get_customer(request: ApiRequest, customer_id: PathId) -> HttpResponse:
    """Get one customer with accounts, places, ways to reach them, needs and sensitivities, masked; that it was opened is written down."""
    caller = request.auth
    return shown(queries.get_customer(customer_id=customer_id, viewer=caller.viewer, at=caller.at))


class RevealIn(Body):
    fields: Annotated[list[PersonalField], Field(min_length=1, max_length=len(PersonalField))]
    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]


class Clear(Shape):
    """What was asked for, in clear; what was not asked for is null."""

    name: str | None
    identity_number: str | None
    phones: list[dict[str, Any]] | None
    emails: list[dict[str, Any]] | None
    addresses: list[dict[str, Any]] | None
    notes: list[str] | None


@router.post("/customers/{customer_id}/reveals", **looks(Scope.CUSTOMERS_REVEAL, gives=Clear))
def reveal_customer(request: ApiRequest, customer_id: PathId, body: RevealIn) -> HttpResponse:
    """Read personal data in clear: only for people; who looked at what, and why, is written down each time."""
    caller = request.auth
    must_be_a_person(caller.viewer)
    values = {"fields": [str(field) for field in body.fields], "reason": body.reason}
    return shown(services.reveal_customer(customer_id=customer_id, actor_id=caller.viewer.id, at=caller.at, **values))  # type: ignore[arg-type]
