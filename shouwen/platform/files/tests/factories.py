"""Files by their content, usable by upper flats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shouwen.platform.files import services
from shouwen.platform.files.choices import Retention

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # Wednesday, twelve o'clock in Shanghai

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(32))
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"
NOTE = "停电了".encode()


def later(days: float) -> datetime:
    return NOON + timedelta(days=days)


def stored(
    content: bytes = PNG,
    *,
    name: str = "meter.png",
    retention: Retention = Retention.MATTER,
    actor_id: int | None = None,
    at: datetime = NOON,
    allowed: frozenset[str] | None = None,
) -> int:
    """Return the id of a file handed in as pieces of odd sizes."""
    pieces = [content[i : i + 7] for i in range(0, min(len(content), 70), 7)] + ([content[70:]] if len(content) > 70 else [])
    return services.store_file(pieces=pieces, name=name, retention=retention, actor_id=actor_id, at=at, allowed=allowed)
