"""Tables of the handbook: norms and their versions."""

from __future__ import annotations

from django.db import models


class Norm(models.Model):
    """One of the work norms (工作规范); its versions hold what it says."""

    code = models.CharField(max_length=10, unique=True)
    slug = models.CharField(max_length=40, unique=True)
    category = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.code} {self.slug}"


class NormVersion(models.Model):
    """What a norm says from ``effective_from`` on; published once, never changed (the database refuses it)."""

    norm = models.ForeignKey(Norm, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    effective_from = models.DateField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["norm", "version"], name="norm_version_once"),
            models.UniqueConstraint(fields=["norm", "effective_from"], name="norm_version_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.norm_id} v{self.version}"
