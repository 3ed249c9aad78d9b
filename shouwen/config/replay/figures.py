"""What came of the requests of a file, counted from what the services have written, not from the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shouwen.config.replay.norms import TARGET
from shouwen.config.replay.rows import Row
from shouwen.loop.contact.choices import EnvelopeState
from shouwen.loop.contact.queries import ArrivalCard, list_arrivals
from shouwen.loop.contact.rules.rows import Request
from shouwen.loop.workorders.choices import LinkKind, Stage, TargetState
from shouwen.loop.workorders.queries import (
    Progress,
    TargetStanding,
    list_linked,
    list_progress,
    list_target_standings,
)
from shouwen.platform.outbox.queries import count_facts

BATCH = 1000
WORST_LIMIT = 20


@dataclass(slots=True)
class Share:
    """How many of the closed matters that had a limit kept it, and how many open ones are beyond it."""

    closed: int = 0
    judged: int = 0
    on_time: int = 0
    open: int = 0
    overdue: int = 0

    @property
    def late(self) -> int:
        return self.judged - self.on_time

    @property
    def on_time_pct(self) -> float | None:
        """Return the share in per cent with two places for showing; None when nothing was judged."""
        return round(100 * self.on_time / self.judged, 2) if self.judged else None


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that did not become a matter, and why."""

    line_no: int
    trouble: str
    details: Mapping[str, object]
    state: str
    envelope_id: int | None


@dataclass(slots=True)
class Figures:
    """The figures of one file at its last instant."""

    rows: int = 0
    taken: int = 0
    duplicates: int = 0
    duplicates_linked: int = 0
    settled_by_hand: int = 0
    facts: int = 0
    whole: Share = field(default_factory=Share)
    agencies: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    types: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    broken: list[Broken] = field(default_factory=list)

    def worst_types(self) -> list[tuple[str, Share]]:
        """Return the types with the smallest on-time shares; of equal ones the type with more late matters goes first."""
        judged = [(name, share) for name, share in self.types.items() if share.judged]
        return sorted(judged, key=lambda one: (one[1].on_time / one[1].judged, -one[1].late, one[0]))[:WORST_LIMIT]


def count_figures(*, source: str, rows: Sequence[Row], end_at: datetime) -> Figures:
    """Count what the services say of the rows of a file; a matter is overdue when it is open and was due before ``end_at``."""
    figures = Figures(rows=len(rows))
    for start in range(0, len(rows), BATCH):
        _count_batch(figures, source, rows[start : start + BATCH], end_at)
    return figures


def _count_batch(figures: Figures, source: str, rows: Sequence[Row], end_at: datetime) -> None:
    arrivals = list_arrivals(source=source, keys=[row.key for row in rows])
    order_ids = [card.work_order_id for card in arrivals.values() if card.work_order_id is not None]
    progress = list_progress(work_order_ids=order_ids)
    standings = list_target_standings(work_order_ids=order_ids, kind=TARGET)
    figures.duplicates_linked += len(list_linked(from_ids=order_ids, kind=LinkKind.DUPLICATE))
    figures.facts += count_facts(case_kind="envelope", case_ids=[card.id for card in arrivals.values()])
    figures.facts += count_facts(case_kind="work_order", case_ids=order_ids)
    for row in rows:
        card = arrivals.get(row.key)
        if card is not None and card.work_order_id is not None:
            _count_matter(figures, row.request, progress[card.work_order_id], standings.get(card.work_order_id), end_at)
        else:
            figures.broken.append(_broken(row, card))


def _count_matter(
    figures: Figures, request: Request | None, progress: Progress, standing: TargetStanding | None, end_at: datetime
) -> None:
    figures.taken += 1
    if request is None:
        figures.settled_by_hand += 1
        return
    figures.duplicates += request.status.is_duplicate
    for share in _shares(figures, request):
        _count(share, progress, standing, end_at)


def _shares(figures: Figures, request: Request) -> Iterator[Share]:
    yield figures.whole
    yield figures.agencies[request.agency]
    yield figures.types[request.type]


def _count(share: Share, progress: Progress, standing: TargetStanding | None, end_at: datetime) -> None:
    if progress.stage != Stage.CLOSED:
        share.open += 1
        share.overdue += standing is not None and standing.due_at < end_at
        return
    share.closed += 1
    if standing is not None and standing.state in (TargetState.KEPT, TargetState.BROKEN):
        share.judged += 1
        share.on_time += standing.state == TargetState.KEPT


def _broken(row: Row, card: ArrivalCard | None) -> Broken:
    if card is None:
        return Broken(row.line_no, "not_received", {}, "", None)
    trouble = card.trouble if card.state != EnvelopeState.RECEIVED else "not_looked_into"
    return Broken(row.line_no, trouble, card.details, card.state, card.id)
