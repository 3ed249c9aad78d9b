"""Closed lists of the handbook: channels, the targets a limit may set, the reasons for which a clock may stand."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """The way a contact reaches us (渠道, A1)."""

    PHONE = "phone", _("Phone")
    WEB = "web", _("Web form")
    CHAT = "chat", _("Web chat")
    SMS = "sms", _("Text message")
    FAX = "fax", _("Fax")
    VOICEMAIL = "voicemail", _("Voicemail")
    EMAIL = "email", _("E-mail")
    MUNICIPAL = "municipal", _("Municipal hotline")
    COUNTER = "counter", _("Counter")
    INTERNAL = "internal", _("Internal")


class TargetKind(TextChoices):
    """What a deadline asks for; each is a row of its own (时限指标)."""

    ANSWERED = "answered", _("Answered")
    ACCEPTED = "accepted", _("Accepted")
    CONTACTED = "contacted", _("Customer contacted")
    PLANNED = "planned", _("Plan given")
    DISPATCHED = "dispatched", _("Dispatched")
    ARRIVED = "arrived", _("Arrived on site")
    RESTORED = "restored", _("Supply restored")
    SURVEYED = "surveyed", _("Site surveyed")
    SCHEME_SENT = "scheme_sent", _("Supply scheme sent")
    REVIEWED = "reviewed", _("Reviewed")
    INSPECTED = "inspected", _("Inspected")
    CONNECTED = "connected", _("Connected")
    TESTED = "tested", _("Tested")
    INVESTIGATED = "investigated", _("Investigated")
    REPLIED = "replied", _("Replied")
    NOTIFIED = "notified", _("Notified")
    CORRECTED = "corrected", _("Corrected")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")
    DONE = "done", _("Done")
    CALLED_BACK = "called_back", _("Called back")
    VISITED = "visited", _("Visited")
    CLOSED = "closed", _("Closed")


class PauseReason(TextChoices):
    """The only reasons for which a clock may stand (挂起原因)."""

    WAITING_FOR_CUSTOMER = "waiting_for_customer", _("Waiting for the customer")
    CUSTOMER_WORKS = "customer_works", _("The customer is building their own part")
    CUSTOMER_APPOINTMENT = "customer_appointment", _("The customer asked for a later time")
    SITE_NOT_ACCESSIBLE = "site_not_accessible", _("The site cannot be reached or entered")
    SEVERE_WEATHER = "severe_weather", _("Work stopped by severe weather")
    OUTSIDE_APPROVAL = "outside_approval", _("Waiting for a permit from outside the company")
    OUTSIDE_LABORATORY = "outside_laboratory", _("Waiting for an outside laboratory")
    LEGAL_HOLD = "legal_hold", _("With an authority or a court")
    SAFETY_STOP = "safety_stop", _("Stopped for safety")
