"""The keyring of this installation: the one place that reads the keys from the settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from shouwen.platform.search.rules.keyring import Keyring, fingerprint_of

BLIND_INDEX = "blind_index"
NUMBERED = "personal_data_"


def keyring() -> Keyring:
    """Return the keyring of the settings: PERSONAL_DATA_KEYS (newest first) and BLIND_INDEX_KEY."""
    return _keyring(tuple(settings.PERSONAL_DATA_KEYS.items()), settings.BLIND_INDEX_KEY)


@lru_cache(maxsize=8)
def _keyring(keys: tuple[tuple[int, bytes], ...], index_key: bytes) -> Keyring:
    return Keyring(keys=dict(keys), index_key=index_key)


def fingerprints() -> dict[str, str]:
    """Return what names each key of the settings without telling it."""
    numbered = {name_of_number(number): fingerprint_of(key) for number, key in settings.PERSONAL_DATA_KEYS.items()}
    return {BLIND_INDEX: fingerprint_of(settings.BLIND_INDEX_KEY)} | numbered


def name_of_number(number: int) -> str:
    return f"{NUMBERED}{number}"


def variable_of(name: str) -> str:
    """Return the variable of the environment that gives the key of this name."""
    return "SHOUWEN_BLIND_INDEX_KEY" if name == BLIND_INDEX else variable_of_number(int(name.removeprefix(NUMBERED)))


def variable_of_number(number: int) -> str:
    return "SHOUWEN_PERSONAL_DATA_KEY" + ("" if number == 1 else f"_{number}")
