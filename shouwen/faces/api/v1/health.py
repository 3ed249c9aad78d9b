"""Whether the house answers, and what it answers with."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from shouwen.faces.api.door.replies import JSON, shown
from shouwen.faces.api.door.shapes import Shape

router = Router(tags=["operations"])


class Health(Shape):
    status: str


@router.get("/health", response={200: Health})
def get_health(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers. Needs no token and tells nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return shown({"status": "ok"})


@router.get("/openapi.json", include_in_schema=False)
def get_document(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document."""
    from shouwen.faces.api.v1 import api

    return HttpResponse(api.document, content_type=JSON)
