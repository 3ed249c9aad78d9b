"""Contacts: brought in one or many at a time, and what could not be understood settled by people."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.bodies import BearerOfMuch
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks, does, makes, tells
from shouwen.faces.api.door.problems import answer_refusal
from shouwen.faces.api.door.replies import act, as_bytes, done, made, page, shown, told
from shouwen.faces.api.door.shapes import (
    NO_NUL,
    AfterId,
    AskedCode,
    AskedId,
    Body,
    Code,
    Id,
    Instant,
    Limit,
    Line,
    PathId,
    Shape,
    Text,
)
from shouwen.faces.api.services.answers import Reply
from shouwen.kernel.errors import BadInput, Refusal
from shouwen.loop.contact import queries, services
from shouwen.loop.contact.choices import Direction
from shouwen.loop.contact.permissions import must_settle
from shouwen.loop.contact.services import Arrival

BULK_LIMIT = 100
FORM = "application/json"
Key = Annotated[str, Field(min_length=1, max_length=160, pattern=NO_NUL)]
Source = Annotated[str, Field(min_length=1, max_length=80, pattern=NO_NUL)]

router = Router(tags=["contacts"])


class EnvelopeIn(Body):
    """One contact: `content` (subject, text, norm, phone, email, account_number, reference, token, hazards), or `raw` bytes in base64.

    The same `key` from one source again is the same contact; without one, the same content is. Other bytes under a known key are kept
    apart and BURIED.
    """

    key: Key | None = None
    content: dict[str, Any] | None = None
    raw: Annotated[str, Field(max_length=35_000_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$")] | None = None
    media_type: Annotated[str, Field(max_length=80, pattern=r"^[\w.+/;= -]+$")] = FORM


class EnvelopesIn(Body):
    source: Source
    channel: Code
    envelopes: Annotated[list[EnvelopeIn], Field(min_length=1, max_length=BULK_LIMIT)]


class Received(Shape):
    """What became of one. `is_new` false: its key was there before; `is_same`: with the same bytes. BURIED: people will look at it.

    `is_same` false: this one is kept apart, as `id`, and BURIED as `duplicated_id`; sent alone, it is answered with 409 `key_taken`.
    """

    id: int
    is_new: bool
    is_same: bool
    state: str
    trouble: str
    work_order_id: int | None


class ReceivedAll(Shape):
    items: list[Received]


class KeyTaken(Refusal):
    """Nothing is lost: ``id`` holds what came now, ``earlier_id`` what came before."""

    message = "Another contact of this source has this key. This one is kept apart, and people will look at it."


@router.post("/envelopes", **makes(Scope.ENVELOPES_WRITE, gives=ReceivedAll) | {"auth": BearerOfMuch(Scope.ENVELOPES_WRITE)})
def receive_envelopes(request: ApiRequest, body: EnvelopesIn) -> HttpResponse:
    """Bring in up to 100 contacts: each is kept as it is, then understood, in the order in which they stand here.

    One alone whose key another contact has is kept too, and answered with 409.
    A request has up to 40 MB, a contact up to 25 MB before base64: whole mails go one by one.
    """
    must_settle(request.auth.viewer)
    arrivals = [_arrival(one) for one in body.envelopes]
    answer = act(request, _take_in, _received, source=body.source, channel=body.channel, arrivals=arrivals)
    return answer if answer.status_code == HTTPStatus.CREATED else _as_problem(request, answer)


@dataclass(frozen=True, slots=True)
class _TakenIn:
    """What was kept, in its order, and what became of each by its key."""

    kept: list[tuple[str, services.ReceivedCard]]
    arrived: dict[str, queries.ArrivalCard]


def _take_in(*, source: str, channel: str, arrivals: Sequence[Arrival], actor_id: int, at: datetime) -> _TakenIn:
    """Keep, then understand: two verbs, so that what cannot be understood is kept all the same."""
    cards = services.receive_envelopes(source=source, channel=channel, arrivals=arrivals, received_at=at, actor_id=actor_id)
    services.parse_envelopes(envelope_ids=[card.id for card in cards], actor_id=actor_id, at=at)
    keys = [card.apart_key or str(arrival.key) for arrival, card in zip(arrivals, cards, strict=True)]
    return _TakenIn(list(zip(keys, cards, strict=True)), queries.list_arrivals(source=source, keys=keys))


def _received(taken: _TakenIn) -> Reply:
    items = [
        {
            "id": taken.arrived[key].id,
            "is_new": card.is_new,
            "is_same": card.is_same,
            "state": taken.arrived[key].state,
            "trouble": taken.arrived[key].trouble,
            "work_order_id": taken.arrived[key].work_order_id,
        }
        for key, card in taken.kept
    ]
    if len(taken.kept) == 1 and (apart := taken.kept[0][1]).apart_id is not None:
        return Reply(status=HTTPStatus.CONFLICT, body=as_bytes({"id": apart.apart_id, "earlier_id": apart.id}))
    return Reply(status=HTTPStatus.CREATED, body=as_bytes({"items": items}))


def _as_problem(request: ApiRequest, answer: HttpResponse) -> HttpResponse:
    """Return the answer to a contact whose key was taken as a problem: it was done and is kept like any other, since nothing is undone."""
    problem = answer_refusal(request, KeyTaken(**orjson.loads(answer.content)))
    if "Idempotency-Replayed" in answer:
        problem["Idempotency-Replayed"] = answer["Idempotency-Replayed"]
    return problem


def _arrival(one: EnvelopeIn) -> Arrival:
    """Return the arrival; what has no key is known by its content.

    :raises BadInput: unless it has either content or raw bytes.
    """
    if (one.content is None) == (one.raw is None):
        raise BadInput("envelopes", "an envelope has content or raw bytes", "give one of content and raw")
    content = orjson.dumps(one.content) if one.raw is None else _bytes(one.raw)
    key = one.key or f"sha256:{sha256(content).hexdigest()}"
    return Arrival(content=content, media_type=FORM if one.raw is None else one.media_type, key=key)


def _bytes(raw: str) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as broken:
        raise BadInput("raw", "this is not base64", "write the bytes in base64") from broken


class BuriedLine(Shape):
    id: int
    source: str
    channel: str
    media_type: str
    received_at: datetime
    trouble: str
    details: dict[str, Any]
    line_no: int | None


class BuriedLines(Shape):
    items: list[BuriedLine]
    next: str | None


@router.get("/envelopes/buried", **asks(Scope.CONTACTS_READ, gives=BuriedLines))
def list_buried(request: ApiRequest, trouble: AskedCode = None, after: AfterId = 0, limit: Limit = 50) -> HttpResponse:
    """List what could not be understood and waits for somebody, the oldest first."""
    found = queries.list_buried(viewer=request.auth.viewer, trouble=trouble, after=after, limit=limit)
    return page(request, found.cards, next_after=found.next_after)


class EnvelopeShape(Shape):
    """One envelope. `content` (base64) and `corrections` are for those who settle envelopes; for the others the sender is masked."""

    id: int
    source: str
    channel: str
    media_type: str
    received_at: datetime
    line_no: int | None
    state: str
    trouble: str
    details: dict[str, Any]
    discard_reason: str
    size_bytes: int
    sender: str
    work_order_id: int | None
    content: str | None
    corrections: dict[str, str] | None


@router.get("/envelopes/{envelope_id}", **asks(Scope.CONTACTS_READ, gives=EnvelopeShape))
def get_envelope(request: ApiRequest, envelope_id: PathId) -> HttpResponse:
    """Get one envelope."""
    found = queries.get_envelope(envelope_id=envelope_id, viewer=request.auth.viewer)
    content = None if found.content is None else base64.b64encode(found.content).decode()
    return shown({name: getattr(found, name) for name in EnvelopeShape.model_fields} | {"content": content})


class RepairIn(Body):
    corrections: Annotated[dict[Code, Text], Field(max_length=10)] = {}


class Repaired(Shape):
    state: str


@router.post("/envelopes/{envelope_id}/repair", **tells(Scope.CONTACTS_WRITE, gives=Repaired))
def repair_envelope(request: ApiRequest, envelope_id: PathId, body: RepairIn) -> HttpResponse:
    """Say what an envelope is about (norm, channel, subject, text, phone, account_number, token), and have it tried again."""
    return act(request, services.repair_envelope, told("state"), envelope_id=envelope_id, **body.values())


class DiscardIn(Body):
    reason: Annotated[Line, Field(min_length=1)]


@router.post("/envelopes/{envelope_id}/discard", **does(Scope.CONTACTS_WRITE))
def discard_envelope(request: ApiRequest, envelope_id: PathId, body: DiscardIn) -> HttpResponse:
    """Decide that nothing is to be done about an envelope; its content stays."""
    return act(request, services.discard_envelope, done, envelope_id=envelope_id, **body.values())


class InteractionLine(Shape):
    id: int
    channel: str
    direction: str
    happened_at: datetime
    recorded_by_id: int
    customer_id: int | None
    match_kind: str
    confidence_pct: int | None
    norm: str
    norm_source: str
    work_order_id: int | None
    is_attached: bool
    envelope_id: int | None
    subject: str
    text: str


class InteractionLines(Shape):
    items: list[InteractionLine]
    next: str | None


@router.get("/interactions", **asks(Scope.CONTACTS_READ, gives=InteractionLines))
def list_interactions(
    request: ApiRequest, customer_id: AskedId = None, work_order_id: AskedId = None, after: AskedId = None, limit: Limit = 50
) -> HttpResponse:
    """List the contacts of a customer or a matter, the newest first. Name at least one of them."""
    found = queries.list_interactions(
        viewer=request.auth.viewer, customer_id=customer_id, work_order_id=work_order_id, before=after, limit=limit
    )
    return page(request, found.cards, next_after=found.next_before)


class InteractionIn(Body):
    channel: Code
    direction: Direction
    happened_at: Instant
    text: Text
    subject: Line = ""
    customer_id: Id | None = None
    work_order_id: Id | None = None


@router.post("/interactions", **makes(Scope.CONTACTS_WRITE))
def record_interaction(request: ApiRequest, body: InteractionIn) -> HttpResponse:
    """Write down a contact that left no envelope: a conversation, or one that we began."""
    return act(request, services.record_interaction, made(""), **body.values())
