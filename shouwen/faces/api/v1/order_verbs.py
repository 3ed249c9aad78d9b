"""Working on a matter: each address is one verb."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import does, hears, makes, tells
from shouwen.faces.api.door.replies import act, as_bytes, done, made, told
from shouwen.faces.api.door.shapes import Body, Code, Flag, Id, Instant, Line, Made, PathId, Shape, Text
from shouwen.faces.api.services.answers import Reply
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import EscalationReason, HandOverReason, LinkKind, PromiseKind, ReopenReason
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.rules.numbers import number_of

ORDERS = "/api/v1/work-orders"
WRITE = Scope.ORDERS_WRITE
Score = Annotated[int, Field(strict=True, ge=1, le=5)]
Priority = Annotated[int, Field(strict=True, ge=1, le=4)]
Subject = Annotated[str, Field(max_length=120, pattern=r"^[^\u0000]*$")]
Question = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\u0000]*$")]

router = Router(tags=["work orders"])


class Opened(Made):
    number: str


class OpenIn(Body):
    """Only `norm` and `channel` are needed. Whoever opens a matter owns it; a gateway names an owner."""

    norm: Code
    channel: Code
    owner_id: Id | None = None
    unit_id: Id | None = None
    main_unit_id: Id | None = None
    customer_id: Id | None = None
    supply_point_id: Id | None = None
    subject: Subject = ""
    description: Text = ""
    hazards: Annotated[list[Code], Field(max_length=4)] = []
    priority: Priority | None = None


def _opened(order_id: int) -> Reply:
    body = as_bytes({"id": order_id, "number": number_of(order_id)})
    return Reply(status=201, body=body, location=f"{ORDERS}/{order_id}")


@router.post("/work-orders", **makes(WRITE, gives=Opened))
def open_work_order(request: ApiRequest, body: OpenIn) -> HttpResponse:
    """Open a matter under the version of a norm that is in force."""
    values = body.values()
    values["hazards"] = tuple(body.hazards)
    return act(request, services.open_work_order, _opened, **values)


class FieldChangeIn(Body):
    """What you saw and what you want. A field is written only while it is still as you saw it."""

    seen: Text | Id | list[Code] | None
    wanted: Text | Id | list[Code] | None


class AmendIn(Body):
    changes: Annotated[dict[Code, FieldChangeIn], Field(min_length=1, max_length=10)]


class Amended(Shape):
    changed: list[str]


@router.patch("/work-orders/{work_order_id}", **tells(WRITE, gives=Amended))
def amend_work_order(request: ApiRequest, work_order_id: PathId, body: AmendIn) -> HttpResponse:
    """Correct fields: subject, description, result, hazards, priority, customer_id, supply_point_id, main_unit_id.

    When somebody else has changed one of them meanwhile, nothing is written and the problem holds the `present` values (409).
    """
    changes = {name: FieldChange(seen=change.seen, wanted=change.wanted) for name, change in body.changes.items()}
    return act(request, services.amend_work_order, told("changed"), work_order_id=work_order_id, changes=changes)


@router.post("/work-orders/{work_order_id}/taking", **does(WRITE))
def take_work_order(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Take the present step."""
    return act(request, services.take_work_order, done, work_order_id=work_order_id)


SEEN_STEP = "The step that you see; refused with 409 when the matter has moved on from it. Left out: whichever it is at."
SeenStep = Annotated[Code | None, Field(description=SEEN_STEP)]


class OutcomeIn(Body):
    outcome: Code
    step: SeenStep = None
    result: Text = ""


@router.post("/work-orders/{work_order_id}/outcomes", **does(WRITE))
def finish_step(request: ApiRequest, work_order_id: PathId, body: OutcomeIn) -> HttpResponse:
    """Finish the present step with one of its outcomes; the norm says what follows."""
    return act(request, services.finish_step, done, work_order_id=work_order_id, **body.values())


class HandOverIn(Body):
    to_unit_id: Id
    reason: HandOverReason
    step: SeenStep = None
    words: Line = ""


@router.post("/work-orders/{work_order_id}/hand-overs", **makes(WRITE))
def hand_over_work_order(request: ApiRequest, work_order_id: PathId, body: HandOverIn) -> HttpResponse:
    """Move the present step to another unit; the owner stays, the clocks run on."""
    verb = services.hand_over_work_order
    return act(request, verb, made("/api/v1/hand-overs"), work_order_id=work_order_id, **body.values())


class RatingIn(Body):
    score: Score


@router.post("/hand-overs/{hand_over_id}/rating", **does(WRITE))
def rate_hand_over(request: ApiRequest, hand_over_id: PathId, body: RatingIn) -> HttpResponse:
    """Grade what your unit was handed, 1 (poor) to 5."""
    return act(request, services.rate_hand_over, done, hand_over_id=hand_over_id, **body.values())


class AssistIn(Body):
    unit_id: Id
    question: Question


@router.post("/work-orders/{work_order_id}/assists", **makes(WRITE))
def ask_assist(request: ApiRequest, work_order_id: PathId, body: AssistIn) -> HttpResponse:
    """Ask another unit for help while the work stays here."""
    return act(request, services.ask_assist, made("/api/v1/assists"), work_order_id=work_order_id, **body.values())


class AssistAnswerIn(Body):
    answer: Question


@router.post("/assists/{assist_id}/answer", **does(WRITE))
def give_assist(request: ApiRequest, assist_id: PathId, body: AssistAnswerIn) -> HttpResponse:
    """Answer a call for help."""
    return act(request, services.give_assist, done, assist_id=assist_id, **body.values())


class PauseIn(Body):
    reason: Code


