"""Answers kept under an ``Idempotency-Key``: a request that is sent again is answered again and not done again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from django.db import IntegrityError, connection, transaction

from shouwen.faces.api.models import KeptAnswer
from shouwen.kernel.errors import BadInput, Refusal
from shouwen.platform.search.queries import keyring

KEEP = timedelta(hours=48)
KEY_LIMIT = 200
VISIBLE = re.compile(rf"[!-~]{{1,{KEY_LIMIT}}}")
BYTES_AS_TEXT = "latin-1"
SEALED_AS = "api_keptanswer.body"


class KeyUsedOtherwise(Refusal):
    message = "This Idempotency-Key was used for another request; take a new one for each."


class StillRunning(Refusal):
    message = "A request with this Idempotency-Key is still running; ask again in a moment."


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back: status, body, and where something was made."""

    status: int
    body: bytes
    location: str = ""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A reply; ``is_repeated``: it was given before, and nothing was done now."""

    reply: Reply
    is_repeated: bool


def answer_once(*, client: str, key: str, asked: bytes, make: Callable[[], Reply], at: datetime) -> KeptReply:
    """Return what ``make`` gives, or what it gave when ``client`` sent the same key before; a refusal is not kept.

    ``make`` runs in the transaction in which its answer is kept: both stand or fall together.

    :raises BadInput: when the key is empty, too long or not plain ASCII.
    :raises KeyUsedOtherwise: when something else was asked under this key.
    :raises StillRunning: when it is being answered just now.
    """
    if not VISIBLE.fullmatch(key):
        raise BadInput("Idempotency-Key", "this is no key", f"send 1 to {KEY_LIMIT} visible letters")
    name, digest = sha256(f"{client} {key}".encode()).digest(), sha256(asked).digest()
    try:
        return _answer(name, digest, make, at)
    except (IntegrityError, Refusal):
        earlier = _kept(name, digest)  # a twin may have been quicker between our look and its commit
        if earlier is None:
            raise
        return earlier


@transaction.atomic
def _answer(name: bytes, digest: bytes, make: Callable[[], Reply], at: datetime) -> KeptReply:
    earlier = _kept(name, digest)
    if earlier is not None:
        return earlier
    reply = make()
    KeptAnswer.objects.bulk_create(
        [
            KeptAnswer(
                name=name,
                digest=digest,
                status=reply.status,
                location=reply.location,
                body=keyring().seal(reply.body.decode(BYTES_AS_TEXT), column=SEALED_AS),
                answered_at=at,
            )
        ]
    )
    return KeptReply(reply, is_repeated=False)


def _kept(name: bytes, digest: bytes) -> KeptReply | None:
    """Claim the name until the transaction ends, and return the answer kept under it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_try_advisory_xact_lock(%s), kept.* from (select) as one"
            " left join (select digest, status, location, body from api_keptanswer where name = %s) as kept on true",
            [int.from_bytes(name[:8], "big", signed=True), name],
        )
        is_mine, kept_digest, status, location, body = cast(tuple[bool, bytes | None, int, str, bytes], cursor.fetchone())
    if kept_digest is None:
        if not is_mine:
            raise StillRunning
        return None
    if bytes(kept_digest) != digest:
        raise KeyUsedOtherwise
    clear = keyring().unseal(bytes(body), column=SEALED_AS).encode(BYTES_AS_TEXT)
    return KeptReply(Reply(status=status, body=clear, location=location), is_repeated=True)


def forget_answers(*, at: datetime) -> int:
    """Forget what was answered more than ``KEEP`` (48 hours) ago; return how many."""
    count, _ = KeptAnswer.objects.filter(answered_at__lt=at - KEEP).delete()
    return count
