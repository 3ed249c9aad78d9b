"""The secrets of this installation: given by the environment, or kept in the data folder, where they are made for a house that is new.

A secret is never made for a house that is founded: what was sealed under another one would stay shut, and nobody would be told. Such a
secret is missing, and every command says so before it does anything. No Django here: the settings are made of this.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shouwen.kernel.errors import Refusal
from shouwen.platform.search.rules.keyring import KEY_BYTES

SECRET_KEY, PERSONAL_DATA_KEY, BLIND_INDEX_KEY = "SHOUWEN_SECRET_KEY", "SHOUWEN_PERSONAL_DATA_KEY", "SHOUWEN_BLIND_INDEX_KEY"
NUMBERED = re.compile(rf"{PERSONAL_DATA_KEY}_([2-9]|[1-9][0-9]+)")
LAST_NUMBER = 255


class SecretMissing(Refusal):
    message = (
        "This database was founded under secrets that this machine does not have: %(names)s. "
        "Set them to those of the founding; a new one would open nothing that is sealed."
    )


class SecretUnusable(Refusal):
    message = "The secret %(name)s is not 32 bytes in 64 hexadecimal digits, or has no number from 2 to 255."


@dataclass
class Secrets:
    """What is given, what is kept in ``folder``, and what is ``missing``; ``is_founded`` is asked only before one would be made."""

    folder: Path
    is_founded: Callable[[], bool]
    missing: list[str] = field(default_factory=list)
    kept_here: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Return a secret, made if need be; empty when it is missing."""
        if value := self._found(name):
            return value
        if self._has_house:
            self.missing.append(name)
            return ""
        self._make(name)
        return self._found(name)

    def key(self, name: str) -> bytes:
        """Return a key; empty when it is missing.

        :raises SecretUnusable: when it is no key.
        """
        text = self.text(name)
        return _as_key(name, text) if text else b""

    def personal_data_keys(self) -> dict[int, bytes]:
        """Return the keys of the personal data by number, the highest first: that one seals, all of them open.

        Key 1 is given without a number; once there is a later one, it may be absent.

        :raises SecretUnusable: when one of them is no key, or has a number that there is not.
        """
        later = {number: self.key(f"{PERSONAL_DATA_KEY}_{number}") for number in sorted(self._later_numbers(), reverse=True)}
        if not later or self._path(PERSONAL_DATA_KEY).exists() or os.environ.get(PERSONAL_DATA_KEY):
            later[1] = self.key(PERSONAL_DATA_KEY)
        return {number: key for number, key in later.items() if key}

    def _later_numbers(self) -> Iterator[int]:
        names = {name for name, value in os.environ.items() if value} | {
            path.name.upper() for path in self.folder.glob("shouwen_*")
        }
        for name in names:
            if found := NUMBERED.fullmatch(name):
                if int(found[1]) > LAST_NUMBER:
                    raise SecretUnusable(name=name)
                yield int(found[1])

    def _found(self, name: str) -> str:
        if value := os.environ.get(name):
            return value
        if not self._path(name).exists():
            return ""
        self.kept_here.append(name)
        return self._path(name).read_text().strip()

    def _path(self, name: str) -> Path:
        return self.folder / name.lower()

    @cached_property
    def _has_house(self) -> bool:
        return self.is_founded()

    def _make(self, name: str) -> None:
        """Keep a new secret in the data folder, readable by the owner only."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(os.urandom(KEY_BYTES).hex())


def _as_key(name: str, text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise SecretUnusable(name=name) from error
    if len(key) != KEY_BYTES:
        raise SecretUnusable(name=name)
    return key


def has_tables(url: str) -> bool:
    """Return whether there is a house in the database of ``url``, or nobody can say: it does not answer."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute("select to_regclass('people_staff') is not null").fetchone()
    except psycopg.OperationalError:
        return True
    return bool(row and row[0])
