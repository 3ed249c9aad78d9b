"""What a query asks of the index, and whether what the index offers is really what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain, product
from math import prod

from shouwen.kernel.text.folding import fold, fold_name, is_han
from shouwen.kernel.text.pinyin import initials, spellings
from shouwen.kernel.text.tokens import pieces
from shouwen.platform.search.rules import QueryWord, query_tokens, query_words, tail_of

TAIL_MIN, TAIL_MAX = 5, 10  # digits of a telephone tail that is looked for by its last four
ALTERNATIVES_LIMIT = 4

Tokens = tuple[str, ...]


class Way(StrEnum):
    """How the words of a query are taken; the next way is tried only when the ways before it have found nothing."""

    WHOLE = "w"
    TAILS = "t"  # rows of five to ten digits are the ends of telephones
    PARTED = "p"  # words are cut where the script changes: 张伟5678
    PARTED_TAILS = "q"

    @property
    def is_parted(self) -> bool:
        return self in (Way.PARTED, Way.PARTED_TAILS)

    @property
    def takes_tails(self) -> bool:
        return self in (Way.TAILS, Way.PARTED_TAILS)


@dataclass(frozen=True, slots=True)
class Question:
    """A query as words; the sets of tokens any of which makes an entry a candidate; and the ends of telephones that it must have."""

    words: tuple[QueryWord, ...]
    candidates: tuple[Tokens, ...]
    tails: Tokens = ()


def question(*, text: str, way: Way = Way.WHOLE) -> Question | None:
    """Return what ``text`` asks for when it is taken in this way; None when it asks for nothing."""
    words = [part for word in query_words(text) for part in query_tokens(word, parted=way.is_parted)]
    if not words:
        return None
    tails = tuple(word.text for word in words if way.takes_tails and _may_be_tail(word))
    ways = [_ways_to_ask(word) for word in words if word.text not in tails]
    if prod(map(len, ways)) > ALTERNATIVES_LIMIT:
        ways = [(word.tokens,) for word in words if word.text not in tails]
    candidates = tuple(tuple(dict.fromkeys(chain(*chosen))) for chosen in product(*ways))
    return Question(tuple(words), candidates, tails)


def ways_to_take(*, text: str) -> list[Way]:
    """Return the ways that ask for something, each for something else than the ways before it."""
    asked: dict[Question, Way] = {}
    for way in Way:
        found = question(text=text, way=way)
        if found is not None:
            asked.setdefault(found, way)
    return list(asked.values())


def _ways_to_ask(word: QueryWord) -> tuple[Tokens, ...]:
    """Return the tokens of a word, and beside them a number with dashes as a whole."""
    if "-" in word.text and len(word.tokens) > 1:
        return (word.tokens, ("".join(pieces(word.text)),))
    return (word.tokens,)


def _may_be_tail(word: QueryWord) -> bool:
    return word.text.isdigit() and TAIL_MIN <= len(word.text) <= TAIL_MAX


@dataclass(frozen=True)
class EntryText:
    """One customer at one place in clear, for as long as a candidate is looked at. ``phones`` are national digits."""

    name: str
    street: str
    room: str
    phones: Tokens
    identity_number: str
    numbers: Tokens

    def answers(self, words: Sequence[QueryWord]) -> bool:
        """Return whether every word really stands here: the terms of the index only made it likely."""
        return all(self._holds(word.text) for word in words)

    @cached_property
    def _name(self) -> list[str]:
        return pieces(fold_name(self.name))

    @cached_property
    def _address(self) -> list[str]:
        return pieces(fold(f"{self.street} {self.room}"))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset("".join(pieces(fold(number))) for number in self.numbers)

    def _holds(self, text: str) -> bool:
        sought = pieces(text)
        if _stands_in(sought, self._address) or _stands_in(sought, self._name):
            return True
        whole = "".join(sought)
        if whole in self._numbers or (self.identity_number and whole == tail_of(self.identity_number)):
            return True
        if whole.isdigit():
            return len(whole) >= 4 and any(phone.endswith(whole) for phone in self.phones)
        return len(sought) == 1 and not is_han(whole[0]) and self._is_spelt(whole)

    def _is_spelt(self, letters: str) -> bool:
        """Return whether a Latin word begins with ``letters``, or they stand in the spelling or the initials of the name."""
        if any(piece.startswith(letters) for piece in self._name):
            return True
        spelt = (*initials(self.name), *spellings(self.name))
        return any(letters in one for one in spelt)


def _stands_in(sought: list[str], parts: list[str]) -> bool:
    size = len(sought)
    return any(parts[start : start + size] == sought for start in range(len(parts) - size + 1))
