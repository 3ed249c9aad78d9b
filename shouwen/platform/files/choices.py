"""Closed lists of stored files."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Retention(TextChoices):
    """How long a file is kept (留存类别); how many days that are, says the policy ``files.retention.<class>``."""

    PASSING = "passing", _("Passing")
    IDENTITY = "identity", _("Identity document")
    RECORDING = "recording", _("Recording")
    MATTER = "matter", _("Matter")
    EVIDENCE = "evidence", _("Complaint evidence")
