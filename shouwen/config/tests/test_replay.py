"""The main job: every row of a real file through the real services, and figures that an independent count confirms."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.apps import apps
from django.conf import settings

from shouwen.config.replay import Replay, replay_file
from shouwen.config.replay.engine import Counts
from shouwen.config.replay.report import Report, as_json, as_text
from shouwen.config.replay.rows import FileUnfit
from shouwen.loop.contact.choices import EnvelopeState
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.rules.rows import MappingInvalid
from shouwen.loop.contact.services import parse_due
from shouwen.loop.workorders.models import Escalation, Link, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.queries import staff_with_number
from shouwen.platform.people.services import found_company

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data" / "requests-311.csv"
MAPPING = settings.BASE_DIR / "handbook" / "mappings" / "requests-311.yaml"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"the real data is not here: {DATA.parent}")


def founder() -> int:
    return found_company(code="01", name="供电公司", staff_no="admin", staff_name="Admin", at=LONG_AGO).staff_id


def document(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load(MAPPING.read_text(encoding="utf-8")) | changes


def replayed(path: Path, actor_id: int, **changes: Any) -> Report:
    return replay_file(Replay(path, document(**changes), actor_id, told=lambda at, counts: None))


def row_counts() -> dict[str, int]:
    """Return how many rows every table has."""
    return {model._meta.db_table: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def straight_from(path: Path) -> dict[str, Any]:
    """Return the shares as a few lines of plain Python see them: closed, and by when it was due, by the clocks of the city."""
    zone = ZoneInfo("America/New_York")

    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)

    judged: dict[str, Counter[str]] = {"": Counter(), "agency": Counter(), "type": Counter()}
    on_time: dict[str, Counter[str]] = {"": Counter(), "agency": Counter(), "type": Counter()}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["closed"] and row["due"]:
                for by, counted in judged.items():
                    counted[row.get(by, "")] += 1
                    on_time[by][row.get(by, "")] += instant(row["closed"]) <= instant(row["due"])
    return {by: {name: (on_time[by][name], count) for name, count in counted.items()} for by, counted in judged.items()}


def shares_of(report: dict[str, Any]) -> dict[str, Any]:
    def told(shares: Iterable[tuple[str, dict[str, int]]]) -> dict[str, tuple[int, int]]:
        return {name: (share["on_time"], share["judged"]) for name, share in shares if share["judged"]}

    return {
        "": told([("", report["on_time"])]),
        "agency": told(report["by_agency"].items()),
        "type": told(report["by_type"].items()),
    }


@needs_data
def test_every_real_row_goes_from_envelope_to_closed_and_a_second_run_changes_nothing() -> None:
    actor_id = founder()

    report = as_json(replayed(DATA, actor_id))
    rows_after = row_counts()
    again = replayed(DATA, actor_id)

    assert shares_of(report) == straight_from(DATA)
    named = ("rows", "taken", "duplicates", "duplicates_linked", "closed", "open", "overdue", "broken", "due_differs")
    assert {name: report[name] for name in named} == {
        "rows": 2500,
        "taken": 2500,
        "duplicates": 67,
        "duplicates_linked": 12,
        "closed": 2477,
        "open": 23,
        "overdue": 13,
        "broken": [],
        "due_differs": [],
    }
    assert row_counts() == rows_after
    assert figures_of(as_json(again)) == figures_of(report)
    assert set(as_json(again)["new"].values()) == {0}
    assert "This run: 0 new rows, 0 matters opened, 0 closed, 0 linked, 0 rungs told, 0 new facts" in as_text(again)


def figures_of(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report says of the file, without what the run itself did."""
    return {name: value for name, value in report.items() if name not in ("new", "throughput", "source", "broken")} | {
        "broken": [(one["line_no"], one["trouble"], one["details"]) for one in report["broken"]]
    }


HEADING = "id,type,channel,agency,status,created,due,closed,neighbourhood"
POTHOLE = "TRM-Pothole Repair,Phone,Transportation"


