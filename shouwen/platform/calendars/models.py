"""The table of calendars."""

from django.db import models


class CalendarVersion(models.Model):
    """One version of one calendar, as its document says (工作日历版本)."""

    name = models.CharField(max_length=40)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    known_from = models.DateTimeField()
    published_by_id = models.BigIntegerField(null=True)  # the people stand to the right of this flat

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "known_from"], name="calendar_version_one_at_a_time"),
        ]
        indexes = [models.Index(fields=["digest"], name="calendar_version_digest")]

    def __str__(self) -> str:
        return f"{self.name} {self.known_from:%F}"
