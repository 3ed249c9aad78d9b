"""Random verbs by random people against a small model: whatever they do, what holds always holds."""

from __future__ import annotations

import inspect
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import (
    CallBackResult,
    EscalationReason,
    GradeSource,
    HandOverReason,
    LinkKind,
    PromiseKind,
    ReopenReason,
    Stage,
    TargetState,
)
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.tests.factories import Company, after
from shouwen.loop.workorders.tests.proofs import picture
from shouwen.platform.people.models import Staff
from shouwen.records.customers.tests.factories import CustomerFactory

PEOPLE = ("li", "wang", "zhao", "chen", "gateway", "gateway")
Picture = dict[str, list[dict[str, Any]]]
STORIES, LENGTH = 9, 45
REACHED = {
    *("open_work_order", "take_work_order", "finish_step", "hand_over_work_order", "pause_work_order", "resume_work_order"),
    *("make_promise", "move_promise", "keep_promise", "urge_work_order", "escalate_work_order", "amend_work_order", "add_note"),
    *("change_owner", "tell_result", "record_call_back", "ask_satisfaction", "record_grade", "settle_unanswered"),
    *("settle_visit", "close_work_order", "reopen_work_order", "link_work_orders", "merge_work_order", "undo_link"),
}


@dataclass
class Model:
    """What we believe of one matter; written without looking at how the services do it."""

    owner: int
    stage: str = Stage.OPEN
    step: str = "accept"
    is_paused: bool = False
    customer: int | None = None
    is_told: bool = False
    call_backs: int = 0
    is_called_back: bool = False
    grade: int | None = None
    is_settled: bool = False
    has_visit: bool = False
    merged_into: int | None = None
    merged_at: str = ""
    round: int = 1
    promises: set[int] = field(default_factory=set)

    def begin_again(self) -> None:
        self.stage, self.step, self.merged_into, self.round = Stage.OPEN, "accept", None, self.round + 1
        self.call_backs, self.is_called_back, self.grade, self.is_settled, self.is_told = 0, False, None, False, False

    def go_on_after_merging(self) -> None:
        step = self.merged_at
        self.begin_again()
        self.step = step

    @property
    def may_close(self) -> bool:
        return (
            self.stage == Stage.RESOLVED
            and (self.is_told or self.customer is None)
            and (self.is_called_back or self.call_backs >= 3)
            and self.is_settled
            and not self.has_visit
            and not self.promises
        )


STEPS = {
    "accept": {"sent": "arrive", "known": None},
    "arrive": {"there": "mend", "wrong_place": "accept"},
    "mend": {"mended": None, "parts": "arrive"},
}


