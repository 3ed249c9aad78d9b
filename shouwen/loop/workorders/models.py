"""Tables of work orders. What must never be false is a constraint with a readable name."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from shouwen.loop.workorders.choices import (
    EscalationReason,
    Grade,
    GradeSource,
    HandOverReason,
    LinkKind,
    Priority,
    PromiseKind,
    PromiseState,
    Stage,
    TargetState,
)
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.records.norms.choices import Channel, PauseReason, TargetKind

STAFF = "people.Staff"
UNIT = "people.Unit"
SUBJECT_LIMIT = 120
LIVE_TARGET = Q(state__in=[TargetState.RUNNING, TargetState.PAUSED])


class WorkOrderQuerySet(models.QuerySet["WorkOrder"]):
    def unclosed(self) -> WorkOrderQuerySet:
        return self.exclude(stage=Stage.CLOSED)

    def in_unit(self, unit_path: str) -> WorkOrderQuerySet:
        """Return matters whose present work lies in the unit at ``unit_path`` or below it."""
        return self.filter(unit__path__startswith=unit_path)

    def owned_by(self, staff_id: int) -> WorkOrderQuerySet:
        return self.filter(owner_id=staff_id)


class WorkOrder(models.Model):
    """One matter (工单). It always has exactly one owner: the column cannot be empty and holds one person."""

    norm_version = models.ForeignKey("norms.NormVersion", on_delete=models.PROTECT, db_index=False, related_name="+")
    norm_code = models.CharField(max_length=40)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.OPEN)
    round = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=40, blank=True)
    end = models.CharField(max_length=40, blank=True)
    unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, db_index=False, related_name="+")
    main_unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, db_index=False, related_name="+")
    owner = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    handler = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")

    channel = models.CharField(max_length=12, choices=Channel.choices)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    supply_point = models.ForeignKey(
        "customers.SupplyPoint", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    subject = models.CharField(max_length=SUBJECT_LIMIT, blank=True)
    description = models.TextField(blank=True)
    hazards = models.JSONField(default=list)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    urge_count = models.PositiveSmallIntegerField(default=0)

    opened_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # the last act that counts for its deadlines; none is recorded before it
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=30, choices=PauseReason.choices, blank=True)
    result = models.TextField(blank=True)
    result_told_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    call_back_needed = models.BooleanField(default=False)
    call_back_attempt_count = models.PositiveSmallIntegerField(default=0)
    called_back_at = models.DateTimeField(null=True)
    survey_needed = models.BooleanField(default=False)
    satisfaction_asked_at = models.DateTimeField(null=True)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices, null=True)
    grade_source = models.CharField(max_length=12, choices=GradeSource.choices, blank=True)
    grade_settled_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False, related_name="merged")
    next_due_at = models.DateTimeField(null=True)

    objects = WorkOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="work_order_closed_has_closed_at",
                condition=Q(stage=Stage.CLOSED, closed_at__isnull=False) | (~Q(stage=Stage.CLOSED) & Q(closed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="work_order_closed_has_settled_grade",
                condition=~Q(stage=Stage.CLOSED)
                | Q(grade_settled_at__isnull=False)
                | Q(survey_needed=False)
                | Q(merged_into__isnull=False),
            ),
            models.CheckConstraint(
                name="work_order_resolved_has_an_end",
                condition=(Q(stage=Stage.OPEN, resolved_at__isnull=True, end=""))
                | (~Q(stage=Stage.OPEN) & Q(resolved_at__isnull=False)),
            ),
            models.CheckConstraint(name="work_order_open_has_a_step", condition=~Q(stage=Stage.OPEN) | ~Q(step="")),
            models.CheckConstraint(
                name="work_order_pause_has_a_reason",
                condition=Q(paused_at__isnull=True, pause_reason="") | (Q(paused_at__isnull=False) & ~Q(pause_reason="")),
            ),
            models.CheckConstraint(
                name="work_order_grade_one_to_five", condition=Q(grade__isnull=True) | Q(grade__gte=1, grade__lte=5)
            ),
            models.CheckConstraint(
                name="work_order_not_merged_into_itself", condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id"))
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "priority", "next_due_at", "id"], name="work_order_queue", condition=Q(stage=Stage.OPEN)
            ),
            models.Index(fields=["owner", "next_due_at", "id"], name="work_order_of_owner", condition=~Q(stage=Stage.CLOSED)),
            models.Index(fields=["customer", "-id"], name="work_order_of_customer"),
            models.Index(fields=["supply_point", "-id"], name="work_order_at_supply_point"),
            models.Index(fields=["handler"], name="work_order_of_handler", condition=Q(handler__isnull=False)),
            models.Index(fields=["merged_into"], name="work_order_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["resolved_at", "id"], name="work_order_to_settle", condition=Q(stage=Stage.RESOLVED)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return number_of(self.pk)

    @property
    def is_open(self) -> bool:
        return self.stage == Stage.OPEN

    @property
    def is_closed(self) -> bool:
        return self.stage == Stage.CLOSED


class StepRun(models.Model):
    """One time that a step was worked on: where, by whom, with what outcome (环节)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="step_runs")
    round = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=40)
    unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    entered_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work_order"], condition=Q(finished_at__isnull=True), name="step_run_one_open_for_each_matter"
            )
        ]
        indexes = [models.Index(fields=["staff", "-id"], name="step_run_of_staff")]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.step}"