def row(
    number: str, *, status: str = "Closed", created: str = "2014-03-01", days: int = 2, closed: str = "2014-03-02", **more: str
) -> str:
    """Return one line: a pothole in Hampden, created at ten, due so many days later, closed at ten."""
    due = (datetime.fromisoformat(created) + timedelta(days=days)).date() if days >= 0 else ""
    times = [f"{day}T10:00:00" if day else "" for day in (created, str(due), closed)]
    return ",".join([number, more.get("kind", POTHOLE), status, *times, more.get("place", "Hampden")])


def written(path: Path, *lines: str | bytes) -> Path:
    content = [HEADING, *lines]
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in content) + b"\n")
    return path


def test_a_file_with_broken_rows_loses_nothing_and_names_each(tmp_path: Path) -> None:
    good = row("A1")
    path = written(
        tmp_path / "broken.csv",
        good,  # line 2
        row("A2").replace("2014-03-01T10:00:00", "2014-02-30T10:00:00"),
        row("A3", kind="XX-Ufo,Phone,Transportation"),
        "",
        row("A5", place="x" * 1_000_000),
        row("A6", place="Caf").encode() + b"\xe9",
        row("A1", place="Elsewhere"),
        row("A8", place='"Hampden'),
        row("A9", closed=""),
        row("A10", closed="2014-02-01"),
        row("A11") + ",too,many",
        row("A12", status="Lost"),
        row("", closed="2014-03-02"),
        good,
        row("A15", place='"Hampden, ""north""\nof the park"'),  # lines 16 and 17, and sound
        row("A17", days=-1),  # sound too: it has no limit
    )

    report = as_json(replayed(path, founder()))

    assert [(one["line_no"], one["trouble"]) for one in report["broken"]] == [
        (3, "bad_date"),
        (4, "unknown_type"),
        (5, "empty"),
        (6, "too_long"),
        (7, "encoding"),
        (8, "duplicated_id"),
        (9, "unclosed_quote"),
        (10, "closed_missing"),
        (11, "closed_before_created"),
        (12, "wrong_shape"),
        (13, "unknown_status"),
        (14, "missing"),
        (15, "duplicated_id"),
    ]
    assert (report["rows"], report["taken"], report["closed"], report["on_time"]["judged"]) == (16, 3, 3, 2)
    assert report["broken"][3]["details"] == {"column": "neighbourhood", "length": 1_000_000, "limit": 2000}
    assert report["broken"][0]["says"] == "A date cannot be read. (column created)"
    kept = {envelope.line_no: envelope for envelope in Envelope.objects.all()}
    assert sorted(kept) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18]
    lines = path.read_bytes().split(b"\n")
    assert all(kept[number].content.endswith(lines[number - 1]) for number in kept if number != 16)
    assert {envelope.state for number, envelope in kept.items() if number not in (2, 16, 18)} == {EnvelopeState.BURIED}


def test_a_second_run_of_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    path, actor_id = written(tmp_path / "broken.csv", row("A1"), "", "", row("A1"), row("A1"), row("A2", closed="x")), founder()
    first = as_json(replayed(path, actor_id))
    rows_after = row_counts()

    again = as_json(replayed(path, actor_id))

    assert (len(first["broken"]), row_counts(), figures_of(again)) == (5, rows_after, figures_of(first))


def test_a_row_that_was_mended_comes_as_another_and_the_broken_one_stays(tmp_path: Path) -> None:
    path, actor_id = tmp_path / "file.csv", founder()
    replayed(written(path, row("A1"), row("A2", closed="x")), actor_id)

    report = as_json(replayed(written(path, row("A1"), row("A2")), actor_id))

    assert (report["taken"], report["broken"], report["new"]["received"], Envelope.objects.count()) == (2, [], 1, 3)


def test_a_request_that_was_open_is_closed_by_a_later_file(tmp_path: Path) -> None:
    path, actor_id = tmp_path / "file.csv", founder()
    earlier = as_json(replayed(written(path, row("A1"), row("A2", status="Open", closed="")), actor_id))

    later = as_json(replayed(written(path, row("A1"), row("A2", closed="2014-03-09")), actor_id))

    assert (earlier["open"], earlier["closed"], later["open"], later["closed"], later["taken"]) == (1, 1, 0, 2, 2)
    assert (later["changed_lines"], later["on_time"]["on_time"], later["on_time"]["judged"]) == ([3], 1, 2)


