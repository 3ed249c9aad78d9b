"""Closed lists of messages."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """By which way a message goes (渠道). Calls and letters are made by people and are no messages here."""

    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")


class TemplateKind(TextChoices):
    """Whether a text is about the customer's own matter, or offers something: that needs consent."""

    SERVICE = "service", _("Service notice")
    MARKETING = "marketing", _("Offer")


class MessageState(TextChoices):
    """Where a message stands (消息状态)."""

    QUEUED = "QUEUED", _("Waiting")
    SENT = "SENT", _("Sent")
    DELIVERED = "DELIVERED", _("Delivered")
    FAILED = "FAILED", _("Failed")
    CANCELLED = "CANCELLED", _("Cancelled")


class Outcome(TextChoices):
    """What came of one try."""

    SENT = "sent", _("Handed to the carrier")
    BUSY = "busy", _("Not now")
    REFUSED = "refused", _("Never by this way")


class ReceiptState(TextChoices):
    """What a carrier reports later (回执)."""

    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Not delivered")


class Problem(TextChoices):
    """Why a message could not go out."""

    NONE = "", _("None")
    NO_WAY = "no_way", _("There is no way to reach them")
    NO_CONSENT = "no_consent", _("They have not consented")
    REFUSED = "refused", _("The carrier refused it")
    NOT_DELIVERED = "not_delivered", _("The carrier could not deliver it")
    TOO_MANY_TRIES = "too_many_tries", _("Tried too often")
    UNREACHABLE = "unreachable", _("The carrier could not be reached")
    EXPIRED = "expired", _("Its time was over")
    TEXT = "text", _("The text could not be filled")