class TargetQuerySet(models.QuerySet["Target"]):
    def live(self) -> TargetQuerySet:
        return self.filter(LIVE_TARGET)

    def alarming(self, at: datetime) -> TargetQuerySet:
        """Return running targets whose next rung is to be told by ``at``."""
        return self.filter(state=TargetState.RUNNING, next_alarm_at__lte=at)


class Target(models.Model):
    """One deadline of one matter (时限). All but the verdict can be computed again from the ledger."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, db_index=False, related_name="targets")
    round = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=20, choices=TargetKind.choices)
    step = models.CharField(max_length=40)
    since = models.CharField(max_length=6)
    policy_key = models.CharField(max_length=60)
    policy_digest = models.CharField(max_length=64)
    calendar_digest = models.CharField(max_length=64)
    limit_amount = models.DecimalField(max_digits=12, decimal_places=4)
    limit_unit = models.CharField(max_length=20)
    start_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at_pct = models.DecimalField(max_digits=5, decimal_places=2)
    warn_at = models.DateTimeField()
    next_alarm_at = models.DateTimeField(null=True)
    rung = models.SmallIntegerField(null=True)
    state = models.CharField(max_length=8, choices=TargetState.choices, default=TargetState.RUNNING)
    met_at = models.DateTimeField(null=True)
    broken_seen_at = models.DateTimeField(null=True)
    verdict_at = models.DateTimeField(null=True)
    verdict_digest = models.CharField(max_length=64, blank=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_order", "round", "kind"], name="target_once_in_each_round"),
            models.CheckConstraint(
                name="target_verdict_has_a_digest",
                condition=(LIVE_TARGET & Q(verdict_at__isnull=True, verdict_digest=""))
                | (~LIVE_TARGET & Q(verdict_at__isnull=False) & ~Q(verdict_digest="")),
            ),
        ]
        indexes = [
            models.Index(fields=["next_alarm_at"], name="target_next_alarm", condition=Q(state=TargetState.RUNNING)),
            models.Index(fields=["id"], name="target_live", condition=LIVE_TARGET),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.kind}"

    @property
    def is_live(self) -> bool:
        return self.state in (TargetState.RUNNING, TargetState.PAUSED)


class Promise(models.Model):
    """What somebody told the customer they would do, and by when (承诺, B6)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="promises")
    kind = models.CharField(max_length=8, choices=PromiseKind.choices)
    made_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=PromiseState.choices, default=PromiseState.OPEN)
    settled_at = models.DateTimeField(null=True)
    moved_to = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="moved_from")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="promise_settled_has_settled_at",
                condition=Q(state=PromiseState.OPEN, settled_at__isnull=True)
                | (~Q(state=PromiseState.OPEN) & Q(settled_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="promise_due", condition=Q(state=PromiseState.OPEN))]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.kind} {self.due_at:%F %R}"


