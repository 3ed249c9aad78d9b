"""Rules of webhooks: where they may go, how they are signed, how often they are tried. Values only."""

from __future__ import annotations

import hmac
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

URL_LIMIT = 500
ATTEMPT_LIMIT = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=2)
SIGNATURE_VERSION = "v1"


def problem_with_url(url: str, *, may_go_inside: bool) -> str | None:
    """Return what is wrong with a subscriber's address, None when nothing is; plain HTTP only where webhooks may go inside."""
    parts = urlsplit(url)
    try:
        port_is_known = parts.port is None or parts.port > 0
    except ValueError:
        port_is_known = False
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        return "it is too long or holds letters that no address has"
    if parts.scheme != "https" and not (may_go_inside and parts.scheme == "http"):
        return "it does not begin with https://"
    if not parts.hostname or not port_is_known or parts.username is not None or parts.fragment:
        return "it needs a host, and neither a name and password nor a fragment"
    return None


def is_outside(address: str) -> bool:
    """Return whether a resolved address belongs to the public network: never to this machine, this network or a cloud's own services."""
    found = ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return found.is_global and inner.is_global and not found.is_multicast


def signature(*, secret: str, timestamp: int, body: bytes) -> str:
    """Return what proves that a body is ours and when it was sent: HMAC-SHA256 of the timestamp (Unix seconds), a dot and the body."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), sha256).hexdigest()
    return f"{SIGNATURE_VERSION}={digest}"


def pause_after(*, attempt_count: int) -> timedelta | None:
    """Return the pause before the next try: 10 s, 20 s, 40 s … at most two hours; None after the twelfth, some five hours on."""
    if attempt_count >= ATTEMPT_LIMIT:
        return None
    return min(FIRST_PAUSE * int(2 ** (attempt_count - 1)), LONGEST_PAUSE)