def test_a_row_due_at_another_time_than_its_type_is_named_and_judged_by_its_own(tmp_path: Path) -> None:
    path = written(
        tmp_path / "file.csv",
        row("A1", days=2, closed="2014-03-04"),
        row("A2", days=2, closed="2014-03-03"),
        row("A3", days=7, closed="2014-03-07"),
        row("A4", days=-1, closed="2014-09-01"),
    )

    report = as_json(replayed(path, founder()))

    assert [(one["line_no"], one["id"], one["allowance"], one["usual"]) for one in report["due_differs"]] == [
        (4, "A3", (7, "calendar_day"), (2, "calendar_day")),
        (5, "A4", None, (2, "calendar_day")),
    ]
    assert shares_of(report) == straight_from(path)
    assert (report["on_time"]["judged"], report["on_time"]["on_time"]) == (3, 2)


def test_a_limit_over_a_change_of_the_clocks_ends_when_the_file_says(tmp_path: Path) -> None:
    begun, due = "2014-03-08", "2014-03-10"  # the clocks went forward on the 9th: 47 hours
    lines = [
        row("A1", created=begun, closed=due),
        row("A2", created=begun, closed=due).replace(f",{due}T10:00:00,H", f",{due}T10:00:01,H"),
    ]
    path = written(tmp_path / "file.csv", *lines)

    report = as_json(replayed(path, founder()))

    assert (report["on_time"]["on_time"], report["on_time"]["judged"], report["due_differs"]) == (1, 2, [])
    assert shares_of(report) == straight_from(path)


def test_duplicates_are_linked_to_the_latest_request_of_the_same_type_at_the_same_place(tmp_path: Path) -> None:
    twice = {"status": "Closed (Duplicate)", "created": "2014-03-05", "closed": "2014-03-06"}
    path = written(
        tmp_path / "file.csv",
        row("A1", created="2014-03-01"),
        row("A2", created="2014-03-02", closed="2014-03-09"),
        row("A3", **twice),
        row("A4", place="Elsewhere", **twice),
        row("A5", kind="TRM-Alleys,Phone,Transportation", **twice),
        row("A6", place="", **twice),
        row("A7", status="Open (Duplicate)", created="2014-03-07", closed=""),
    )

    report = as_json(replayed(path, founder()))

    number_of = {row.envelope.key: row.work_order_id for row in Interaction.objects.select_related("envelope")}
    links = Link.objects.order_by("id").values_list("kind", "from_order_id", "to_order_id", "made_at")
    assert list(links) == [
        ("duplicate", number_of["A3"], number_of["A2"], datetime(2014, 3, 6, 15, tzinfo=UTC)),
        ("duplicate", number_of["A7"], number_of["A2"], datetime(2014, 3, 7, 15, tzinfo=UTC)),
    ]
    ends = {key: WorkOrder.objects.get(pk=pk).end for key, pk in number_of.items()}
    assert ends == {"A1": "end_done", "A2": "end_done", "A7": ""} | dict.fromkeys(("A3", "A4", "A5", "A6"), "end_duplicate")
    assert (report["duplicates"], report["duplicates_linked"], report["open"], report["closed"]) == (5, 2, 1, 6)


class Interrupted(Exception):
    """Somebody has stopped the run."""


def test_a_run_that_was_interrupted_is_continued_by_running_it_again(tmp_path: Path) -> None:
    lines = [row(f"A{day}", created=f"2014-03-{day:02}", closed=f"2014-03-{day + 3}", days=day % 5) for day in range(7, 20)]
    path, actor_id = written(tmp_path / "file.csv", *lines), founder()
    whole = as_json(replayed(path, actor_id, name="whole"))

    for stop_at in (3, 4, 5):
        with pytest.raises(Interrupted):
            replay_file(Replay(path, document(name="stopped"), actor_id, told=_stopping_at(stop_at)))
    continued = as_json(replayed(path, actor_id, name="stopped"))

    assert figures_of(continued) == figures_of(whole)
    assert 0 < continued["new"]["closed"] < whole["new"]["closed"]
    facts = [Fact.objects.filter(case_kind="work_order", case_id__in=ids(name)).count() for name in ("whole", "stopped")]
    assert facts[0] == facts[1] > 0


