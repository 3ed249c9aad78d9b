"""The tables of search."""

from __future__ import annotations

from django.db import models


class BroadTerm(models.Model):
    """A term that so many entries of one subject hold that its index is the slower way. ``share_ppm`` is in millionths."""

    subject = models.CharField(max_length=40)
    term = models.IntegerField()
    share_ppm = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "term"], name="broad_term_once_per_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.share_ppm}"


class KeyFingerprint(models.Model):
    """A key under which values of this database are sealed or found, by its fingerprint. ``retired_at``: nothing is, any more."""

    name = models.CharField(max_length=40, unique=True)
    mark = models.CharField(max_length=16)
    kept_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.mark}"
