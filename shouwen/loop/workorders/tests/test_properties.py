"""What holds for every way a matter can take, through the services: pauses, replays, edits of calendars and policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwen.kernel.time.deadlines import counted_s, working_time
from shouwen.loop.workorders import services
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.rules.course import course_of
from shouwen.loop.workorders.rules.targets import judge_ledger, place_of
from shouwen.loop.workorders.tests.factories import (
    LIMITS,
    LONG_AGO,
    NOON,
    OFFICE,
    Company,
    after,
    ledger,
    opened,
)
from shouwen.platform.calendars import queries as calendars
from shouwen.platform.calendars.queries import calendar_in_force, calendar_with_digest
from shouwen.platform.calendars.services import publish_calendar_version
from shouwen.platform.people.tests.factories import administrator
from shouwen.platform.policies.models import Policy
from shouwen.platform.policies.queries import matches_for
from shouwen.platform.policies.rules import Value
from shouwen.platform.policies.services import revise_policy, withdraw_policy
from shouwen.records.norms.queries import norm_version

pytestmark = pytest.mark.django_db

TRY = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MINUTES = st.one_of(st.integers(0, 120), st.integers(0, 4000), st.decimals(0, 500, places=3).map(float))
PAUSES = st.lists(st.tuples(MINUTES, MINUTES), max_size=3)
OTHER_DAYS = st.sampled_from(
    [[["09:00", "10:00"]], [["00:00", "24:00"]], [["08:30", "12:00"], ["13:00", "18:00"]], [["22:00", "06:00"]]]
)


class _Undo(Exception):
    pass


def undone(story: Callable[[], None]) -> None:
    """Tell ``story`` and take back what it wrote, so that every example begins alike."""
    try:
        with transaction.atomic():
            story()
            raise _Undo
    except _Undo:
        pass
    finally:
        calendars.forget()


class Way:
    """A matter and the clock of its story."""

    def __init__(self, company: Company) -> None:
        self.company, self.minute = company, 0.0
        self.order = opened(company)

    @property
    def now(self) -> datetime:
        return after(self.minute)

    def about(self) -> dict[str, object]:
        return {"work_order_id": self.order.pk, "actor_id": self.company.gateway.pk, "at": self.now}

    def rest(self, pauses: list[tuple[float, float]]) -> None:
        """Let time pass, with pauses: each begins so many minutes after the last ended, and lasts so many."""
        for wait, length in pauses:
            self.minute += wait
            services.pause_work_order(reason="waiting_for_customer", **self.about())
            self.minute += length
            services.resume_work_order(**self.about())

    def finish(self, outcome: str, wait: float) -> None:
        self.minute += wait
        services.finish_step(outcome=outcome, **self.about())


OUTCOMES = {"accept": ["sent", "known"], "arrive": ["there", "wrong_place"], "mend": ["mended", "parts"]}
TURNS = st.lists(st.tuples(PAUSES, MINUTES, st.sampled_from([0, 0, 0, 1])), max_size=7)


def walk(way: Way, turns: list[tuple[list[tuple[float, float]], float, int]]) -> None:
    """Take a way through the norm: pauses, then the step finished with its first or its second outcome; reopen at the end."""
    for pauses, wait, choice in turns:
        way.order.refresh_from_db()
        if way.order.stage == "OPEN":
            way.rest(pauses)
            way.finish(OUTCOMES[way.order.step][choice], wait)
        else:
            way.minute += min(wait, 500)
            services.reopen_work_order(reason="came_back", **way.about())
    way.order.refresh_from_db()


def verdicts(order: WorkOrder) -> list[tuple[object, ...]]:
    names = ("round", "kind", "state", "start_at", "due_at", "met_at", "verdict_digest", "policy_digest", "calendar_digest")
    return list(Target.objects.filter(work_order=order).exclude(verdict_at=None).order_by("id").values_list(*names))


# Pauses.


def test_a_pause_moves_a_wall_clock_deadline_by_just_its_length(company: Company) -> None:
    @TRY
    @given(wait=st.floats(0, 9.5), length=MINUTES)
    def check(wait: float, length: float) -> None:
        def story() -> None:
            way = Way(company)
            before = dict(way.order.targets.values_list("kind", "due_at"))
            way.rest([(wait, length)])
            pause = way.now - after(wait)
            assert dict(way.order.targets.values_list("kind", "due_at")) == {
                kind: due_at + pause for kind, due_at in before.items()
            }

        undone(story)

    check()


def test_a_pause_moves_a_working_deadline_by_just_its_working_length(company: Company) -> None:
    calendar = calendar_in_force(name="office", at=NOON).calendar

    @TRY
    @given(start=st.floats(0, 600), pauses=PAUSES)
    def check(start: float, pauses: list[tuple[float, float]]) -> None:
        def story() -> None:
            way = Way(company)
            way.finish("sent", 0)
            way.finish("there", start)
            began = way.now
            target = way.order.targets.get(kind="restored")
            due, moved = target.due_at, 0.0
            for wait, length in pauses:
                way.minute += wait
                paused_at = way.now
                counts = paused_at < due
                services.pause_work_order(reason="waiting_for_customer", **way.about())
                way.minute += length
                services.resume_work_order(**way.about())
                if counts:
                    moved += counted_s(working_time(start_at=paused_at, end_at=way.now, calendar=calendar))
                target.refresh_from_db()
                worked_s = counted_s(working_time(start_at=began, end_at=target.due_at, calendar=calendar))
                assert worked_s == pytest.approx(4 * 3600 + moved, abs=1e-6)
                due = target.due_at

        undone(story)

    check()


# Replays.


def test_every_way_through_a_norm_replays_to_the_same_verdicts(company: Company) -> None:
    @TRY
    @given(turns=TURNS)
    def check(turns: list) -> None:
        def story() -> None:
            way = Way(company)
            walk(way, turns)
            order = way.order
            assert verify_work_order(work_order_id=order.pk).differences == ()
            assert replayed(order, way.now) == {(row[0], row[1]): (row[2], row[4], row[6]) for row in verdicts(order)}

        undone(story)

    check()


def replayed(order: WorkOrder, at: datetime) -> dict[tuple[int, str], tuple[object, ...]]:
    """Return the final verdicts that the ledger alone leads to."""
    course = course_of(ledger(order))
    digest = course.opened.calendar_digest
    place, opened_at = place_of(course), course.opened.at
    found = judge_ledger(
        course=course,
        norm=norm_version(version_id=order.norm_version_id),
        matching=lambda key: matches_for(key=key, place=place, at=opened_at, known_at=opened_at),
        calendar=calendar_with_digest(digest=digest).calendar,
        calendar_digest=digest,
        at=at,
    )
    rows = {(row.round, row.kind): row for row in order.targets.all()}
    return {
        (one.bound.case.round, one.bound.case.kind): (
            one.judgement.state,
            one.judgement.due_at or rows[one.bound.case.round, one.bound.case.kind].due_at,
            one.digest,
        )
        for one in found
        if one.judgement is not None and one.judgement.final
    }


# Edits.


def test_an_edit_of_the_calendar_or_a_policy_changes_no_past_verdict_and_no_digest(company: Company) -> None:
    boss = administrator()

    @settings(TRY, max_examples=12)
    @given(turns=TURNS, daily=OTHER_DAYS, amount=st.integers(1, 300), later=TURNS)
    def check(turns: list, daily: list, amount: int, later: list) -> None:
        def story() -> None:
            way = Way(company)
            walk(way, turns)
            order, before = way.order, verdicts(way.order)
            live = dict(order.targets.live().values_list("id", "due_at"))
            way.minute += 1
            publish_calendar_version(
                name="office", document=OFFICE | {"daily": daily}, known_from=way.now, actor_id=None, at=way.now
            )
            for number, row in enumerate(Policy.objects.filter(key__startswith="lamp.").order_by("id")):
                if number == 0:
                    withdraw_policy(policy_id=row.pk, why="x", actor_id=boss.pk, at=way.now)
                else:
                    changed = replace(row.entry, values=(Value(Decimal(amount)),))
                    if changed.digest != row.entry.digest:
                        revise_policy(policy_id=row.pk, entries=[changed], why="x", actor_id=boss.pk, at=way.now)

            assert verdicts(order) == before
            assert dict(order.targets.live().values_list("id", "due_at")) == live
            assert verify_work_order(work_order_id=order.pk).differences == ()

            assert services.recalculate_targets(calendar="office", at=way.now) is None

            assert verdicts(order) == before
            assert verify_work_order(work_order_id=order.pk).differences == ()
            newest = calendar_in_force(name="office", at=way.now).digest
            assert set(order.targets.live().values_list("calendar_digest", flat=True)) <= {newest}

            walk(way, later)  # what comes after is judged by the policies of its opening, and replays as well

            assert verdicts(order)[: len(before)] == before
            assert verify_work_order(work_order_id=order.pk).differences == ()
            opened_under = {entry.key: entry.digest for entry in LIMITS}
            for key, digest in order.targets.values_list("policy_key", "policy_digest"):
                assert digest == opened_under[key]

        undone(story)

    check()


def test_a_matter_opened_after_the_edit_runs_under_it(company: Company) -> None:
    boss = administrator()
    row = Policy.objects.get(key="lamp.arrive")
    withdraw_policy(policy_id=row.pk, why="x", actor_id=boss.pk, at=after(1))

    before, later = opened(company), opened(company, at=after(1))

    assert before.targets.filter(kind="arrived").exists()
    assert not later.targets.filter(kind="arrived").exists()
    assert verify_work_order(work_order_id=before.pk).differences == ()
    assert verify_work_order(work_order_id=later.pk).differences == ()
    assert row.entry.known_from == LONG_AGO


def test_a_deadline_never_lies_before_its_start_nor_its_warning_after_it(company: Company) -> None:
    @settings(TRY, max_examples=12)
    @given(turns=TURNS)
    def check(turns: list) -> None:
        def story() -> None:
            way = Way(company)
            walk(way, turns)
            for row in way.order.targets.all():
                assert row.start_at <= row.warn_at <= row.due_at

        undone(story)

    check()
