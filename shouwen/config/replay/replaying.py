"""The whole of a replay: read the file, set the stage, let it happen, count."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from shouwen.config.replay.engine import Counts, Engine, Times
from shouwen.config.replay.figures import Figures, count_figures
from shouwen.config.replay.records import split_records
from shouwen.config.replay.report import Report
from shouwen.config.replay.rows import Row, find_oddities, find_repeated, read_rows
from shouwen.config.replay.stage import set_stage
from shouwen.kernel.errors import Refusal
from shouwen.loop.contact.rules.rows import MappingInvalid, RequestMapping, parse_mapping
from shouwen.loop.contact.services import keep_mapping

LOCK = 0x7265706C  # "repl": one replay at a time, since it gives the norms their numbers
DAY_MIN = 1440
NOTHING_AT = datetime(2000, 1, 1, tzinfo=UTC)

Told = Callable[[datetime, Counts], None]


class CannotReplay(Refusal):
    """A replay cannot be begun now."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is to be replayed, in whose name the stage is set, and who hears of the progress."""

    path: Path
    document: Mapping[str, Any]
    actor_id: int
    told: Told

    @property
    def source(self) -> str:
        return f"replay:{self.document.get('name')}"


def replay_file(replay: Replay) -> Report:
    """Send every row of a file through the services on a simulated clock, and return what came of it.

    Done again, or after it was interrupted, it does only what is missing.

    :raises MappingInvalid: when the mapping is wrong.
    :raises FileUnfit: when the file has not the columns that the mapping names.
    :raises CannotReplay: while another replay runs.
    """
    began_s = time.monotonic()
    mapping = parse_mapping(dict(replay.document))
    with replay.path.open("rb") as lines:
        rows = read_rows(split_records(lines, delimiter=mapping.delimiter), mapping)
    start_at, end_at = _span(rows)
    with _alone():
        before = count_figures(source=replay.source, rows=rows, end_at=end_at)
        counts = _run(replay, mapping, rows, start_at, end_at)
        figures = count_figures(source=replay.source, rows=rows, end_at=end_at)
    return _report(replay, rows, start_at, end_at, before, figures, counts, time.monotonic() - began_s)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CannotReplay("Another replay is running; wait for its end.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def _span(rows: list[Row]) -> tuple[datetime, datetime]:
    """Return the first and the last instant at which something happens in the file."""
    requests = [row.request for row in rows if row.request is not None]
    starts = [request.created_at for request in requests]
    ends = [request.closed_at or request.created_at for request in requests]
    return min(starts, default=NOTHING_AT), max([*starts, *ends], default=NOTHING_AT)


def _run(replay: Replay, mapping: RequestMapping, rows: list[Row], start_at: datetime, end_at: datetime) -> Counts:
    times = Times(start_at, end_at, _minutes(mapping, "post_every_min"), _minutes(mapping, "sweep_every_min"))
    requests = [row.request for row in rows if row.request is not None]
    stage = set_stage(mapping=mapping, document=replay.document, requests=requests, actor_id=replay.actor_id)
    engine = Engine(
        source=replay.source,
        mapping=mapping,
        mapping_id=keep_mapping(document=dict(replay.document), at=start_at),
        stage=stage,
        repeated=find_repeated(rows),
    )
    engine.run(engine.plan(rows, times=times), times=times, told=replay.told)
    return engine.counts


def _minutes(mapping: RequestMapping, name: str) -> timedelta:
    minutes = mapping.replay.get(name, DAY_MIN)
    if not isinstance(minutes, int) or not 1 <= minutes <= 60 * DAY_MIN:
        raise MappingInvalid(field=f"replay.{name}", problem=f"it must be a number of minutes from 1 to {60 * DAY_MIN}")
    return timedelta(minutes=minutes)


def _report(
    replay: Replay,
    rows: list[Row],
    start_at: datetime,
    end_at: datetime,
    before: Figures,
    figures: Figures,
    counts: Counts,
    took_s: float,
) -> Report:
    return Report(
        source=replay.source,
        file=replay.path.name,
        start_at=start_at,
        end_at=end_at,
        figures=figures,
        counts=counts,
        new_facts=figures.facts - before.facts,
        oddities=tuple(find_oddities(rows)),
        took_s=took_s,
    )
