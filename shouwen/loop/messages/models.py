"""Tables of messages. What is personal is sealed; the text itself is never kept."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shouwen.loop.messages.choices import Channel, MessageState, Outcome, Problem, ReceiptState, TemplateKind
from shouwen.platform.search.fields import EncryptedText

GONE_OUT = Q(state__in=[MessageState.SENT, MessageState.DELIVERED])
OVER = Q(state__in=[MessageState.DELIVERED, MessageState.FAILED, MessageState.CANCELLED])


class Template(models.Model):
    """A text to customers (消息模板) under its permanent key; what it says stands in its versions."""

    key = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.key


class TemplateVersion(models.Model):
    """What a template says, from its approval until the next version. Never changed: a database trigger refuses it."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=TemplateKind.choices)
    is_urgent = models.BooleanField()
    purpose = models.JSONField()
    norm_hints = ArrayField(models.CharField(max_length=20))
    texts = models.JSONField()
    fields = ArrayField(models.CharField(max_length=40))
    max_sms_parts = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    approved_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_number_once")]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"


class Notice(models.Model):
    """One thing that is told to one or many (通知). The same idempotency key is the same notice, however often it is asked for."""

    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="+")
    about_kind = models.CharField(max_length=30)
    about_id = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=120)
    fields = EncryptedText()
    is_urgent = models.BooleanField()
    queued_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    queued_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["idempotency_key"], name="notice_once_for_each_key")]
        indexes = [models.Index(fields=["about_kind", "about_id"], name="notice_about")]

    def __str__(self) -> str:
        return self.idempotency_key


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self, at: datetime) -> MessageQuerySet:
        """Return what is not sent yet and in nobody's hands."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=at), state=MessageState.QUEUED)

    def due(self, at: datetime) -> MessageQuerySet:
        """Return what may be tried at ``at``."""
        return self.waiting(at).filter(Q(not_after__isnull=True) | Q(not_after__gt=at), not_before__lte=at)

    def expired(self, at: datetime) -> MessageQuerySet:
        """Return what waited until there was no more sense in saying it."""
        return self.waiting(at).filter(not_after__lte=at)

    def about(self, *, kind: str, id: int) -> MessageQuerySet:
        return self.filter(notice__about_kind=kind, notice__about_id=id)


class Message(models.Model):
    """One recipient of a notice: a customer, a member of staff, or a bare address (``address``, from the portal).

    ``channel`` and ``contact_point`` are the way that is tried next or was taken; ``failed_contacts`` those that failed for good.
    ``not_before`` and ``not_after`` are the ends of the time in which it may be tried, half-open; without the latter it is never too
    late. ``leased_until``: somebody is sending it. ``round`` counts how often it was asked for: a message sent once more has another name.
    Customers, contact points and notices are kept for ever and are read by the very statement that writes a message, so no foreign key
    is checked row by row when a million are told. The index of the recipients serves "what was this customer told" as well.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, db_constraint=False, related_name="messages")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    staff = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    address = EncryptedText()
    language = models.CharField(max_length=8, blank=True)
    own_fields = EncryptedText()
    is_urgent = models.BooleanField()
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    contact_point = models.ForeignKey(
        "customers.ContactPoint", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    failed_contacts = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.QUEUED)
    problem = models.CharField(max_length=20, choices=Problem.choices, blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    try_count = models.PositiveSmallIntegerField(default=0)
    way_try_count = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "notice", "staff"], nulls_distinct=False, name="message_once_for_each_recipient"
            ),
            models.CheckConstraint(
                name="message_has_one_kind_of_recipient",
                condition=Q(customer__isnull=False, staff__isnull=True) | Q(customer__isnull=True),
            ),
            models.CheckConstraint(name="message_gone_out_has_sent_at", condition=~GONE_OUT | Q(sent_at__isnull=False)),
            models.CheckConstraint(
                name="message_over_has_settled_at",
                condition=(OVER & Q(settled_at__isnull=False)) | (~OVER & Q(settled_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["is_urgent", "not_before", "id"], name="message_due", condition=Q(state=MessageState.QUEUED)),
            models.Index(
                fields=["not_after", "id"],
                name="message_expires",
                condition=Q(state=MessageState.QUEUED, not_after__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    def is_too_late(self, at: datetime) -> bool:
        """Return whether it makes no sense to say it at ``at`` any more."""
        return self.not_after is not None and at >= self.not_after


class Attempt(models.Model):
    """A try whose outcome is known; a missing number is a try whose sender died. ``reference`` is the carrier's name for it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    contact_point_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    problem = models.CharField(max_length=20, choices=Problem.choices, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    gateway = models.CharField(max_length=30)
    reference = models.CharField(max_length=200, blank=True)
    part_count = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="attempt_number_once")]
        indexes = [models.Index(fields=["gateway", "reference"], name="attempt_reference", condition=~Q(reference=""))]

    def __str__(self) -> str:
        return f"{self.message_id}/{self.number} {self.outcome}"


class Receipt(models.Model):
    """What a gateway reported, kept as it came (送达回执): it may come twice, late, or before the outcome of the try is written."""

    gateway = models.CharField(max_length=30)
    reference = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ReceiptState.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "reference", "state"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.reference} {self.state}"


class ChannelRest(models.Model):
    """A channel whose carrier was away when it was tried last, ``away_count`` times in a row: it is left alone until ``until``."""

    channel = models.CharField(max_length=8, choices=Channel.choices)
    away_count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel"], name="channel_rests_once")]

    def __str__(self) -> str:
        return f"{self.channel} until {self.until}"
