"""The keys of this installation and the three things that are done with them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cached_property

KEY_BYTES = 32
NONCE_BYTES = 12
BLIND_BYTES = 8
TERM_BYTES = 4
TERM_BOOK_LIMIT = 1_000_000  # terms remembered in one process, about 150 MB at the most


FINGERPRINT_LETTERS = 16


def fingerprint_of(key: bytes) -> str:
    """Return what names a key without telling it: a digest of nothing but itself."""
    return hashlib.sha256(b"shouwen fingerprint" + key).hexdigest()[:FINGERPRINT_LETTERS]


class SealBroken(Exception):
    """A sealed value cannot be opened: its key is missing, it was changed, or it was moved from another column."""


class TermBook(dict[str, int]):
    """Remembers the term of each token it was asked for: most tokens of a city come again and again."""

    def __init__(self, index_key: bytes) -> None:
        super().__init__()
        self._keyed = hashlib.blake2b(key=index_key, person=b"term", digest_size=TERM_BYTES)

    def __missing__(self, token: str) -> int:
        if len(self) >= TERM_BOOK_LIMIT:
            self.clear()
        digest = self._keyed.copy()
        digest.update(token.encode())
        term = self[token] = int.from_bytes(digest.digest(), "big", signed=True)
        return term


class Keyring:
    """Keys for sealing, newest first, and the key of the indexes.

    A sealed value is: one byte key id, twelve bytes nonce, the ciphertext, sixteen bytes tag; the column's name is bound to it. The
    empty text is kept as no bytes: there is nothing to hide. Blind indexes and terms are keyed BLAKE2b (a MAC by its design).
    """

    def __init__(self, *, keys: dict[int, bytes], index_key: bytes) -> None:
        if not keys or any(len(key) != KEY_BYTES or not 0 < key_id < 256 for key_id, key in keys.items()):
            raise ValueError("Sealing keys are 32 bytes each, with ids from 1 to 255.")
        if len(index_key) != KEY_BYTES:
            raise ValueError("The key of the indexes is 32 bytes.")
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # six megabytes: not for a process that seals nothing

        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._broken = (InvalidTag, ValueError)
        self._index_key = index_key
        self._blinds: dict[str, hashlib.blake2b] = {}
        self.current_key_id = next(iter(keys))
        self._cipher, self._key_mark = self._ciphers[self.current_key_id], bytes([self.current_key_id])

    @cached_property
    def terms(self) -> TermBook:
        return TermBook(self._index_key)

    def seal(self, text: str, *, column: str) -> bytes:
        """Return ``text`` sealed with the newest key for one column."""
        if not text:
            return b""
        nonce = os.urandom(NONCE_BYTES)
        return self._key_mark + nonce + self._cipher.encrypt(nonce, text.encode(), column.encode())

    def unseal(self, sealed: bytes, *, column: str) -> str:
        """Return the text of a sealed value.

        :raises SealBroken: when its key is missing, it was changed, or it belongs to another column.
        """
        if not sealed:
            return ""
        cipher = self._ciphers.get(sealed[0])
        if cipher is None:
            raise SealBroken(f"The key {sealed[0]} of a sealed value is not among the keys.")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, column.encode()).decode()
        except self._broken as broken:
            raise SealBroken(f"A sealed value of {column} was changed, or belongs to another column.") from broken

    def blind(self, text: str, *, purpose: str) -> int:
        """Return the blind index of a whole value: 64 bits that equal values share within one purpose (at most 16 letters)."""
        keyed = self._blinds.get(purpose)
        if keyed is None:
            keyed = hashlib.blake2b(key=self._index_key, person=purpose.encode(), digest_size=BLIND_BYTES)
            self._blinds[purpose] = keyed
        digest = keyed.copy()
        digest.update(text.encode())
        return int.from_bytes(digest.digest(), "big", signed=True)

    def terms_of(self, tokens: Iterable[str]) -> list[int]:
        """Return the terms of ``tokens``, each once, in ascending order."""
        book = self.terms
        return sorted({book[token] for token in tokens})
