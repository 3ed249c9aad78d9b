"""Tables of contacts. What people wrote, and from where, is sealed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shouwen.loop.contact.choices import Direction, EnvelopeState, MatchKind, NormSource, Trouble
from shouwen.platform.search.fields import EncryptedText
from shouwen.records.norms.choices import Channel

STAFF = "people.Staff"
BYTES_AS_TEXT = "latin-1"  # one letter for each byte, so that any content comes back as it was


class RowMapping(models.Model):
    """One version of how the rows of a foreign file are read. Never changed: another document is another row."""

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    document = models.JSONField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class EnvelopeQuerySet(models.QuerySet["Envelope"]):
    def waiting(self) -> EnvelopeQuerySet:
        """Return what was received and not looked into."""
        return self.filter(state=EnvelopeState.RECEIVED)

    def buried(self) -> EnvelopeQuerySet:
        return self.filter(state=EnvelopeState.BURIED)


class Envelope(models.Model):
    """What arrived, as it arrived (来件). ``key`` is the sender's idempotency key, else the digest of the content."""

    source = models.CharField(max_length=80)
    key = models.CharField(max_length=160)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    media_type = models.CharField(max_length=80)
    raw = EncryptedText()
    digest = models.CharField(max_length=64)
    mapping = models.ForeignKey(RowMapping, on_delete=models.PROTECT, null=True, related_name="+")
    line_no = models.PositiveBigIntegerField(null=True)  # of the file it came with, from 1
    fault = models.CharField(max_length=24, choices=Trouble.choices, blank=True)  # seen by whoever brought it
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=EnvelopeState.choices, default=EnvelopeState.RECEIVED)
    trouble = models.CharField(max_length=24, choices=Trouble.choices, blank=True)
    trouble_details = models.JSONField(default=dict)
    corrections = EncryptedText()
    discard_reason = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)

    objects = EnvelopeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="envelope_once_for_each_source_and_key"),
            models.CheckConstraint(
                name="envelope_buried_has_a_trouble", condition=~Q(state=EnvelopeState.BURIED) | ~Q(trouble="")
            ),
            models.CheckConstraint(
                name="envelope_discarded_has_a_reason", condition=~Q(state=EnvelopeState.DISCARDED) | ~Q(discard_reason="")
            ),
            models.CheckConstraint(
                name="envelope_settled_has_settled_at",
                condition=Q(state=EnvelopeState.RECEIVED, settled_at__isnull=True)
                | (~Q(state=EnvelopeState.RECEIVED) & Q(settled_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="envelope_waiting", condition=Q(state=EnvelopeState.RECEIVED)),
            models.Index(fields=["id"], name="envelope_buried", condition=Q(state=EnvelopeState.BURIED)),
            models.Index(fields=["source", "-received_at"], name="envelope_of_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"

    @property
    def content(self) -> bytes:
        """Return the bytes that arrived."""
        return self.raw.encode(BYTES_AS_TEXT)


class Interaction(models.Model):
    """One contact with one customer (联络记录), by whatever channel, in either direction (A1)."""

    envelope = models.OneToOneField(Envelope, on_delete=models.PROTECT, null=True, related_name="interaction")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.INWARD)
    happened_at = models.DateTimeField()
    recorded_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, null=True, related_name="+")
    match_kind = models.CharField(max_length=8, choices=MatchKind.choices, blank=True)
    confidence_pct = models.PositiveSmallIntegerField(null=True)
    norm_code = models.CharField(max_length=40, blank=True)
    norm_source = models.CharField(max_length=8, choices=NormSource.choices, blank=True)
    work_order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, null=True, related_name="+")
    is_attached = models.BooleanField(default=False)
    subject = EncryptedText()
    text = EncryptedText()
    sender = EncryptedText()
    sender_blind = models.BigIntegerField(null=True, editable=False)
    reference_blind = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="interaction_match_has_a_confidence",
                condition=Q(customer__isnull=True, confidence_pct__isnull=True, match_kind="")
                | (Q(customer__isnull=False, confidence_pct__gte=1, confidence_pct__lte=100) & ~Q(match_kind="")),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="interaction_of_customer", condition=Q(customer__isnull=False)),
            models.Index(fields=["work_order", "-id"], name="interaction_of_matter", condition=Q(work_order__isnull=False)),
            models.Index(fields=["reference_blind"], name="interaction_by_reference", condition=Q(reference_blind__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.happened_at:%F %R}"
