"""Rows of a foreign file of requests: a mapping says which column is what, and a row comes out as a request or as its trouble.

The format is documented in ``docs/howto/replay.md``.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from shouwen.kernel.errors import BadInput, Refusal
from shouwen.kernel.time.instants import FIRST_YEAR, LAST_YEAR, local_instant, zone_named
from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import SUBJECT_LIMIT, Contact, Unreadable, shortened
from shouwen.records.norms.choices import Channel

NEEDED = ("id", "type", "channel", "status", "created", "closed")
COLUMNS = frozenset({*NEEDED, "agency", "due", "place"})
CELL_LIMIT = 2_000
SLUG_LIMIT = 33
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

csv.field_size_limit(50_000_000)


class MappingInvalid(Refusal):
    """The mapping itself is wrong; says where."""

    message = "The mapping is wrong at %(field)s: %(problem)s."


@dataclass(frozen=True, slots=True)
class Status:
    """What a status of the file says: whether the request is closed, and whether it repeats another."""

    is_closed: bool
    is_duplicate: bool


class Allowance(NamedTuple):
    """How long a request may take: ``amount`` calendar days by the wall clock of the file, else so many seconds."""

    amount: int
    unit: Literal["calendar_day", "second"]

    @property
    def code(self) -> str:
        """Return it as a part of a name: ``d30``, ``s5400``."""
        return f"{self.unit[0].replace('c', 'd')}{self.amount}"


class Request(NamedTuple):
    """One row understood. Instants are in UTC; ``due_at`` and ``closed_at`` are None where the file has none."""

    id: str
    type: str
    norm: str
    channel: str
    agency: str
    status: Status
    created_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    allowance: Allowance | None
    place: str


@dataclass(frozen=True)
class RequestMapping:
    """A checked mapping of requests."""

    name: str
    encodings: tuple[str, ...]
    delimiter: str
    zone: ZoneInfo
    columns: Mapping[str, str]
    date_formats: tuple[str, ...]
    channels: Mapping[str, str]
    channel_default: str
    statuses: Mapping[str, Status]
    type_pattern: re.Pattern[str]
    type_default: str
    norm_prefix: str
    agencies: Mapping[str, str]
    agency_default: str
    jurisdiction: str
    calendar: str
    replay: Mapping[str, Any] = field(default_factory=dict)

    def decode(self, content: bytes) -> str:
        """Return the text by the first encoding that fits.

        :raises Unreadable: when none does.
        """
        for encoding in self.encodings:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise Unreadable(Trouble.ENCODING, tried=", ".join(self.encodings))

    def cells(self, text: str) -> list[str]:
        """Return the cells of one record."""
        rows = list(csv.reader([text] if "\n" not in text else text.splitlines(keepends=True), delimiter=self.delimiter))
        if len(rows) != 1:
            raise Unreadable(Trouble.WRONG_SHAPE, records=len(rows))
        return rows[0]

    def norm_of(self, type_: str, allowance: Allowance | None) -> str:
        """Return the slug of the norm that requests of a type with this allowance run under."""
        return f"{self.norm_prefix}_{slug_of(f'{type_} {allowance.code}' if allowance else type_)}"

    def unit_of(self, agency: str) -> str:
        """Return the code of the unit that an agency is here; the default for one that the mapping does not name."""
        return self.agencies.get(agency, self.agency_default)

    def read(self, heading: Sequence[str], cells: Sequence[str]) -> Request:
        """Return the request of one row.

        :raises Unreadable: with the first trouble, naming the column.
        """
        values = self._values(heading, cells)
        created_at, due_at, closed_at = (self._instant(values, name) for name in ("created", "due", "closed"))
        if created_at is None:
            raise Unreadable(Trouble.MISSING, column=self.columns["created"])
        status = self._status(values["status"], closed_at)
        _must_follow(created_at, due_at, closed_at)
        type_, allowance = self._type(values["type"]), _allowance(created_at, due_at, self.zone)
        return Request(
            id=values["id"],
            type=type_,
            norm=self.norm_of(type_, allowance),
            channel=self._channel(values["channel"]),
            agency=values.get("agency", ""),
            status=status,
            created_at=created_at.astimezone(UTC),
            due_at=due_at and due_at.astimezone(UTC),
            closed_at=closed_at and closed_at.astimezone(UTC),
            allowance=allowance,
            place=values.get("place", ""),
        )

    def _values(self, heading: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
        if not any(cell.strip() for cell in cells):
            raise Unreadable(Trouble.EMPTY)
        if len(cells) != len(heading):
            raise Unreadable(Trouble.WRONG_SHAPE, found=len(cells), expected=len(heading))
        named = dict(zip(heading, cells, strict=True))
        for column, cell in named.items():
            if len(cell) > CELL_LIMIT:
                raise Unreadable(Trouble.TOO_LONG, column=column, length=len(cell), limit=CELL_LIMIT)
        values = {name: named[column].replace("\x00", "").strip() for name, column in self.columns.items()}
        if not values["id"]:
            raise Unreadable(Trouble.MISSING, column=self.columns["id"])
        return values

    def _instant(self, values: Mapping[str, str], name: str) -> datetime | None:
        text = values.get(name, "")
        if not text:
            return None
        for form in self.date_formats:
            try:
                local = datetime.strptime(text, form)  # noqa: DTZ007 - the mapping's zone comes next
            except ValueError:
                continue
            if FIRST_YEAR < local.year < LAST_YEAR - 1:
                return local_instant(local, self.zone)
        raise Unreadable(Trouble.BAD_DATE, column=self.columns[name])

    def _status(self, text: str, closed_at: datetime | None) -> Status:
        status = self.statuses.get(text)
        if status is None:
            raise Unreadable(Trouble.UNKNOWN_STATUS, column=self.columns["status"])
        if status.is_closed and closed_at is None:
            raise Unreadable(Trouble.CLOSED_MISSING, column=self.columns["closed"])
        return status

    def _type(self, text: str) -> str:
        if self.type_pattern.fullmatch(text):
            return text
        if self.type_default:
            return self.type_default
        raise Unreadable(Trouble.UNKNOWN_TYPE, column=self.columns["type"])

    def _channel(self, text: str) -> str:
        channel = self.channels.get(text, self.channel_default)
        if not channel:
            raise Unreadable(Trouble.UNKNOWN_CHANNEL, column=self.columns["channel"])
        return channel


def slug_of(text: str) -> str:
    """Return a name for code: small letters, digits and single underscores, the end of a long one replaced by a digest."""
    slug = _NOT_SLUG.sub("_", text.lower()).strip("_") or "x"
    if len(slug) <= SLUG_LIMIT:
        return slug
    return f"{slug[: SLUG_LIMIT - 7].rstrip('_')}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _must_follow(created_at: datetime, due_at: datetime | None, closed_at: datetime | None) -> None:
    if due_at is not None and due_at < created_at:
        raise Unreadable(Trouble.DUE_BEFORE_CREATED)
    if closed_at is not None and closed_at < created_at:
        raise Unreadable(Trouble.CLOSED_BEFORE_CREATED)


def _allowance(created_at: datetime, due_at: datetime | None, zone: ZoneInfo) -> Allowance | None:
    """Return the allowance that leads from ``created_at`` exactly to ``due_at``, both local."""
    if due_at is None:
        return None
    created = created_at.replace(tzinfo=None)
    days = (due_at.replace(tzinfo=None) - created).days
    for whole in (days, days + 1):
        if local_instant(created + timedelta(days=whole), zone) == due_at:
            return Allowance(whole, "calendar_day")
    return Allowance(int((due_at.astimezone(UTC) - created_at.astimezone(UTC)).total_seconds()), "second")


def read_row(*, content: bytes, mapping: RequestMapping) -> tuple[Contact, Request]:
    """Return the contact and the request of an envelope that holds a heading and one record, each from its own line.

    :raises Unreadable: with the first trouble.
    """
    head, _, body = content.partition(b"\n")
    record = mapping.decode(body).rstrip("\r\n")
    if not record.strip():
        raise Unreadable(Trouble.EMPTY)
    try:
        request = mapping.read(mapping.cells(mapping.decode(head).rstrip("\r")), mapping.cells(record))
    except csv.Error as error:
        raise Unreadable(Trouble.WRONG_SHAPE) from error
    return contact_of(request, mapping), request


def contact_of(request: Request, mapping: RequestMapping) -> Contact:
    """Return what a request says as a contact."""
    marks = [request.type, request.place, request.agency, "duplicate" if request.status.is_duplicate else ""]
    return Contact(
        subject=shortened(request.type, SUBJECT_LIMIT),
        text=" · ".join(mark for mark in marks if mark),
        norm=request.norm,
        is_norm_mapped=True,
        channel=request.channel,
        reference=request.id,
        unit_code=mapping.unit_of(request.agency),
        jurisdiction=mapping.jurisdiction,
        calendar=mapping.calendar,
    )


def parse_mapping(document: object) -> RequestMapping:
    """Return the mapping that a document states.

    :raises MappingInvalid: with the first thing that is wrong.
    """
    if not isinstance(document, dict):
        raise MappingInvalid(field="-", problem="it must be a mapping")
    types, channels = _part(document, "types"), _part(document, "channels")
    agencies = _part(document, "agencies") if "agencies" in document else {}
    return RequestMapping(
        name=_text(document, "name"),
        encodings=_encodings(document.get("encodings", ["utf-8"])),
        delimiter=_delimiter(document.get("delimiter", ",")),
        zone=_zone(_text(document, "timezone")),
        columns=_columns(_part(document, "columns")),
        date_formats=tuple(map(str, document.get("date_formats") or ["%Y-%m-%dT%H:%M:%S"])),
        channels=_channels(channels.get("values") or {}),
        channel_default=_channel(channels.get("default", ""), "channels.default"),
        statuses=_statuses(_part(document, "statuses")),
        type_pattern=_pattern(types.get("pattern", ".+")),
        type_default=str(types.get("default") or ""),
        norm_prefix=slug_of(str(types.get("norm_prefix", "replay")))[:6],
        agencies=_agencies(agencies.get("values") or {}),
        agency_default=str(agencies.get("default") or ""),
        jurisdiction=_text(document, "jurisdiction"),
        calendar=_text(document, "calendar"),
        replay=_part(document, "replay") if "replay" in document else {},
    )


def _part(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise MappingInvalid(field=name, problem="it must be a mapping")
    return part


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MappingInvalid(field=name, problem="it is missing")
    return value.strip()


def _encodings(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not names:
        raise MappingInvalid(field="encodings", problem="it must be a list of encodings to try")
    for name in names:
        try:
            "x".encode(str(name))
        except LookupError as error:
            raise MappingInvalid(field="encodings", problem=f"there is no encoding {name}") from error
    return tuple(map(str, names))


def _delimiter(text: object) -> str:
    if not isinstance(text, str) or len(text) != 1:
        raise MappingInvalid(field="delimiter", problem="it must be one character")
    return text


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_named(name)
    except BadInput as error:
        raise MappingInvalid(field="timezone", problem=error.problem) from error


def _columns(part: Mapping[str, Any]) -> dict[str, str]:
    if missing := [name for name in NEEDED if not part.get(name)]:
        raise MappingInvalid(field=f"columns.{missing[0]}", problem="it is missing")
    if unknown := sorted(set(part) - COLUMNS):
        raise MappingInvalid(field=f"columns.{unknown[0]}", problem="requests have no such field")
    return {name: str(column) for name, column in part.items()}


def _channel(code: object, place: str) -> str:
    if code and code not in Channel.values:
        raise MappingInvalid(field=place, problem=f"there is no channel {code}")
    return str(code or "")


def _channels(part: Mapping[str, Any]) -> dict[str, str]:
    return {str(theirs): _channel(ours, f"channels.values.{theirs}") for theirs, ours in part.items()}


def _agencies(part: Mapping[str, Any]) -> dict[str, str]:
    """Return the code of the unit of each agency; an agency is its unit's code, or a mapping with ``unit`` and names."""
    codes = {str(theirs): ours.get("unit") if isinstance(ours, dict) else ours for theirs, ours in part.items()}
    if nameless := [theirs for theirs, code in codes.items() if not isinstance(code, str) or not code]:
        raise MappingInvalid(field=f"agencies.values.{nameless[0]}", problem="it needs the code of a unit")
    return {theirs: str(code) for theirs, code in codes.items()}


def _statuses(part: Mapping[str, Any]) -> dict[str, Status]:
    statuses = {}
    for theirs, says in part.items():
        if not isinstance(says, dict) or not isinstance(says.get("closed"), bool) or set(says) - {"closed", "duplicate"}:
            raise MappingInvalid(field=f"statuses.{theirs}", problem="it needs closed, true or false, and may have duplicate")
        statuses[str(theirs)] = Status(is_closed=says["closed"], is_duplicate=bool(says.get("duplicate", False)))
    return statuses


def _pattern(text: object) -> re.Pattern[str]:
    try:
        return re.compile(str(text))
    except re.error as error:
        raise MappingInvalid(field="types.pattern", problem=f"it is no regular expression: {error}") from error
