"""The report of a replay, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import override

from shouwen.config.replay.engine import Counts
from shouwen.config.replay.figures import Broken, Figures, Share
from shouwen.config.replay.norms import allowance_text
from shouwen.config.replay.rows import Oddity
from shouwen.loop.contact.choices import Trouble

ODDITIES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay found and did. ``took_s`` is measured by whoever called it; nothing else depends on a real clock."""

    source: str
    file: str
    start_at: datetime
    end_at: datetime
    figures: Figures
    counts: Counts
    new_facts: int
    oddities: tuple[Oddity, ...]
    took_s: float

    @property
    def rows_per_s(self) -> float:
        return round(self.counts.received / self.took_s, 1) if self.took_s else 0.0

    @property
    def facts_per_s(self) -> float:
        return round(self.new_facts / self.took_s, 1) if self.took_s else 0.0


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object; shares as whole numbers beside their percentage."""
    figures = report.figures
    return {
        "file": report.file,
        "source": report.source,
        "from": report.start_at.isoformat(),
        "until": report.end_at.isoformat(),
        "rows": figures.rows,
        "taken": figures.taken,
        "duplicates": figures.duplicates,
        "duplicates_linked": figures.duplicates_linked,
        "closed": figures.whole.closed,
        "open": figures.whole.open,
        "overdue": figures.whole.overdue,
        "on_time": _share(figures.whole),
        "by_agency": _shares(figures.agencies),
        "by_type": _shares(figures.types),
        "worst_types": [{"type": name} | _share(share) for name, share in figures.worst_types()],
        "broken": [asdict(one) | {"says": says(one)} for one in figures.broken],
        "due_differs": [asdict(one) for one in report.oddities],
        "changed_lines": report.counts.changed_lines,
        "settled_by_hand": figures.settled_by_hand,
        "new": {name: value for name, value in asdict(report.counts).items() if name != "changed_lines"}
        | {"facts": report.new_facts},
        "throughput": {"seconds": round(report.took_s, 2), "rows_per_s": report.rows_per_s, "facts_per_s": report.facts_per_s},
    }


def _share(share: Share) -> dict[str, Any]:
    return asdict(share) | {"late": share.late, "on_time_pct": share.on_time_pct}


def _shares(shares: Mapping[str, Share]) -> dict[str, Any]:
    return {name: _share(share) for name, share in sorted(shares.items())}


def says(broken: Broken) -> str:
    """Return why a row did not become a matter, in English words like the rest of the report."""
    with override("en"):
        words = str(Trouble(broken.trouble).label) if broken.trouble in Trouble.values else broken.trouble.replace("_", " ")
    details = ", ".join(f"{name} {value}" for name, value in broken.details.items())
    return f"{words} ({details})" if details else words


def as_text(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    figures, whole = report.figures, report.figures.whole
    yield f"{report.file}: {figures.rows} rows from {report.start_at:%F %T} to {report.end_at:%F %T} UTC"
    yield ""
    yield from _table(
        ("taken", figures.taken),
        ("duplicates", f"{figures.duplicates}, {figures.duplicates_linked} of them linked to the matter that they repeat"),
        ("closed", whole.closed),
        ("open", whole.open),
        ("overdue at the end", whole.overdue),
        ("on time", f"{whole.on_time} of {whole.judged} that had a limit{_pct(whole)}"),
        ("broken", len(figures.broken)),
    )
    yield from _named("By agency", sorted(figures.agencies.items()))
    yield from _named("The worst types", figures.worst_types())
    yield from _broken_lines(figures)
    yield from _oddity_lines(report.oddities)
    yield from _run_lines(report)


def _table(*rows: tuple[str, object]) -> Iterator[str]:
    return (f"{name:<20} {value}" for name, value in rows)


def _pct(share: Share) -> str:
    return "" if share.on_time_pct is None else f" ({share.on_time_pct:.2f} %)"


def _named(title: str, shares: list[tuple[str, Share]]) -> Iterator[str]:
    if not shares:
        return
    width = max(len(name) for name, _ in shares)
    yield ""
    yield f"{title + ':':<{width}}  closed  limit  on time       %  open  overdue"
    for name, share in shares:
        pct = "      –" if share.on_time_pct is None else f"{share.on_time_pct:7.2f}"
        yield f"{name:<{width}}  {share.closed:6}  {share.judged:5}  {share.on_time:7} {pct}  {share.open:4}  {share.overdue:7}"


def _broken_lines(figures: Figures) -> Iterator[str]:
    if figures.broken:
        yield ""
        yield "Broken rows, kept as envelopes for the agents:"
    for one in figures.broken:
        yield f"  line {one.line_no}: {says(one)}"


def _oddity_lines(oddities: tuple[Oddity, ...]) -> Iterator[str]:
    if oddities:
        yield ""
        yield f"Due at another time than is usual for the type ({len(oddities)}), judged by their own:"
    for one in oddities[:ODDITIES_SHOWN]:
        yield f"  line {one.line_no}: {one.type}: {allowance_text(one.allowance)}, usual: {allowance_text(one.usual)}"
    if len(oddities) > ODDITIES_SHOWN:
        yield f"  and {len(oddities) - ODDITIES_SHOWN} more"


def _run_lines(report: Report) -> Iterator[str]:
    counts = report.counts
    yield ""
    yield (
        f"This run: {counts.received} new rows, {counts.opened} matters opened, {counts.closed} closed, "
        f"{counts.linked} linked, {counts.rungs} rungs told, {report.new_facts} new facts"
    )
    if counts.changed_lines:
        yield f"  changed since they were first received: {len(counts.changed_lines)} rows"
    if counts.acts:
        yield f"  in {report.took_s:.1f} s: {report.rows_per_s} rows/s, {report.facts_per_s} facts/s"
