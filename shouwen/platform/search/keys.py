"""The keyring of this installation: the one place that reads the keys from the settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from shouwen.platform.search.rules.keyring import Keyring


def keyring() -> Keyring:
    """Return the keyring of the settings: PERSONAL_DATA_KEYS (newest first) and BLIND_INDEX_KEY."""
    return _keyring(tuple(settings.PERSONAL_DATA_KEYS.items()), settings.BLIND_INDEX_KEY)


@lru_cache(maxsize=8)
def _keyring(keys: tuple[tuple[int, bytes], ...], index_key: bytes) -> Keyring:
    return Keyring(keys=dict(keys), index_key=index_key)
