"""Why a deadline is when it is: every step of the calculation, the policy that binds, those that do not and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.errors import NotFound
from shouwen.kernel.time.deadlines import Deadline
from shouwen.kernel.time.limits import Limit
from shouwen.loop.workorders.choices import Verb
from shouwen.loop.workorders.models import Target
from shouwen.loop.workorders.queries.details import may_do
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.rules.course import COURSE_FACTS, Course, course_of
from shouwen.platform.calendars.queries import calendar_with_digest
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.rules import Viewer
from shouwen.platform.policies.queries import matches_for
from shouwen.platform.policies.rules import Match, PolicyEntry
from shouwen.records.norms.queries import norm_version


@dataclass(frozen=True, slots=True)
class OtherPolicy:
    """A policy of the same key that does not bind, and why."""

    entry: PolicyEntry
    reason: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TargetReason:
    """One deadline explained."""

    kind: str
    limit: Limit
    binding: PolicyEntry
    others: tuple[OtherPolicy, ...]
    deadline: Deadline


def read_course(work_order_id: int) -> Course:
    """Return the course of a matter from its ledger.

    :raises NotFound: when it has none.
    """
    cards = list_facts(case_kind="work_order", case_id=work_order_id, kinds=COURSE_FACTS)
    if not cards:
        raise NotFound
    return course_of(card.as_fact() for card in cards)


def explain_target(*, target_id: int, viewer: Viewer, at: datetime) -> TargetReason:
    """Return why a target is due when it is, as seen at ``at``.

    :raises NotFound: when the viewer may not see the matter.
    """
    row = Target.objects.select_related("work_order").filter(pk=target_id).first()
    if row is None or not may_do(work_order_id=row.work_order_id, verb=Verb.SEE, viewer=viewer):
        raise NotFound
    course = read_course(row.work_order_id)
    norm = norm_version(version_id=row.work_order.norm_version_id)
    case = next(
        case for case in targets.target_cases(course=course, norm=norm) if (case.round, case.kind) == (row.round, row.kind)
    )
    calendar = calendar_with_digest(digest=row.calendar_digest).calendar
    bound = targets.bind_target(case=case, matches=matches_at_opening(course, case.policy_key), calendar=calendar)
    if bound.limit is None or bound.binding.entry is None:
        raise NotFound
    return TargetReason(
        kind=row.kind,
        limit=bound.limit,
        binding=bound.binding.entry,
        others=tuple(OtherPolicy(match.entry, str(match.reason), match.due_at) for match in bound.binding.others),
        deadline=targets.explain(case=case, limit=bound.limit, calendar=calendar, pauses=course.pauses, at=at),
    )


def matches_at_opening(course: Course, key: str) -> tuple[Match, ...]:
    """Return what the register said about ``key`` when and where the matter was opened."""
    opened_at = course.opened.at
    return matches_for(key=key, place=targets.place_of(course), at=opened_at, known_at=opened_at)
