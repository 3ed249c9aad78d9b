"""Closed lists of the outbox."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DeliveryState(TextChoices):
    """Where a delivery stands."""

    PENDING = "PENDING", _("Pending")
    HEARD = "HEARD", _("Heard")
    FAILED = "FAILED", _("Failed")
