"""Small files of customers, and importing them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shouwen.platform.people.models import Staff
from shouwen.records.customers import queries, services
from shouwen.records.customers.queries import ImportRowCard
from shouwen.records.customers.rules import Mapping, parse_mapping
from shouwen.records.customers.tests.factories import NOON, seen_by

LATER = NOON + timedelta(days=1)
HEADING = "account,customer,name,kind,identity,tier,phones,email,address,area,class,volts,boundary,transformer,opened"
DOCUMENT: dict[str, Any] = {
    "name": "test",
    "default_area": "0571",
    "columns": {
        "account_number": "account",
        "customer_number": "customer",
        "name": "name",
        "kind": {"column": "kind", "values": {"P": "person", "O": "organisation"}},
        "identity_number": "identity",
        "tier": {"column": "tier", "default": "ordinary"},
        "phones": "phones",
        "email": "email",
        "address": "address",
        "area_class": "area",
        "customer_class": "class",
        "voltage_class": {"column": "volts", "values": {"220": "220v"}},
        "ownership_boundary": "boundary",
        "transformer_code": "transformer",
        "opened_on": "opened",
    },
}
ZHANG = (
    "1,C1,张伟,P,33010119900101123x,vip,13812345678、87654321转8001,Z@Example.com,西湖区文三路90号3幢501室,urban,residential,220,表后,T1,"
    "2020-02-03"
)
LI = "2,C2,李娜,P,,,13912345678,,拱墅区文晖路8号,rural,residential,,,,2021-03-04"
MILL = "3,C3,东方公司,O,,,,,市心路1001号,remote,low_voltage,,,,2022-04-05"
LI_AGAIN = "4,C2,李娜,P,,,,,文一路1号,urban,residential,,,,2023-05-06"


def mapping(**changes: Any) -> Mapping:
    return parse_mapping(DOCUMENT | changes)


def written(tmp_path: Path, *rows: str | bytes, name: str = "customers.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    lines = [line if isinstance(line, bytes) else line.encode(encoding) for line in (HEADING, *rows)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def imported(path: Path, actor: Staff, *, at: datetime = NOON, **details: Any) -> services.ImportSummary:
    return services.run_import(**({"path": path, "mapping": mapping(), "actor_id": actor.pk, "at": at} | details))


def counts(summary: services.ImportSummary) -> tuple[int, int, int, int]:
    return summary.created_count, summary.updated_count, summary.unchanged_count, summary.rejected_count


def rows_of(summary: services.ImportSummary, actor: Staff) -> list[ImportRowCard]:
    return queries.list_import_rows(run_id=summary.run_id, viewer=seen_by(actor))
