"""Closed lists of the audit."""

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _


class EntryKind(IntegerChoices):
    """What a link of the chain stands for. The numbers are part of the digests: never change one."""

    FACT = 1, _("Something that was done")
    LOOK = 2, _("Somebody looked at a customer")