@router.post("/work-orders/{work_order_id}/pause", **does(WRITE))
def pause_work_order(request: ApiRequest, work_order_id: PathId, body: PauseIn) -> HttpResponse:
    """Stop the clocks for a reason that the norm allows."""
    return act(request, services.pause_work_order, done, work_order_id=work_order_id, **body.values())


@router.post("/work-orders/{work_order_id}/resumption", **does(WRITE))
def resume_work_order(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Let the clocks run again; every open deadline moves by exactly the pause."""
    return act(request, services.resume_work_order, done, work_order_id=work_order_id)


class PromiseIn(Body):
    kind: PromiseKind
    due_at: Instant
    words: Line = ""


@router.post("/work-orders/{work_order_id}/promises", **makes(WRITE))
def make_promise(request: ApiRequest, work_order_id: PathId, body: PromiseIn) -> HttpResponse:
    """Promise the customer to arrive, call or finish by a time."""
    return act(request, services.make_promise, made("/api/v1/promises"), work_order_id=work_order_id, **body.values())


class PromiseMoveIn(Body):
    due_at: Instant


@router.post("/promises/{promise_id}/moves", **makes(WRITE))
def move_promise(request: ApiRequest, promise_id: PathId, body: PromiseMoveIn) -> HttpResponse:
    """Agree another time before the promised one has passed; returns the promise that holds now."""
    return act(request, services.move_promise, made("/api/v1/promises"), promise_id=promise_id, **body.values())


class PromiseKept(Shape):
    in_time: bool


@router.post("/promises/{promise_id}/keeping", **tells(WRITE, gives=PromiseKept))
def keep_promise(request: ApiRequest, promise_id: PathId) -> HttpResponse:
    """Record that what was promised is done now."""
    return act(request, services.keep_promise, told("in_time"), promise_id=promise_id)


class Urged(Shape):
    urge_count: int


@router.post("/work-orders/{work_order_id}/urgings", **hears(WRITE, gives=Urged))
def urge_work_order(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Record that the customer asks again."""
    return act(request, services.urge_work_order, told("urge_count"), work_order_id=work_order_id)


class EscalationIn(Body):
    reason: EscalationReason
    words: Line = ""


@router.post("/work-orders/{work_order_id}/escalations", **makes(WRITE))
def escalate_work_order(request: ApiRequest, work_order_id: PathId, body: EscalationIn) -> HttpResponse:
    """Tell the owner's superior at once."""
    return act(request, services.escalate_work_order, made(""), work_order_id=work_order_id, **body.values())


class NoteIn(Body):
    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\u0000]*$")]
    is_public: Flag = False


@router.post("/work-orders/{work_order_id}/notes", **makes(WRITE))
def add_note(request: ApiRequest, work_order_id: PathId, body: NoteIn) -> HttpResponse:
    """Write a note; inside, unless `is_public` says that it is for the customer."""
    return act(request, services.add_note, made(""), work_order_id=work_order_id, **body.values())


class LinkIn(Body):
    to_id: Id
    kind: LinkKind


@router.post("/work-orders/{work_order_id}/links", **makes(WRITE))
def link_work_orders(request: ApiRequest, work_order_id: PathId, body: LinkIn) -> HttpResponse:
    """Say that two matters belong together."""
    return act(request, services.link_work_orders, made("/api/v1/links"), from_id=work_order_id, **body.values())


@router.post("/links/{link_id}/undoing", **does(WRITE))
def undo_link(request: ApiRequest, link_id: PathId) -> HttpResponse:
    """Take a link back; a merged matter goes on where it was."""
    return act(request, services.undo_link, done, link_id=link_id)


class MergerIn(Body):
    into_id: Id


@router.post("/work-orders/{work_order_id}/merger", **makes(WRITE))
def merge_work_order(request: ApiRequest, work_order_id: PathId, body: MergerIn) -> HttpResponse:
    """Let another matter stand for this one; returns the link that undoes it."""
    return act(request, services.merge_work_order, made("/api/v1/links"), work_order_id=work_order_id, **body.values())


class PartIn(Body):
    norm: Code
    subject: Subject
    description: Text = ""


@router.post("/work-orders/{work_order_id}/parts", **makes(WRITE, gives=Opened))
def split_work_order(request: ApiRequest, work_order_id: PathId, body: PartIn) -> HttpResponse:
    """Open a second matter for another part of what the customer asked, linked to this one."""
    return act(request, services.split_work_order, _opened, work_order_id=work_order_id, **body.values())


class ResultIn(Body):
    channel: Code
    result: Text = ""


@router.post("/work-orders/{work_order_id}/result", **does(WRITE))
def tell_result(request: ApiRequest, work_order_id: PathId, body: ResultIn) -> HttpResponse:
    """Record that the customer was told what came of it."""
    return act(request, services.tell_result, done, work_order_id=work_order_id, **body.values())


class OwnerIn(Body):
    to_staff_id: Id
    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\u0000]*$")]


@router.post("/work-orders/{work_order_id}/owner", **does(WRITE))
def change_owner(request: ApiRequest, work_order_id: PathId, body: OwnerIn) -> HttpResponse:
    """Give the matter another first-asked owner: a supervisor's decision, with a reason that is kept."""
    return act(request, services.change_owner, done, work_order_id=work_order_id, **body.values())


class ReopeningIn(Body):
    reason: ReopenReason


@router.post("/work-orders/{work_order_id}/reopening", **does(WRITE))
def reopen_work_order(request: ApiRequest, work_order_id: PathId, body: ReopeningIn) -> HttpResponse:
    """Take a resolved or closed matter up again."""
    return act(request, services.reopen_work_order, done, work_order_id=work_order_id, **body.values())
