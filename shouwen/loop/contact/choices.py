"""Closed lists of contacts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EnvelopeState(TextChoices):
    """How far an envelope has come (来件状态)."""

    RECEIVED = "RECEIVED", _("Received")
    PARSED = "PARSED", _("Understood")
    BURIED = "BURIED", _("Not understood")
    DISCARDED = "DISCARDED", _("Discarded")


class Direction(TextChoices):
    """Who turned to whom (方向)."""

    INWARD = "in", _("From the customer")
    OUTWARD = "out", _("To the customer")


class MatchKind(TextChoices):
    """By what a customer was recognised (识别依据)."""

    NONE = "", _("Not recognised")
    ACCOUNT = "account", _("Account number")
    PHONE = "phone", _("Telephone number")
    MATTER = "matter", _("An earlier matter")
    AGENT = "agent", _("An agent")


class NormSource(TextChoices):
    """Who said which norm it is (规范判定)."""

    NONE = "", _("Nobody")
    STATED = "stated", _("Stated in the contact")
    MAPPED = "mapped", _("By the mapping")
    GUESSED = "guessed", _("By its words")
    AGENT = "agent", _("By an agent")


class Trouble(TextChoices):
    """Why an envelope could not be understood (无法解析的原因)."""

    EMPTY = "empty", _("There is nothing in it.")
    TOO_LONG = "too_long", _("It is longer than anything that is read.")
    ENCODING = "encoding", _("Its bytes are in none of the expected encodings.")
    NOT_JSON = "not_json", _("It is not JSON.")
    NOT_MAIL = "not_mail", _("It is not an e-mail.")
    WRONG_SHAPE = "wrong_shape", _("It has not the expected shape.")
    UNCLOSED_QUOTE = "unclosed_quote", _("A quotation mark is never closed.")
    MISSING = "missing", _("A needed value is missing.")
    BAD_DATE = "bad_date", _("A date cannot be read.")
    UNKNOWN_TYPE = "unknown_type", _("The type of request is unknown.")
    UNKNOWN_CHANNEL = "unknown_channel", _("The channel is unknown.")
    UNKNOWN_STATUS = "unknown_status", _("The status is unknown.")
    CLOSED_BEFORE_CREATED = "closed_before_created", _("It was closed before it was created.")
    DUE_BEFORE_CREATED = "due_before_created", _("It was due before it was created.")
    CLOSED_MISSING = "closed_missing", _("It is said to be closed, but not when.")
    DUE_DIFFERS = "due_differs", _("It is due at another time than its type implies.")
    DUPLICATED_ID = "duplicated_id", _("An earlier one has the same number.")
    AUTOMATIC = "automatic", _("A machine wrote it.")
    NORM_UNCLEAR = "norm_unclear", _("It is not clear which norm it falls under.")
    NOBODY_PRESENT = "nobody_present", _("Nobody is present who could own it.")
    UNKNOWN_MEDIA = "unknown_media", _("There is no reader for this kind of content.")
    REFUSED = "refused", _("The matter could not be opened.")
