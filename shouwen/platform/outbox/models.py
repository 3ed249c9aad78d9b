"""Tables of the outbox."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from shouwen.platform.outbox.choices import DeliveryState


class FactQuerySet(models.QuerySet["Fact"]):
    def of_case(self, *, case_kind: str, case_id: int) -> FactQuerySet:
        return self.filter(case_kind=case_kind, case_id=case_id)

    def told_in_order(self) -> FactQuerySet:
        return self.order_by("id")


class Fact(models.Model):
    """Something that has happened. Never changed: a database trigger refuses it."""

    kind = models.CharField(max_length=60)
    case_kind = models.CharField(max_length=30)
    case_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    payload = models.JSONField()
    announced_at = models.DateTimeField(db_default=Now())

    objects = FactQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["case_kind", "case_id", "id"], name="fact_of_case"),
            models.Index(fields=["kind", "at"], name="fact_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.case_kind} {self.case_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> DeliveryQuerySet:
        return self.filter(state=DeliveryState.PENDING, next_try_at__lte=at)

    def failed(self) -> DeliveryQuerySet:
        return self.filter(state=DeliveryState.FAILED)


class Delivery(models.Model):
    """One fact on its way to one hearer."""

    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="deliveries")
    hearer = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact", "hearer"], name="delivery_once_for_each_hearer"),
            models.CheckConstraint(
                name="delivery_heard_has_heard_at",
                condition=Q(state=DeliveryState.HEARD, heard_at__isnull=False)
                | (~Q(state=DeliveryState.HEARD) & Q(heard_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="delivery_pending", condition=Q(state=DeliveryState.PENDING)),
            models.Index(fields=["id"], name="delivery_failed", condition=Q(state=DeliveryState.FAILED)),
        ]

    def __str__(self) -> str:
        return f"{self.fact_id} → {self.hearer}"
