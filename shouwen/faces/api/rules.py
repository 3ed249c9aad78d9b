"""Rules of webhooks: where they may go, how they are signed, how often they are tried. Values only."""

from __future__ import annotations

import hmac
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

URL_LIMIT = 500
ATTEMPT_LIMIT = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=2)
SIGNATURE_VERSION = "v1"
NAT64, LOCAL_NAT64 = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
IPV4_COMPATIBLE = IPv6Network("::/96")


def problem_with_url(url: str, *, may_go_inside: bool) -> str | None:
    """Return what is wrong with a subscriber's address, None when nothing is; plain HTTP only where webhooks may go inside."""
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        return "it is too long or holds letters that no address has"
    try:
        parts = urlsplit(url)
        port_is_known = parts.port is None or parts.port > 0
    except ValueError:
        return "its host or its port cannot be understood"
    if parts.scheme != "https" and not (may_go_inside and parts.scheme == "http"):
        return "it does not begin with https://"
    if not parts.hostname or not port_is_known or parts.username is not None or parts.fragment:
        return "it needs a host, and neither a name and password nor a fragment"
    return None


def is_outside(address: str) -> bool:
    """Return whether a resolved address belongs to the public network: never to this machine, this network or a cloud's own services."""
    found = ip_address(address.partition("%")[0])
    inner = _wrapped(found) if isinstance(found, IPv6Address) else None
    return found.is_global and (inner or found).is_global and not found.is_multicast and found not in LOCAL_NAT64


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that this one stands for: mapped, 6to4, compatible or behind NAT64; None when there is none."""
    if address in NAT64 or address in IPV4_COMPATIBLE:
        return IPv4Address(int(address) & (2**32 - 1))
    return address.ipv4_mapped or address.sixtofour


def signature(*, secret: str, timestamp: int, body: bytes) -> str:
    """Return what proves that a body is ours and when it was sent: HMAC-SHA256 of the timestamp (Unix seconds), a dot and the body."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), sha256).hexdigest()
    return f"{SIGNATURE_VERSION}={digest}"


def pause_after(*, attempt_count: int) -> timedelta | None:
    """Return the pause before the next try: 10 s, 20 s, 40 s … at most two hours; None after the twelfth, some five hours on."""
    if attempt_count >= ATTEMPT_LIMIT:
        return None
    return min(FIRST_PAUSE * int(2 ** (attempt_count - 1)), LONGEST_PAUSE)