class HandOver(models.Model):
    """Work passed from one unit to the next, and what the receiver thought of it (转办, B9)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="hand_overs")
    step = models.CharField(max_length=40)
    from_unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, db_index=False, related_name="+")
    to_unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, db_index=False, related_name="+")
    by_staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    reason = models.CharField(max_length=20, choices=HandOverReason.choices)
    words = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    score = models.PositiveSmallIntegerField(null=True)
    rated_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    rated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="hand_over_leads_elsewhere", condition=~Q(from_unit=F("to_unit"))),
            models.CheckConstraint(
                name="hand_over_rated_whole",
                condition=Q(score__isnull=True, rated_by__isnull=True, rated_at__isnull=True)
                | Q(score__gte=1, score__lte=5, rated_by__isnull=False, rated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.from_unit_id} → {self.to_unit_id}"


class Assist(models.Model):
    """Help asked of another unit while the work stays here (协办)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="assists")
    unit = models.ForeignKey(UNIT, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    asked_at = models.DateTimeField()
    question = models.CharField(max_length=400)
    given_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    given_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.unit_id}"


class Escalation(models.Model):
    """A superior was told; each rung of a target once (升级)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="escalations")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, null=True, db_index=False, related_name="escalations")
    reason = models.CharField(max_length=10, choices=EscalationReason.choices)
    rung = models.SmallIntegerField()
    to_staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    by_staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    words = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["target", "rung"], name="escalation_each_rung_once")]
        indexes = [models.Index(fields=["to_staff", "-id"], name="escalation_to_staff")]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.reason} {self.rung}"


class Visit(models.Model):
    """A door-to-door visit after the worst grade (上门回访); the matter stays open until it is settled."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="visits")
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    visited_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    findings = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["work_order"], condition=Q(settled_at__isnull=True), name="visit_one_open_for_each_matter"
            ),
            models.CheckConstraint(
                name="visit_settled_whole",
                condition=Q(settled_at__isnull=True, visited_by__isnull=True)
                | Q(settled_at__isnull=False, visited_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.opened_at:%F}"


class Note(models.Model):
    """What somebody wrote about a matter; inside unless it is said to be for the customer (备注)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()
    is_public = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.text[:40]


class Amendment(models.Model):
    """What fields of a matter said before somebody corrected them (更正前的内容)."""

    work_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="amendments")
    by_staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField()
    before = models.JSONField()

    def __str__(self) -> str:
        return f"{self.work_order_id} {', '.join(self.before)}"


class Link(models.Model):
    """Two matters that belong together. Undoing keeps the row: nothing was moved, so nothing has to be moved back (关联)."""

    kind = models.CharField(max_length=10, choices=LinkKind.choices)
    from_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="links_from")
    to_order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="links_to")
    made_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()
    undone_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="link_joins_two", condition=~Q(from_order=F("to_order"))),
            models.UniqueConstraint(
                fields=["kind", "from_order", "to_order"], condition=Q(undone_at__isnull=True), name="link_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_order_id} {self.kind} {self.to_order_id}"


class Redating(models.Model):
    """The dating again of all live targets after a calendar has changed, and how far it has come (时限重算)."""

    calendar = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField()
    due_from = models.DateTimeField()  # not before the version is known
    after_id = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "digest", "begun_at"], name="redating_once_for_each_version")]

    def __str__(self) -> str:
        return f"{self.calendar} after {self.after_id}"
