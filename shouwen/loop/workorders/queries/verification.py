"""Replaying a matter: its deadlines and verdicts computed again from the ledger, and held against what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shouwen.kernel.errors import NotFound
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.queries.reasons import matches_at_opening
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.rules.course import BrokenLedger, Course, course_of
from shouwen.platform.calendars.queries import calendar_with_digest
from shouwen.platform.outbox.queries import list_facts
from shouwen.records.norms.queries import norm_version
from shouwen.records.norms.rules.definition import Norm


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that the ledger does not lead to."""

    where: str
    stored: str
    computed: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a replay found: ``differences`` empty means equal, bit for bit."""

    work_order_id: int
    fact_count: int
    target_count: int
    verdict_count: int
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        return not self.differences


def list_ids(*, after_id: int = 0, batch_size: int = 1000) -> Iterator[int]:
    """Yield the ids of all work orders, read by key a batch at a time: for going through the whole house."""
    while batch := list(WorkOrder.objects.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:batch_size]):
        yield from batch
        after_id = batch[-1]


def verify_work_order(*, work_order_id: int) -> Verification:
    """Compute every deadline and verdict of a matter again and compare: rows, verdict facts and digests.

    :raises NotFound: when there is no such matter.
    """
    order = WorkOrder.objects.filter(pk=work_order_id).first()
    if order is None:
        raise NotFound
    facts = [card.as_fact() for card in list_facts(case_kind="work_order", case_id=work_order_id)]
    rows = {(row.round, row.kind): row for row in Target.objects.filter(work_order=order)}
    verdicts = [fact for fact in facts if isinstance(fact, events.VerdictGiven)]
    differences = tuple(_differences(facts, norm_version(version_id=order.norm_version_id), rows, verdicts))
    return Verification(work_order_id, len(facts), len(rows), len(verdicts), differences)


def _differences(
    facts: list[Fact], norm: Norm, rows: dict[tuple[int, str], Target], verdicts: list[events.VerdictGiven]
) -> Iterator[Difference]:
    try:
        course = course_of(facts)
    except BrokenLedger as broken:
        yield Difference("ledger", f"{len(facts)} facts", str(broken))
        return
    yield from _norm_difference(course, norm)
    yield from _row_differences(course, norm, rows)
    yield from _fact_differences(rows, verdicts)


def _norm_difference(course: Course, norm: Norm) -> Iterator[Difference]:
    if norm.digest != course.opened.norm_digest:
        yield Difference("norm", norm.digest, course.opened.norm_digest)


def _row_differences(course: Course, norm: Norm, rows: dict[tuple[int, str], Target]) -> Iterator[Difference]:
    seen: set[tuple[int, str]] = set()
    for case in targets.target_cases(course=course, norm=norm):
        row = rows.get((case.round, case.kind))
        bound = _bound(course, case, row)
        if bound is None or bound.limit is None:
            continue
        seen.add((case.round, case.kind))
        if row is None:
            yield Difference(f"target {case.kind}", "none", "running")
        else:
            yield from _compare(row, _computed(course, norm, bound, row))
    for key in rows.keys() - seen:
        yield Difference(f"target {key[1]}", rows[key].state, "none")


def _bound(course: Course, case: targets.TargetCase, row: Target | None) -> targets.BoundTarget | None:
    digest = row.calendar_digest if row else course.opened.calendar_digest
    calendar = calendar_with_digest(digest=digest).calendar
    return targets.bind_target(case=case, matches=matches_at_opening(course, case.policy_key), calendar=calendar)


def _computed(course: Course, norm: Norm, bound: targets.BoundTarget, row: Target) -> dict[str, object]:
    assert bound.limit is not None, "only bound targets are compared"
    calendar = calendar_with_digest(digest=row.calendar_digest).calendar
    seen_at = row.verdict_at or row.due_at  # a live target is seen when it is due: of its dates only the deadline is compared
    judgement = targets.judge(case=bound.case, limit=bound.limit, calendar=calendar, pauses=course.pauses, at=seen_at)
    digest = targets.verdict_digest(
        case=bound.case,
        limit=bound.limit,
        judgement=judgement,
        pauses=course.pauses,
        norm_digest=norm.digest,
        policy_digest=bound.policy_digest,
        calendar_digest=row.calendar_digest,
    )
    state = judgement.state if judgement.final else (row.state if row.is_live else TargetState.RUNNING)
    return {
        "policy_digest": bound.policy_digest,
        "start_at": bound.case.start_at,
        "due_at": judgement.due_at or row.due_at,
        "met_at": bound.case.met_at,
        "state": state,
        "verdict_digest": digest if judgement.final else "",
    }


def _compare(row: Target, computed: dict[str, object]) -> Iterator[Difference]:
    for name, value in computed.items():
        stored = getattr(row, name)
        if stored != value:
            yield Difference(f"target {row.kind} {name}", str(stored), str(value))


def _fact_differences(rows: dict[tuple[int, str], Target], verdicts: list[events.VerdictGiven]) -> Iterator[Difference]:
    told = {verdict.digest for verdict in verdicts}
    kept = {row.verdict_digest: row for row in rows.values() if row.verdict_digest}
    for digest in kept.keys() - told:
        yield Difference(f"verdict {kept[digest].kind}", digest, "never announced")
    for verdict in verdicts:
        if verdict.digest not in kept:
            yield Difference(f"verdict {verdict.target}", "none", verdict.digest)
