"""The company: its units and who works in them."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Router

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks
from shouwen.faces.api.door.replies import page, shown
from shouwen.faces.api.door.shapes import AskedCode, PathId, Shape
from shouwen.platform.people import queries

READ = Scope.PEOPLE_READ
AskedPath = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[0-9A-Za-z_.-]+$")]

router = Router(tags=["people"])


class UnitShape(Shape):
    """A unit. `path` holds the codes from the top, each ended by a dot: a unit's path begins with that of every unit above it."""

    id: int
    code: str
    name: str
    kind: str
    path: str


class Units(Shape):
    items: list[UnitShape]
    next: str | None


class StaffShape(Shape):
    id: int
    staff_no: str
    name: str
    unit_id: int
    unit_path: str


class Me(Shape):
    """Whom the token acts as, and for what."""

    id: int
    staff_no: str
    unit_id: int
    unit_path: str
    roles: list[str]
    scopes: list[str]


@router.get("/units", **asks(READ, gives=Units))
def list_units(request: ApiRequest, under_path: AskedPath = None, kind: AskedCode = None) -> HttpResponse:
    """List the open units, each after the one above it: all on one page."""
    return page(request, queries.list_units(under_path=under_path or "", kind=kind), next_after=None)


@router.get("/units/{unit_id}", **asks(READ, gives=UnitShape))
def get_unit(request: ApiRequest, unit_id: PathId) -> HttpResponse:
    """Get one unit, also one that is closed."""
    return shown(queries.get_unit(unit_id=unit_id))


@router.get("/staff/{staff_id}", **asks(READ, gives=StaffShape))
def get_staff(request: ApiRequest, staff_id: PathId) -> HttpResponse:
    """Get one member of staff, also one who has left."""
    return shown(queries.get_staff(staff_id=staff_id))


@router.get("/me", **asks(READ, gives=Me))
def get_me(request: ApiRequest) -> HttpResponse:
    """Say whom this token acts as and what it may be used for."""
    viewer = request.auth.viewer
    who = {name: getattr(viewer, name) for name in ("id", "staff_no", "unit_id", "unit_path", "roles")}
    return shown(who | {"scopes": request.auth.scopes})
