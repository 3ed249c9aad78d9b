"""By which tokens a customer at a place is found, one by one and in bulk: both give the same terms."""

from __future__ import annotations

from collections.abc import Iterable

from shouwen.kernel.text.folding import fold
from shouwen.kernel.text.tokens import pieces
from shouwen.platform.search.rules import (
    TermBook,
    address_tokens,
    name_tokens,
    number_tokens,
    organisation_tokens,
    tokens_of_pieces,
)
from shouwen.records.customers.choices import CustomerKind

KEPT_LIMIT = 200_000


def entry_tokens(
    *,
    kind: str,
    name: str,
    street: str = "",
    room: str = "",
    phones: tuple[str, ...] = (),
    identity_number: str = "",
    numbers: tuple[str, ...] = (),
) -> set[str]:
    """Return all tokens of one customer at one place. ``phones`` are national digits, ``numbers`` account and customer numbers."""
    tokens = set(name_tokens(name) if kind == CustomerKind.PERSON else organisation_tokens(name))
    tokens |= address_tokens(f"{street} {room}")
    return tokens | number_tokens(phones=phones, identity_number=identity_number, account_numbers=numbers)


class BulkTerms:
    """Makes the terms of many entries. Names, streets and rooms repeat in a city: their terms are made once and kept as text."""

    def __init__(self, book: TermBook) -> None:
        self._book = book
        self._names: dict[tuple[str, str], str] = {}
        self._places: dict[str, tuple[str, str, str]] = {}

    def entry(self, *, kind: str, name: str, street: str, room: str, numbers: Iterable[str]) -> str:
        """Return the terms of one entry as the inside of a PostgreSQL array; ``numbers`` are tokens from ``number_tokens``."""
        named = self._names.get((kind, name))
        if named is None:
            named = self._named(kind, name)
        book = self._book
        own = ",".join([str(book[number]) for number in numbers])
        street_terms, _, street_end = self._places.get(street) or self._placed(street)
        if not room:
            return ",".join([part for part in (named, street_terms, own) if part])
        room_terms, room_start, _ = self._places.get(room) or self._placed(room)
        pair = str(book[street_end + room_start]) if street_end and room_start else ""
        return ",".join([part for part in (named, street_terms, pair, room_terms, own) if part])

    def _named(self, kind: str, name: str) -> str:
        if len(self._names) >= KEPT_LIMIT:
            self._names.clear()
        tokens = name_tokens(name) if kind == CustomerKind.PERSON else organisation_tokens(name)
        text = self._names[kind, name] = self._text(tokens)
        return text

    def _placed(self, part: str) -> tuple[str, str, str]:
        """Return the terms of a part of an address, with its first and last piece, which pair with the neighbouring part."""
        if len(self._places) >= KEPT_LIMIT:
            self._places.clear()
        parts = pieces(fold(part))
        first, last = (parts[0], parts[-1]) if parts else ("", "")
        placed = self._places[part] = (self._text(tokens_of_pieces(parts)), first, last)
        return placed

    def _text(self, tokens: Iterable[str]) -> str:
        book = self._book
        return ",".join([str(book[token]) for token in tokens])
