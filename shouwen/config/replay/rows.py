"""The rows of a file, each with the key under which it is kept and the request that it is, or its trouble."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shouwen.config.replay.records import Record
from shouwen.kernel.errors import Refusal
from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import Unreadable
from shouwen.loop.contact.rules.rows import Allowance, Request, RequestMapping, read_row

KEY_LIMIT = 100


class FileUnfit(Refusal):
    """The file is not one that the mapping describes."""

    message = "The file does not fit the mapping: %(problem)s."


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``request`` is None for one that cannot be understood; ``fault`` is what only the whole file shows."""

    line_no: int
    key: str
    content: bytes
    request: Request | None = None
    fault: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Oddity:
    """A row that is due at another time than is usual for its type: it is judged by its own."""

    line_no: int
    id: str
    type: str
    allowance: Allowance | None
    usual: Allowance | None


def read_rows(records: Iterable[Record], mapping: RequestMapping) -> list[Row]:
    """Return every row of a file, in its order.

    A request is kept under its own number, so that a later file with the same request finds it. What cannot be understood, and the
    second with one number, is kept under the digest of its content: mended, it comes as another.

    :raises FileUnfit: without a heading, or without a column that the mapping names.
    """
    source = iter(records)
    heading = _heading(next(source, None), mapping)
    seen: set[str] = set()
    copies: Counter[str] = Counter()
    return [_row(record, heading, mapping, seen, copies) for record in source]


def _heading(record: Record | None, mapping: RequestMapping) -> bytes:
    if record is None or not record.content.strip():
        raise FileUnfit(problem="it has no heading")
    try:
        names = mapping.cells(mapping.decode(record.content))
    except Unreadable as unreadable:
        raise FileUnfit(problem=f"its heading cannot be read ({unreadable})") from unreadable
    missing = [column for column in mapping.columns.values() if column not in names]
    if missing or len(set(names)) < len(names):
        raise FileUnfit(problem=f"there is no column {missing[0]}" if missing else "two columns have one name")
    return record.content


def _row(record: Record, heading: bytes, mapping: RequestMapping, seen: set[str], copies: Counter[str]) -> Row:
    content = heading + b"\n" + record.content
    if record.is_unclosed:
        return Row(record.line_no, _content_key(content, copies), content, fault=Trouble.UNCLOSED_QUOTE)
    try:
        _, request = read_row(content=content, mapping=mapping)
    except Unreadable:
        return Row(record.line_no, _content_key(content, copies), content)
    if request.id in seen:
        return Row(record.line_no, _content_key(content, copies), content, fault=Trouble.DUPLICATED_ID)
    seen.add(request.id)
    key = request.id if len(request.id) <= KEY_LIMIT else _digest(request.id.encode())
    return Row(record.line_no, key, content, request=request)


def _content_key(content: bytes, copies: Counter[str]) -> str:
    digest = _digest(content)
    copies[digest] += 1
    return f"{digest}~{copies[digest]}"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def find_oddities(rows: Sequence[Row]) -> list[Oddity]:
    """Return the rows whose allowance is not the one that most rows of their type have (among equally many the shorter one)."""
    counts: dict[str, Counter[Allowance | None]] = defaultdict(Counter)
    for row in rows:
        if row.request is not None:
            counts[row.request.type][row.request.allowance] += 1
    usual = {type_: min(counted, key=lambda one: (-counted[one], one or ())) for type_, counted in counts.items()}
    return [
        Oddity(row.line_no, row.request.id, row.request.type, row.request.allowance, usual[row.request.type])
        for row in rows
        if row.request is not None and row.request.allowance != usual[row.request.type]
    ]


def find_repeated(rows: Sequence[Row]) -> dict[str, str]:
    """Return for the key of each duplicate the key of the request that it repeats.

    That is the latest earlier request of the same type at the same place that is no duplicate itself; without a place, or without
    such a request, there is none.
    """
    found: dict[str, str] = {}
    latest: dict[tuple[str, str], str] = {}
    known = [(row.request, row.key) for row in rows if row.request is not None and row.request.place]
    for request, key in sorted(known, key=lambda one: one[0].created_at):
        spot = (request.type, request.place)
        if not request.status.is_duplicate:
            latest[spot] = key
        elif spot in latest:
            found[key] = latest[spot]
    return found