def ids(name: str) -> list[int | None]:
    return list(Interaction.objects.filter(envelope__source=f"replay:{name}").values_list("work_order_id", flat=True))


def _stopping_at(number: int) -> Callable[[datetime, Counts], None]:
    calls = iter(range(1, 1000))

    def told(at: datetime, counts: Counts) -> None:
        if next(calls) == number:
            raise Interrupted

    return told


def test_what_a_worker_beside_the_run_has_understood_is_not_understood_twice(tmp_path: Path) -> None:
    path, actor_id = written(tmp_path / "file.csv", row("A1"), row("A2"), row("A3", closed="x")), founder()
    with pytest.raises(Interrupted):
        replay_file(Replay(path, document(), actor_id, told=_stopping_at(1)))
    Envelope.objects.filter(state=EnvelopeState.BURIED).update(state=EnvelopeState.RECEIVED, settled_at=None, trouble="")
    parse_due(actor_id=staff_with_number(staff_no="R311").id, at=datetime(2026, 5, 6, tzinfo=UTC))

    report = as_json(replayed(path, actor_id))

    assert (report["taken"], report["closed"], len(report["broken"]), WorkOrder.objects.count()) == (2, 2, 1, 2)


def test_every_verdict_of_a_replay_is_reproduced_from_its_ledger(tmp_path: Path) -> None:
    path = written(tmp_path / "file.csv", row("A1"), row("A2", closed="2014-03-09"), row("A3", status="Open", closed=""))

    replayed(path, founder())

    found = [verify_work_order(work_order_id=order_id) for order_id in WorkOrder.objects.values_list("id", flat=True)]
    assert [(one.target_count, one.differences) for one in found] == [(1, ())] * 3


def test_the_ladder_is_told_along_the_simulated_clock(tmp_path: Path) -> None:
    path = written(tmp_path / "file.csv", row("A1", days=10, closed="2014-03-31"), row("A2", days=10, closed="2014-03-02"))

    report = as_json(replayed(path, founder(), replay=document()["replay"] | {"post_every_min": 60}))

    told = Escalation.objects.order_by("id").values_list("reason", "at", "work_order__closed_at")
    start, closed = datetime(2014, 3, 1, 15, tzinfo=UTC), datetime(2014, 3, 31, 14, tzinfo=UTC)
    assert list(told) == [("warning", start + timedelta(days=8), closed), ("breach", start + timedelta(days=10), closed)]
    assert (report["new"]["rungs"], report["on_time"]["on_time"]) == (2, 1)


@pytest.mark.parametrize(
    ("heading", "problem"),
    [
        (b"", "it has no heading"),
        (b"id,type\n", "there is no column channel"),
        (HEADING.encode() + b",id\n", "two columns have one name"),
        (b"\xff\xfe\xff\n", "its heading cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_the_mapping_is_refused_before_anything_is_made(
    heading: bytes, problem: str, tmp_path: Path
) -> None:
    path, actor_id = tmp_path / "file.csv", founder()
    path.write_bytes(heading)
    before = row_counts()

    with pytest.raises(FileUnfit, match=problem):
        replayed(path, actor_id)

    assert row_counts() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"replay": {}}, "replay.root"),
        ({"replay": document()["replay"] | {"sweep_every_min": 0}}, "replay.sweep_every_min"),
        ({"replay": document()["replay"] | {"since": "once"}}, "replay.since"),
        ({"agencies": {"values": {"Roads": "R"}}}, "agencies.default"),
    ],
)
def test_a_mapping_that_lacks_what_a_replay_needs_is_refused(changes: dict[str, Any], field: str, tmp_path: Path) -> None:
    path, actor_id = written(tmp_path / "file.csv", row("A1")), founder()
    before = row_counts()

    with pytest.raises(MappingInvalid) as invalid:
        replayed(path, actor_id, **changes)

    assert (invalid.value.details["field"], row_counts()) == (field, before)


def test_an_empty_file_has_an_empty_report(tmp_path: Path) -> None:
    report = replayed(written(tmp_path / "file.csv"), founder())

    assert (report.figures.rows, report.figures.taken, report.counts.acts) == (0, 0, 0)
    assert "on time              0 of 0 that had a limit" in as_text(report)
