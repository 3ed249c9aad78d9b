"""How an endpoint is declared: which scope it asks for, what it answers."""

from __future__ import annotations

from typing import Any

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import Bearer
from shouwen.faces.api.door.document import NOT_REPEATABLE
from shouwen.faces.api.door.shapes import Made

_bearers = {scope: Bearer(scope) for scope in Scope}


def asks(scope: Scope, *, gives: Any) -> dict[str, Any]:
    """Declare a question."""
    return {"auth": _bearers[scope], "response": {200: gives}}


def does(scope: Scope) -> dict[str, Any]:
    """Declare a verb after which there is nothing more to say."""
    return {"auth": _bearers[scope], "response": {204: None}}


def hears(scope: Scope, *, gives: Any = None) -> dict[str, Any]:
    """Declare a verb by which a customer speaks: through a program also about a matter of which the program may not know."""
    return {"auth": Bearer(scope, is_discreet=False), "response": {204: None} if gives is None else {200: gives}}


def makes(scope: Scope, *, gives: Any = Made) -> dict[str, Any]:
    """Declare a verb that makes something."""
    return {"auth": _bearers[scope], "response": {201: gives}}


def tells(scope: Scope, *, gives: Any) -> dict[str, Any]:
    """Declare a verb that tells what came of it."""
    return {"auth": _bearers[scope], "response": {200: gives}}


def looks(scope: Scope, *, gives: Any) -> dict[str, Any]:
    """Declare a question that is asked by POST, since what it asks with does not belong into an address; it is asked anew each time."""
    return {"auth": _bearers[scope], "response": {200: gives}, "openapi_extra": {NOT_REPEATABLE: True}}


def draws(scope: Scope, *, media: str) -> dict[str, Any]:
    """Declare a question that is answered with a drawing or a file."""
    answered = {"description": "OK", "content": {media: {"schema": {"type": "string"}}}}
    return {"auth": _bearers[scope], "response": {200: None}, "openapi_extra": {"responses": {200: answered}}}
