"""Tables of the machine's door."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from shouwen.faces.api.choices import WebhookState
from shouwen.platform.search.fields import EncryptedText

STAFF = "people.Staff"


class KeptAnswer(models.Model):
    """What was answered under an ``Idempotency-Key`` (幂等应答). ``name`` is the SHA-256 of client and key, ``digest`` of what was asked.

    The body is sealed, since it may hold what only its client may read.
    """

    name = models.BinaryField(primary_key=True)
    digest = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200, blank=True)
    body = models.BinaryField()
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["answered_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"{self.status} {self.answered_at:%F %T}"


class SubscriptionQuerySet(models.QuerySet["WebhookSubscription"]):
    def active(self) -> SubscriptionQuerySet:
        return self.filter(cancelled_at__isnull=True)


class WebhookSubscription(models.Model):
    """Somebody's wish to be told of facts (订阅). ``kinds`` empty: of all. ``position`` is the last fact that was looked at for it.

    ``claimed_until`` marks the one worker that delivers for it now; ``next_try_at`` puts it off while the subscriber does not answer.
    """

    staff = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    secret = EncryptedText()
    position = models.BigIntegerField()
    subscribed_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)

    objects = SubscriptionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One fact on its way to one subscriber (推送). Its id is what the subscriber sees, the same at every try and replay."""

    subscription = models.ForeignKey(WebhookSubscription, on_delete=models.CASCADE, related_name="deliveries")
    fact = models.ForeignKey("outbox.Fact", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=WebhookState.choices, default=WebhookState.PENDING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    replay_count = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "fact"], name="webhook_delivery_once_for_each_subscriber"),
            models.CheckConstraint(
                name="webhook_delivery_sent_has_sent_at", condition=~Q(state=WebhookState.SENT) | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "fact"], name="webhook_delivery_pending", condition=Q(state=WebhookState.PENDING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact_id} → {self.subscription_id}"
