"""The table of calendars."""

from django.db import models


class CalendarVersion(models.Model):
    """One version of one calendar, as its document says (工作日历版本).

    ``official_days`` are the official Chinese days as they were known when it was published, for a calendar that stands on them: so
    that a verdict can be replayed when another year has been announced since. ``official_source`` names where they came from.
    """

    name = models.CharField(max_length=40)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    known_from = models.DateTimeField()
    published_by_id = models.BigIntegerField(null=True)
    official_days = models.JSONField(null=True)
    official_source = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "known_from"], name="calendar_version_one_at_a_time"),
        ]
        indexes = [models.Index(fields=["digest"], name="calendar_version_digest")]

    def __str__(self) -> str:
        return f"{self.name} {self.known_from:%F}"
