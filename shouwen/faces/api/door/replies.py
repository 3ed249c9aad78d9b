"""Replies: verbs are done once for each ``Idempotency-Key``, questions become JSON straight from their dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse

from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.services.answers import Reply, answer_once

R = TypeVar("R")

JSON = "application/json"
OPTIONS = orjson.OPT_NON_STR_KEYS


def as_bytes(content: object) -> bytes:
    """Return JSON: dataclasses as objects, instants in ISO 8601, decimals and whatever else as text, sets in order."""
    return orjson.dumps(content, default=_plain, option=OPTIONS)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)


def shown(content: object) -> HttpResponse:
    """Answer a question."""
    return HttpResponse(as_bytes(content), content_type=JSON)


def page(request: ApiRequest, items: Sequence[object], *, next_after: object | None) -> HttpResponse:
    """Answer with one page: its items, the cursor of the next page (None at the end), and the address of that page as a link."""
    response = shown({"items": items, "next": None if next_after is None else str(next_after)})
    if next_after is not None:
        query = request.GET.dict() | {"after": str(next_after)}
        response["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response


def done(_: object = None) -> Reply:
    """Nothing more to say."""
    return Reply(status=204, body=b"")


def made(at: str) -> Callable[[int], Reply]:
    """Say under which id something was made, and its address: ``at`` followed by the id."""

    def reply(made_id: int) -> Reply:
        return Reply(status=201, body=b'{"id":%d}' % made_id, location=f"{at}/{made_id}" if at else "")

    return reply


def told(name: str) -> Callable[[object], Reply]:
    """Say what came of it under one name."""
    return lambda value: Reply(status=200, body=as_bytes({name: value}))


def act(request: ApiRequest, verb: Callable[..., R], reply: Callable[[R], Reply], **values: Any) -> HttpResponse:
    """Do one verb for the caller and answer; with an ``Idempotency-Key`` once, however often it is sent.

    With a key, the verb and the kept answer are one transaction: the verb's own body runs in it, without a savepoint.
    """
    caller = request.auth
    values |= {"actor_id": caller.viewer.id, "at": caller.at}
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return _sent(reply(verb(**values)))
    body = getattr(verb, "__wrapped__", verb)
    what = b"%s %s\n%s" % (str(request.method).encode(), request.get_full_path().encode(), request.body)
    kept = answer_once(client=caller.client, key=key, asked=what, make=lambda: reply(body(**values)), at=caller.at)
    response = _sent(kept.reply)
    if kept.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response


def _sent(reply: Reply) -> HttpResponse:
    response = HttpResponse(reply.body, status=reply.status, content_type=JSON)
    if reply.location:
        response["Location"] = reply.location
    return response
