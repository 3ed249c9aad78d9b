"""Kinds of values that endpoints take, each bounded so that the database can hold whatever gets through."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    WithJsonSchema,
)

MAX_ID = 2**63 - 1
PAGE_LIMIT = 200
NO_NUL = r"^[^\u0000]*$"  # PostgreSQL keeps every character but this one
LONG_TEXT = 20_000
FIRST_YEAR, LAST_YEAR = 1970, 2999


def _written(value: object) -> object:
    """Refuse numbers: an instant is written with its zone, never as seconds since some epoch."""
    if isinstance(value, datetime) or (isinstance(value, str) and not value.strip().lstrip("+-").replace(".", "", 1).isdigit()):
        return value
    raise ValueError("write an instant like 2026-05-06T12:00:00+08:00")


def _in_utc(value: datetime) -> datetime:
    """Return the instant in UTC: a database knows fewer offsets than people can write."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"write a year from {FIRST_YEAR} to {LAST_YEAR}")
    return value.astimezone(UTC)


Id = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
Flag = StrictBool
Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z_.:-]+$")]
Line = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Text = Annotated[str, Field(max_length=LONG_TEXT, pattern=NO_NUL)]
Money = Annotated[
    Decimal, PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})
]
"""Yuan as text: a number in JSON is a float to most readers."""

PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
PathCode = Annotated[str, Path(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z_.:-]+$")]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT)]
AskedId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
AskedCode = Annotated[str | None, Query(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z_.:-]+$")]
AskedLine = Annotated[str | None, Query(min_length=1, max_length=200, pattern=NO_NUL)]
AfterId = Annotated[int, Query(ge=0, le=MAX_ID)]
AskedInstant = Annotated[Instant | None, Query()]


class Body(BaseModel):
    """What a request brings: fields that are not known are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")

    def values(self) -> dict[str, Any]:
        """Return the fields by name, not turned into anything else."""
        return dict(self)


class Shape(BaseModel):
    """What an answer holds; used for the OpenAPI document only, since answers are made from the dataclasses of the questions."""


class Made(Shape):
    """What a verb has made."""

    id: int
