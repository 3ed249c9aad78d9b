"""Tables of satisfaction. Of a link only the digest of its token is kept; what a customer wrote is sealed."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from shouwen.loop.satisfaction.rules import LinkState
from shouwen.loop.workorders.choices import Grade
from shouwen.platform.search.fields import EncryptedText

WORK_ORDER = "workorders.WorkOrder"
UNANSWERED = Q(answered_at__isnull=True, settled_at__isnull=True)


class SurveyQuerySet(models.QuerySet["Survey"]):
    def unanswered(self) -> SurveyQuerySet:
        return self.filter(UNANSWERED)

    def expired(self, at: datetime) -> SurveyQuerySet:
        return self.unanswered().filter(expires_at__lte=at)


class Survey(models.Model):
    """One asking for one round of one matter (满意度调查). Without a token it was asked by voice.

    ``settled_at``: no answer is awaited any more, since the customer answered otherwise, the time is over, or the matter went on.
    """

    work_order = models.ForeignKey(WORK_ORDER, on_delete=models.PROTECT, db_index=False, related_name="+")
    round = models.PositiveSmallIntegerField()
    token_digest = models.CharField(max_length=64, null=True, unique=True)  # two without a token are not alike
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices, null=True)
    words = EncryptedText()
    settled_at = models.DateTimeField(null=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_order", "round"], name="survey_once_in_each_round"),
            models.CheckConstraint(
                name="survey_answered_has_a_grade",
                condition=Q(answered_at__isnull=True, grade__isnull=True)
                | Q(answered_at__isnull=False, grade__gte=1, grade__lte=5),
            ),
        ]
        indexes = [models.Index(fields=["expires_at", "id"], name="survey_unanswered", condition=UNANSWERED)]

    def __str__(self) -> str:
        return f"{self.work_order_id}/{self.round}"

    @property
    def link_state(self) -> LinkState:
        """Return what decides whether the customer's link still holds."""
        return LinkState(self.expires_at, self.answered_at is not None, self.settled_at is not None)


class CallBackQuerySet(models.QuerySet["CallBack"]):
    def open(self) -> CallBackQuerySet:
        return self.filter(done_at__isnull=True)


class CallBack(models.Model):
    """A call-back that somebody independent has to make (回访), and when to try again after nobody answered.

    ``link_from``: the customer was reached, and is sent the link then unless a grade was recorded.
    """

    work_order = models.ForeignKey(WORK_ORDER, on_delete=models.PROTECT, db_index=False, related_name="+")
    round = models.PositiveSmallIntegerField()
    policy_key = models.CharField(max_length=60)
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempt_count = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    link_from = models.DateTimeField(null=True)

    objects = CallBackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_order", "round"], name="call_back_once_in_each_round"),
            models.CheckConstraint(
                name="call_back_link_after_it_is_done", condition=Q(link_from__isnull=True) | Q(done_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="call_back_open", condition=Q(done_at__isnull=True)),
            models.Index(fields=["link_from"], name="call_back_link_later", condition=Q(link_from__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id}/{self.round}"