class Loop:
    """A few matters, their models, and everything that can be done to them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.customer_id = CustomerFactory().pk
        self.minute = 0.0
        self.models: dict[int, Model] = {}
        self.seen, self.moved = picture(), set[int]()
        self.done: Counter[str] = Counter()
        for _ in range(2):
            self.open("li")

    # How an act is tried.

    def id_of(self, matter: int) -> int:
        return list(self.models)[matter % len(self.models)]

    def staff(self, who: str) -> Staff:
        return getattr(self.company, who)

    def attempt(self, service: Callable[..., object], who: str, **details: Any) -> tuple[bool, Any]:
        """Try a verb: a refusal has changed nothing, and every change was announced."""
        before = self.seen
        try:
            result: Any = service(actor_id=self.staff(who).pk, at=after(self.minute), **details)
        except Refusal as refusal:
            result = refusal
        self.seen = picture()
        if isinstance(result, Refusal):
            assert self.seen == before, f"{result!r} changed something"
            return False, result
        self.moved |= check_announced(before, self.seen)
        self.done[service.__name__] += 1
        return True, result

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Return the rows of a table as they were seen last, those with these values."""
        return [row for row in self.seen[table] if all(row[name] == value for name, value in wanted.items())]

    def wait(self, minutes: float) -> None:
        self.minute += minutes

    # Verbs.

    def open(self, who: str) -> None:
        if len(self.models) == 3:
            return
        owner = self.staff("li" if who == "gateway" else who)
        customer = self.customer_id if len(self.models) < 2 else None
        details = {"norm": "lamp_out", "channel": "phone", "owner_id": owner.pk, "customer_id": customer}
        done, pk = self.attempt(services.open_work_order, who, **details)
        assert done
        self.models[pk] = Model(owner=owner.pk, customer=customer)

    def take(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        done, refusal = self.attempt(services.take_work_order, who, work_order_id=pk)
        if done:
            assert self.models[pk].stage == Stage.OPEN
        elif isinstance(refusal, services.CannotTake):
            assert self.models[pk].stage != Stage.OPEN

    def finish(self, matter: int, who: str, outcome: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, _ = self.attempt(services.finish_step, who, work_order_id=pk, outcome=outcome)
        if done:
            assert model.stage == Stage.OPEN
            assert not model.is_paused
            following = STEPS[model.step][outcome]
            model.step, model.stage = following or "", Stage.OPEN if following else Stage.RESOLVED

    def go_on(self, matter: int, worker: str, steps: int) -> None:
        """Finish steps forwards, so that matters often come to their end."""
        for _ in range(steps):
            if step := self.models[self.id_of(matter)].step:
                self.finish(matter, worker, next(iter(STEPS[step])))

    def hand_over(self, matter: int, who: str, to: str) -> None:
        self.attempt(
            services.hand_over_work_order,
            who,
            work_order_id=self.id_of(matter),
            to_unit_id=getattr(self.company, to).pk,
            reason=HandOverReason.CAPACITY,
        )

    def pause(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, refusal = self.attempt(services.pause_work_order, who, work_order_id=pk, reason="waiting_for_customer")
        if done or not isinstance(refusal, NotAllowed | NotFound):
            assert done == (model.stage == Stage.OPEN and not model.is_paused)
        model.is_paused = model.is_paused or done

    def resume(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, refusal = self.attempt(services.resume_work_order, who, work_order_id=pk)
        if done or not isinstance(refusal, NotAllowed | NotFound):
            assert done == model.is_paused
        model.is_paused = model.is_paused and not done

    def promise(self, matter: int, who: str, minutes: float) -> None:
        pk = self.id_of(matter)
        done, promise_id = self.attempt(
            services.make_promise, who, work_order_id=pk, kind=PromiseKind.CALL, due_at=after(self.minute + minutes)
        )
        if done:
            self.models[pk].promises.add(promise_id)

    def settle_promise(self, who: str, which: int, move: bool) -> None:
        if not self.rows("Promise", state="OPEN"):
            self.promise(which, "gateway", 60)
        ids = [(row["id"], row["work_order_id"]) for row in self.rows("Promise", state="OPEN") or self.rows("Promise")]
        if not ids:
            return
        promise_id, pk = ids[which % len(ids)]
        if move:
            done, new_id = self.attempt(services.move_promise, who, promise_id=promise_id, due_at=after(self.minute + 30))
        else:
            done, new_id = *self.attempt(services.keep_promise, who, promise_id=promise_id)[:1], None
        if done:
            self.models[pk].promises = self.models[pk].promises - {promise_id} | ({new_id} if move else set())

    def sweep(self) -> None:
        self.attempt(services.sweep_targets, "gateway")
        self.attempt(services.sweep_promises, "gateway")
        open_ids = {row["id"] for row in self.rows("Promise", state="OPEN")}
        for model in self.models.values():
            model.promises &= open_ids

    def urge(self, matter: int, who: str) -> None:
        self.attempt(services.urge_work_order, who, work_order_id=self.id_of(matter))

    def escalate(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        self.attempt(services.escalate_work_order, who, work_order_id=pk, reason=EscalationReason.REFUSAL)

    def amend(self, matter: int, who: str, seen: str, wanted: str) -> None:
        changes = {"subject": FieldChange(seen, wanted)}
        self.attempt(services.amend_work_order, who, work_order_id=self.id_of(matter), changes=changes)

    def note(self, matter: int, who: str) -> None:
        self.attempt(services.add_note, who, work_order_id=self.id_of(matter), text="x")

    def change_owner(self, matter: int, who: str, new_owner: str) -> None:
        pk, to = self.id_of(matter), self.staff(new_owner)
        done, _ = self.attempt(services.change_owner, who, work_order_id=pk, to_staff_id=to.pk, reason="x")
        if done:
            assert not to.is_automatic
            self.models[pk].owner = to.pk

    def tell(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        done, _ = self.attempt(services.tell_result, who, work_order_id=pk, channel="sms", result="x")
        self.models[pk].is_told = self.models[pk].is_told or done

    def call_back(self, matter: int, who: str, result: CallBackResult) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, _ = self.attempt(services.record_call_back, who, work_order_id=pk, result=result)
        if not done:
            return
        assert model.stage == Stage.RESOLVED
        model.call_backs += 1
        model.is_called_back = model.is_called_back or result in (CallBackResult.REACHED, CallBackResult.REFUSED)
        if result == CallBackResult.UNSOLVED:
            model.begin_again()

    def grade(self, matter: int, who: str, grade: int, source: GradeSource) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, _ = self.attempt(services.record_grade, who, work_order_id=pk, grade=grade, source=source)
        if done:
            assert (model.stage, model.grade) == (Stage.RESOLVED, None)
            assert who == "gateway" or self.staff(who).pk != model.owner
            model.grade, model.is_settled = grade, grade > 1
            model.has_visit = model.has_visit or grade == 1

    def visit(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, _ = self.attempt(services.settle_visit, who, work_order_id=pk, findings="x")
        if done:
            assert model.has_visit
            model.has_visit, model.is_settled = False, model.is_settled or model.grade == 1

    def unanswered(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        self.attempt(services.ask_satisfaction, who, work_order_id=pk, source=GradeSource.LINK)
        done, _ = self.attempt(services.settle_unanswered, "gateway", work_order_id=pk)
        self.models[pk].is_settled = self.models[pk].is_settled or done

    def close(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, refusal = self.attempt(services.close_work_order, who, work_order_id=pk)
        if done or not isinstance(refusal, NotAllowed | NotFound):
            assert done == model.may_close
        if done:
            model.stage = Stage.CLOSED

    def settle_all_and_close(self, matter: int) -> None:
        """Bring a matter to its end, so that closing, reopening and undoing are often reached."""
        self.resume(matter, "gateway")
        self.go_on(matter, "gateway", 3)
        for promise_id in list(self.models[self.id_of(matter)].promises):
            self.attempt(services.keep_promise, "gateway", promise_id=promise_id)
            self.models[self.id_of(matter)].promises.discard(promise_id)
        self.tell(matter, "gateway")
        self.call_back(matter, "gateway", CallBackResult.REACHED)
        self.grade(matter, "gateway", 4, GradeSource.LINK)
        self.visit(matter, "zhao")
        self.close(matter, "gateway")

    def reopen(self, matter: int, who: str) -> None:
        pk = self.id_of(matter)
        model = self.models[pk]
        done, _ = self.attempt(services.reopen_work_order, who, work_order_id=pk, reason=ReopenReason.CAME_BACK)
        if done:
            assert model.stage != Stage.OPEN
            assert model.merged_into is None
            model.begin_again()

    def link(self, one: int, other: int, who: str) -> None:
        self.attempt(services.link_work_orders, who, from_id=self.id_of(one), to_id=self.id_of(other), kind=LinkKind.DUPLICATE)

    def merge(self, one: int, other: int, who: str) -> None:
        pk, into = self.id_of(one), self.id_of(other)
        done, _ = self.attempt(services.merge_work_order, who, work_order_id=pk, into_id=into)
        if done:
            model, other = self.models[pk], self.models[into]
            assert (model.stage, other.stage, model.customer) == (Stage.OPEN, Stage.OPEN, other.customer)
            assert not model.promises
            assert not model.has_visit
            model.merged_at = model.step
            model.stage, model.step, model.merged_into, model.is_paused = Stage.CLOSED, "", into, False

    def merge_while_it_is_paused(self, one: int, other: int, minutes: float) -> None:
        self.pause(one, "gateway")
        self.minute += minutes
        self.merge(one, other, "gateway")

    def grade_worst_and_say_that_it_is_not_solved(self, matter: int) -> None:
        self.grade(matter, "gateway", 1, GradeSource.LINK)
        self.call_back(matter, "gateway", CallBackResult.UNSOLVED)
        self.visit(matter, "zhao")

    def undo(self, which: int, who: str) -> None:
        links = self.rows("Link")
        if not links:
            return
        link = links[which % len(links)]
        done, _ = self.attempt(services.undo_link, who, link_id=link["id"])
        if done and link["kind"] == LinkKind.MERGED:
            self.models[link["from_order_id"]].go_on_after_merging()

    # What holds always.

    def check(self) -> None:
        self.every_matter_is_as_the_model_says()
        self.a_closed_matter_has_a_settled_grade_or_went_into_another()
        self.an_open_matter_has_one_open_step_and_no_other_has_any()
        self.live_clocks_belong_to_open_matters_and_the_next_deadline_is_theirs()
        self.every_ledger_replays()

    def every_matter_is_as_the_model_says(self) -> None:
        for order in self.rows("WorkOrder"):
            pk, model = order["id"], self.models[order["id"]]
            assert order["owner_id"] == model.owner
            assert (order["stage"], order["step"], order["round"]) == (model.stage, model.step, model.round)
            assert (order["paused_at"] is not None) == model.is_paused
            assert (order["grade"], order["grade_settled_at"] is not None) == (model.grade, model.is_settled)
            assert order["merged_into_id"] == model.merged_into
            assert len(self.rows("Visit", work_order_id=pk, settled_at=None)) == model.has_visit
            assert {row["id"] for row in self.rows("Promise", work_order_id=pk, state="OPEN")} == model.promises

    def a_closed_matter_has_a_settled_grade_or_went_into_another(self) -> None:
        for order in self.rows("WorkOrder", stage=Stage.CLOSED):
            assert order["grade_settled_at"] is not None or order["merged_into_id"] is not None
            assert order["result_told_at"] or order["merged_into_id"] or not order["customer_id"]
            assert order["closed_at"] is not None
            assert not self.rows("Visit", work_order_id=order["id"], settled_at=None)
            assert not self.rows("Promise", work_order_id=order["id"], state="OPEN")

    def an_open_matter_has_one_open_step_and_no_other_has_any(self) -> None:
        columns = ("step", "unit_id", "round")
        runs = [(row["work_order_id"], *(row[name] for name in columns)) for row in self.rows("StepRun", finished_at=None)]
        orders = [(row["id"], *(row[name] for name in columns)) for row in self.rows("WorkOrder", stage=Stage.OPEN)]
        assert sorted(runs) == sorted(orders)

    def live_clocks_belong_to_open_matters_and_the_next_deadline_is_theirs(self) -> None:
        for order in self.rows("WorkOrder"):
            live = [row for row in self.rows("Target", work_order_id=order["id"]) if row["verdict_at"] is None]
            assert order["stage"] == Stage.OPEN or not live
            assert {row["state"] for row in live} <= {TargetState.PAUSED if order["paused_at"] else TargetState.RUNNING}
            running = [row["due_at"] for row in live if row["state"] == TargetState.RUNNING]
            assert order["next_due_at"] == min(running, default=None)

    def every_ledger_replays(self) -> None:
        for pk in self.moved:
            assert verify_work_order(work_order_id=pk).differences == ()
        self.moved.clear()


def check_announced(before: Picture, now: Picture) -> set[int]:
    """Hold that no fact of before was touched, and that every matter of which a row changed has a new fact; return which have."""
    count = len(before["Fact"])
    assert now["Fact"][:count] == before["Fact"]
    told = {fact["case_id"] for fact in now["Fact"][count:]}
    assert set(_changed(before, now)) <= told
    return told


def _changed(before: Picture, now: Picture) -> Iterator[int]:
    for table in before.keys() - {"Fact", "Delivery"}:
        old = {row["id"]: row for row in before[table]}
        for row in now[table]:
            if old.get(row["id"]) != row:
                yield row["id"] if table == "WorkOrder" else row.get("work_order_id") or row["from_order_id"]
        assert old.keys() <= {row["id"] for row in now[table]}, f"a row of {table} is gone"


# The driver: a seed is a story.

ANYTHING: dict[str, tuple[object, ...]] = {
    "matter": (0, 1, 2),
    "one": (0, 1, 2),
    "other": (0, 1, 2),
    "which": (0, 1, 2, 3),
    "who": PEOPLE,
    "worker": ("gateway", "gateway", "wang"),
    "to": ("centre", "crew", "other_crew"),
    "new_owner": PEOPLE,
    "minutes": (0, 1, 7, 30, 200, 1500),
    "steps": (1, 2, 3),
    "outcome": ("sent", "known", "there", "wrong_place", "mended", "parts"),
    "move": (True, False),
    "seen": ("", "a"),
    "wanted": ("a", "b"),
    "result": tuple(CallBackResult),
    "grade": (0, 1, 1, 2, 3, 4, 5),
    "source": tuple(GradeSource),
}
WEIGHTS = {
    **dict.fromkeys(("amend", "note", "escalate", "link", "change_owner", "open"), 1),
    **dict.fromkeys(("finish", "hand_over", "pause", "resume", "promise", "sweep", "unanswered", "grade", "tell", "take"), 2),
    **dict.fromkeys(("urge", "call_back", "visit", "close", "reopen", "merge", "undo", "settle_all_and_close"), 3),
    **dict.fromkeys(("merge_while_it_is_paused", "grade_worst_and_say_that_it_is_not_solved", "settle_promise"), 4),
    "wait": 3,
    "go_on": 10,
}


def tell_story(company: Company, seed: int, length: int) -> Counter[str]:
    """Do ``length`` random acts and look at everything after each; return how often each verb was done, not refused."""
    chance, loop = random.Random(seed), Loop(company)
    told: list[str] = []
    for _ in range(length):
        name = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        act = getattr(loop, name)
        details = {each: chance.choice(ANYTHING[each]) for each in inspect.signature(act).parameters}
        told.append(f"{name} {details}")
        try:
            act(**details)
            loop.check()
        except Exception as problem:
            problem.add_note(f"story {seed}:\n" + "\n".join(told))
            raise
    return loop.done


@pytest.mark.django_db
def test_whatever_people_do_what_holds_always_holds(company: Company) -> None:
    done: Counter[str] = Counter()
    for seed in range(STORIES):
        with transaction.atomic():
            done += tell_story(company, seed, LENGTH)
            transaction.set_rollback(True)

    assert done.keys() >= REACHED, "the stories reach every verb"
