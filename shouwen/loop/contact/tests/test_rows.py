from datetime import UTC, datetime
from typing import Any

import pytest

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import Contact, Unreadable
from shouwen.loop.contact.rules.rows import Allowance, MappingInvalid, Request, Status, parse_mapping, read_row, slug_of

HEADING = "id,type,channel,agency,status,created,due,closed,place\n"


def document(**changes: Any) -> dict[str, Any]:
    """Return a small mapping as a document, with ``changes``."""
    return {
        "name": "city",
        "timezone": "America/New_York",
        "columns": {name: name for name in ("id", "type", "channel", "agency", "status", "created", "due", "closed", "place")},
        "channels": {"values": {"Phone": "phone"}, "default": "web"},
        "statuses": {"Open": {"closed": False}, "Done": {"closed": True}, "Twice": {"closed": True, "duplicate": True}},
        "types": {"pattern": "[A-Z].*", "norm_prefix": "city"},
        "agencies": {"values": {"Roads": "C-R", "Parks": {"unit": "C-P", "zh": "公园"}}, "default": "C-X"},
        "jurisdiction": "US-MD",
        "calendar": "city",
    } | changes


def row(**changes: str) -> bytes:
    cells = {
        "id": "R1",
        "type": "Pothole",
        "channel": "Phone",
        "agency": "Roads",
        "status": "Done",
        "created": "2014-03-01T10:00:00",
        "due": "2014-03-15T10:00:00",
        "closed": "2014-03-10T09:00:00",
        "place": "Hampden",
    } | changes
    return (HEADING + ",".join(cells.values())).encode()


def read(**changes: str) -> Request:
    return read_row(content=row(**changes), mapping=parse_mapping(document()))[1]


def test_a_row_is_a_request_and_a_contact() -> None:
    contact, request = read_row(content=row(), mapping=parse_mapping(document()))

    assert request == Request(
        id="R1",
        type="Pothole",
        norm="city_pothole_d14",
        channel="phone",
        agency="Roads",
        status=Status(is_closed=True, is_duplicate=False),
        created_at=datetime(2014, 3, 1, 15, tzinfo=UTC),
        due_at=datetime(2014, 3, 15, 14, tzinfo=UTC),
        closed_at=datetime(2014, 3, 10, 13, tzinfo=UTC),
        allowance=Allowance(14, "calendar_day"),
        place="Hampden",
    )
    assert contact == Contact(
        subject="Pothole",
        text="Pothole · Hampden · Roads",
        norm="city_pothole_d14",
        is_norm_mapped=True,
        channel="phone",
        reference="R1",
        unit_code="C-R",
        jurisdiction="US-MD",
        calendar="city",
    )


@pytest.mark.parametrize(
    ("created", "due", "allowance"),
    [
        ("2014-03-01T10:00:00", "2014-03-01T10:00:00", Allowance(0, "calendar_day")),
        ("2014-03-01T10:00:00", "2014-03-15T11:00:00", Allowance(14 * 86_400, "second")),  # the clocks went forward on the 9th
        ("2014-11-01T10:00:00", "2014-11-02T10:00:00", Allowance(1, "calendar_day")),  # 25 hours
        ("2014-03-09T02:30:00", "2014-03-10T02:30:00", Allowance(84_600, "second")),  # 2:30 was 3:00 that night
        ("2014-03-08T02:30:00", "2014-03-09T02:30:00", Allowance(1, "calendar_day")),  # due at the change, 3:00
        ("2014-03-01T10:00:00", "", None),
    ],
)
def test_the_allowance_leads_exactly_to_the_due_instant(created: str, due: str, allowance: Allowance | None) -> None:
    assert read(created=created, due=due, closed="2015-01-01T00:00:00").allowance == allowance


@pytest.mark.parametrize(
    ("changes", "trouble", "details"),
    [
        ({"id": " "}, Trouble.MISSING, {"column": "id"}),
        ({"created": ""}, Trouble.MISSING, {"column": "created"}),
        ({"created": "2014-02-30T10:00:00"}, Trouble.BAD_DATE, {"column": "created"}),
        ({"due": "soon"}, Trouble.BAD_DATE, {"column": "due"}),
        ({"closed": "0014-03-10T09:00:00"}, Trouble.BAD_DATE, {"column": "closed"}),
        ({"type": "pothole"}, Trouble.UNKNOWN_TYPE, {"column": "type"}),
        ({"status": "Lost"}, Trouble.UNKNOWN_STATUS, {"column": "status"}),
        ({"closed": ""}, Trouble.CLOSED_MISSING, {"column": "closed"}),
        ({"closed": "2014-02-10T09:00:00"}, Trouble.CLOSED_BEFORE_CREATED, {}),
        ({"due": "2014-02-10T09:00:00"}, Trouble.DUE_BEFORE_CREATED, {}),
        ({"place": "x" * 2001}, Trouble.TOO_LONG, {"column": "place", "length": 2001, "limit": 2000}),
        ({"place": "x,y"}, Trouble.WRONG_SHAPE, {"found": 10, "expected": 9}),
        ({"place": "x\nR2"}, Trouble.WRONG_SHAPE, {"records": 2}),
    ],
)
def test_what_is_wrong_with_a_row_is_named(changes: dict[str, str], trouble: Trouble, details: dict[str, object]) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read(**changes)

    assert (unreadable.value.trouble, unreadable.value.details) == (trouble, details)


def test_an_empty_row_and_an_unknown_encoding_are_named() -> None:
    mapping = parse_mapping(document())
    troubles = []
    for body in (b"\r\n", b",,,,,,,,", row()[len(HEADING) :] + b"\xff\xfe"):
        with pytest.raises(Unreadable) as unreadable:
            read_row(content=HEADING.encode() + body, mapping=mapping)
        troubles.append(unreadable.value.trouble)

    assert troubles == [Trouble.EMPTY, Trouble.EMPTY, Trouble.ENCODING]


def test_an_agency_that_the_mapping_does_not_name_goes_to_the_default_unit() -> None:
    mapping = parse_mapping(document())

    assert [mapping.unit_of(agency) for agency in ("Roads", "Parks", "Sewers", "")] == ["C-R", "C-P", "C-X", "C-X"]


def test_long_names_are_cut_without_becoming_alike() -> None:
    one, other = (
        slug_of("A very long type of request about streets, north"),
        slug_of("A very long type of request about streets, south"),
    )

    assert (len(one), one == other, one[:26]) == (33, False, other[:26])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"columns": {"id": "id"}}, "columns.type"),
        ({"columns": document()["columns"] | {"colour": "x"}}, "columns.colour"),
        ({"channels": {"values": {"Phone": "pigeon"}}}, "channels.values.Phone"),
        ({"statuses": {"Open": True}}, "statuses.Open"),
        ({"types": {"pattern": "("}}, "types.pattern"),
        ({"agencies": {"values": {"Roads": {}}}}, "agencies.values.Roads"),
        ({"encodings": ["latin-99"]}, "encodings"),
        ({"delimiter": ";;"}, "delimiter"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MappingInvalid) as invalid:
        parse_mapping(document(**changes))

    assert invalid.value.details["field"] == field
