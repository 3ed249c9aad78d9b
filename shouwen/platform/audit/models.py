"""Tables of the audit. The looks, links and seals only ever grow: database triggers refuse the rest."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from shouwen.platform.audit.choices import EntryKind


class LookQuerySet(models.QuerySet["Look"]):
    def at_customer(self, customer_id: int) -> LookQuerySet:
        return self.filter(customer_id=customer_id)


class Look(models.Model):
    """Somebody has seen something about a customer (查看记录). ``fields`` names what was shown unmasked, ``reason`` says why."""

    viewer_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    fields = ArrayField(models.CharField(max_length=60))
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    objects = LookQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["customer_id", "id"], name="look_at_customer")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="look_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.viewer_id} → {self.customer_id}"


class ChainLink(models.Model):
    """One link of the chain: some entries of one kind, the last of which is number ``last_sequence`` of the journal.

    ``rules.Link`` says what the columns hold.
    """

    last_sequence = models.BigIntegerField(primary_key=True)
    entry_kind = models.PositiveSmallIntegerField(choices=EntryKind.choices)
    after_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    entries = models.BinaryField()
    content_digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry_kind", "last_id"], name="link_once_for_each_last_entry"),
            models.CheckConstraint(condition=Q(last_id__gt=F("after_id")), name="link_seals_an_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.last_sequence} {bytes(self.digest).hex()[:12]}"


class Seal(models.Model):
    """The head of the chain after one sealing: print it, send it away, and nobody can cut the chain below it unseen."""

    last_sequence = models.BigIntegerField(primary_key=True)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.last_sequence} {bytes(self.digest).hex()}"


class SealMark(models.Model):
    """How far the entries of one kind are sealed: everything up to ``sealed_id``.

    ``waiting_id`` is how far ids had been given out when ``waiting_for`` (transactions) were still writing: once they have all
    ended, no entry up to it can appear any more.
    """

    entry_kind = models.PositiveSmallIntegerField(primary_key=True, choices=EntryKind.choices)
    sealed_id = models.BigIntegerField(default=0)
    waiting_id = models.BigIntegerField(default=0)
    waiting_for = ArrayField(models.CharField(max_length=40), default=list)

    def __str__(self) -> str:
        return f"{self.get_entry_kind_display()} ≤ {self.sealed_id}"


class Inspection(models.Model):
    """One check of the whole journal: how many entries were in the chain, and the first thing that did not hold, if any."""

    at = models.DateTimeField()
    checked = models.BigIntegerField()
    problem = models.CharField(max_length=200, default="")

    def __str__(self) -> str:
        return f"{self.at:%F} {self.problem or 'whole'}"
