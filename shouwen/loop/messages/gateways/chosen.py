"""Which carrier takes which channel here: mail by SMTP, text messages by the setting ``SMS_CARRIER``."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from shouwen.loop.messages.choices import Channel
from shouwen.loop.messages.gateways.carrier import Carrier
from shouwen.loop.messages.gateways.smtp import smtp_from_settings


def carriers() -> dict[str, Carrier]:
    """Return a fresh carrier for each channel. ``SMS_CARRIER`` names a callable without arguments that returns one."""
    make_sms = cast(Callable[[], Carrier], import_string(settings.SMS_CARRIER))
    return {Channel.EMAIL: smtp_from_settings(), Channel.SMS: make_sms()}


def descriptions() -> dict[str, str]:
    """Return what happens to the messages of each channel, for ``doctor``."""
    return {channel: carrier.description for channel, carrier in carriers().items()}
