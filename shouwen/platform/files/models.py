"""The table of stored files."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from shouwen.platform.files.choices import Retention


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def kept(self) -> StoredFileQuerySet:
        return self.filter(purged_at=None)

    def expired(self, at: datetime) -> StoredFileQuerySet:
        """Return the files whose time is over and whose content is still kept."""
        return self.kept().filter(expires_at__lte=at)


class StoredFile(models.Model):
    """One file that was handed in (附件). Its content lies on the disk under ``digest``, once for all rows with that digest.

    ``sealed_name`` is the name it came with, sealed: names of files are often names of people. ``stored_by`` is empty for a customer.
    """

    digest = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    sealed_name = models.BinaryField()
    retention = models.CharField(max_length=10, choices=Retention.choices)
    stored_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    stored_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    purged_at = models.DateTimeField(null=True)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="stored_file_size_not_negative", condition=models.Q(size_bytes__gte=0)),
            models.CheckConstraint(name="stored_file_digest_is_sha256", condition=models.Q(digest__regex="^[0-9a-f]{64}$")),
            models.CheckConstraint(
                name="stored_file_purged_when_expired",
                condition=models.Q(purged_at__isnull=True) | models.Q(purged_at__gte=models.F("expires_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["digest"], name="stored_file_of_digest"),
            models.Index(fields=["expires_at", "id"], name="stored_file_expiring", condition=models.Q(purged_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.digest[:12]}"
