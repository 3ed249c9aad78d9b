"""The two tables of the lean floor."""

from django.conf import settings
from django.db import models


class Matter(models.Model):
    title = models.CharField(max_length=200)
    body = models.TextField()
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["agent", "created_at"], condition=models.Q(is_open=True), name="matter_open")]


class Note(models.Model):
    matter = models.ForeignKey(Matter, on_delete=models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    text = models.TextField()
    written_at = models.DateTimeField(auto_now_add=True)
