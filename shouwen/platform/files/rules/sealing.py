"""Sealing contents of any size at rest, piece by piece (AES-256-GCM).

A sealed content is ``SWF1``, one byte key id, seven random bytes; then pieces of one megabyte, each with its tag. A piece's nonce is those
random bytes, its number, and whether it is the last: so pieces cannot be left out, exchanged or added. The keys are
derived from those of the personal data, for this purpose alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"SWF1"
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
SALT_BYTES = 7
HEADER_BYTES = len(MAGIC) + 1 + SALT_BYTES


class ContentDamaged(Exception):
    """A kept content cannot be opened: its key is missing, or it was changed or cut."""


class Sealer:
    """The keys of this installation by id, newest first."""

    def __init__(self, *, keys: dict[int, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(_derived(key)) for key_id, key in keys.items()}
        self.current_key_id = next(iter(keys))

    def seal(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the sealed form of a content that comes in parts of any size."""
        salt = os.urandom(SALT_BYTES)
        yield MAGIC + bytes([self.current_key_id]) + salt
        cipher, number, pending = self._ciphers[self.current_key_id], 0, b""
        for piece in pieces:
            pending += piece
            while len(pending) > PIECE_BYTES:
                yield cipher.encrypt(_nonce(salt, number, is_last=False), pending[:PIECE_BYTES], MAGIC)
                pending, number = pending[PIECE_BYTES:], number + 1
        yield cipher.encrypt(_nonce(salt, number, is_last=True), pending, MAGIC)

    def unseal(self, source: BinaryIO) -> Iterator[bytes]:
        """Yield the content piece by piece; what was yielded before an error was right.

        :raises ContentDamaged: at the first piece that is not as it was sealed.
        """
        header = source.read(HEADER_BYTES)
        cipher = self._ciphers.get(key_id_of(header))
        if cipher is None:
            raise ContentDamaged("It is not sealed by any of the keys.")
        number, piece = 0, source.read(PIECE_BYTES + TAG_BYTES)
        while True:
            following = source.read(PIECE_BYTES + TAG_BYTES)
            yield _opened(cipher, piece, _nonce(header[5:], number, is_last=not following))
            if not following:
                return
            number, piece = number + 1, following

    def seal_text(self, text: str) -> bytes:
        return b"".join(self.seal([text.encode()]))

    def unseal_text(self, sealed: bytes) -> str:
        """Return the text.

        :raises ContentDamaged: when it is not as it was sealed.
        """
        from io import BytesIO

        return b"".join(self.unseal(BytesIO(sealed))).decode()


def key_id_of(header: bytes) -> int:
    """Return the number of the key by which something that begins like this is sealed, 0 when it is not sealed."""
    return header[len(MAGIC)] if header[: len(MAGIC)] == MAGIC and len(header) >= HEADER_BYTES else 0


def _opened(cipher: AESGCM, piece: bytes, nonce: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, piece, MAGIC)
    except InvalidTag as broken:
        raise ContentDamaged("A piece was changed, cut or moved.") from broken


def _nonce(salt: bytes, number: int, *, is_last: bool) -> bytes:
    return salt + number.to_bytes(4, "big") + bytes([is_last])


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"shouwen files").derive(key)
