"""The sealer of this installation: the one place that reads the keys from the settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from shouwen.platform.files.rules import Sealer


def sealer() -> Sealer:
    """Return the sealer with the keys of the personal data, newest first."""
    return _sealer(tuple(settings.PERSONAL_DATA_KEYS.items()))


@lru_cache(maxsize=8)
def _sealer(keys: tuple[tuple[int, bytes], ...]) -> Sealer:
    return Sealer(keys=dict(keys))
