"""Which tokens stand for a thing, and which tokens a query asks for.

All tokens share one space, so that the words of a query need not say whether they mean a name, an address or a number: 张伟 文三路
5678 asks for three kinds at once. A token is folded text: 张伟, 文三, 路90, zw, 5678.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from shouwen.kernel.text.folding import fold, fold_name, is_han
from shouwen.kernel.text.phones import PhoneInvalid, parse_phone
from shouwen.kernel.text.pinyin import initials, readings
from shouwen.kernel.text.tokens import bigrams, digit_runs, pieces, script_runs

PREFIX_MIN, PREFIX_MAX = 2, 8
PERSON_NAME_LIMIT = 6  # characters; a longer name is treated as an organisation's
PHONE_TAIL, IDENTITY_TAIL = 4, 6
WORDS_LIMIT = 8
NUMBER_LIMIT = 18  # digits of the longest number that is written with gaps; more of them are several numbers
_GAP = re.compile(r"[\s,;，、；|]+")
_NUMBERLIKE = re.compile(r"^[+(]?[0-9][0-9\s().+\-]{5,}$")


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One folded word of a query, with the tokens that must all be there."""

    text: str
    tokens: tuple[str, ...]

    @property
    def is_phrase(self) -> bool:
        """Whether the tokens alone do not prove that the word stands there as a whole."""
        return len(self.tokens) > 1


def name_tokens(name: str) -> set[str]:
    """Return the tokens of a person's name: characters, bigrams, initials and pinyin in every reading, beginnings of Latin words."""
    folded = fold_name(name)
    parts = pieces(folded)
    if len(parts) > PERSON_NAME_LIMIT:
        return organisation_tokens(name)
    tokens = set(bigrams(folded))
    for part in parts:
        tokens.update((part,) if is_han(part[0]) else _beginnings(part))
    if any(is_han(part[0]) for part in parts):
        tokens.update(_pinyin_tokens(folded))
    return tokens


def organisation_tokens(name: str) -> set[str]:
    """Return the tokens of an organisation's name: bigrams, numbers, beginnings of Latin words and of its initials."""
    folded = fold_name(name)
    tokens = set(bigrams(folded))
    for part in pieces(folded):
        if not is_han(part[0]):
            tokens.update(_beginnings(part))
    for letters in initials(folded):
        tokens.update(_beginnings(letters))
    return tokens


def address_tokens(address: str) -> set[str]:
    """Return the tokens of an address: bigrams over characters and numbers, and each number of two digits and more."""
    return tokens_of_pieces(pieces(fold(address)))


def tokens_of_pieces(parts: list[str]) -> set[str]:
    """Return the tokens of an address that is cut into pieces already."""
    tokens = {left + right for left, right in pairwise(parts)}
    tokens.update([part for part in parts if len(part) > 1])
    return tokens


def number_tokens(*, phones: tuple[str, ...] = (), identity_number: str = "", account_numbers: tuple[str, ...] = ()) -> set[str]:
    """Return the tokens of numbers: whole and last four of a telephone (national digits), last six of an identity, whole accounts."""
    tokens = {_whole(number) for number in account_numbers}
    for phone in phones:
        tokens.update((phone, phone[-PHONE_TAIL:]))
    if identity_number:
        tokens.add(tail_of(identity_number))
    tokens.discard("")
    return tokens


def tail_of(identity_number: str) -> str:
    """Return the last six characters of an identity number, folded (the check character may be an x)."""
    return _whole(identity_number)[-IDENTITY_TAIL:]


def _whole(number: str) -> str:
    """Return the letters and digits of a number in one, folded."""
    return number.lower() if number.isalnum() and number.isascii() else "".join(pieces(fold(number)))


def query_words(text: str) -> list[str]:
    """Return the folded words of a query, at most ``WORDS_LIMIT``. A number written with marks or gaps is one word: its digits.

    A telephone number becomes what people in the country dial: +86 138-1234-5678 is 13812345678.
    """
    folded = fold(text)
    is_one_number = _NUMBERLIKE.match(folded) and sum(map(len, digit_runs(folded))) <= NUMBER_LIMIT
    words = [folded] if is_one_number else [word for word in _GAP.split(folded) if word]
    return [_digits_of(word) if _NUMBERLIKE.match(word) else word for word in words[:WORDS_LIMIT]]


def _digits_of(numberlike: str) -> str:
    if numberlike.isdigit():
        return numberlike
    try:
        return parse_phone(numberlike).national
    except PhoneInvalid:
        return "".join(digit_runs(numberlike))


def query_tokens(word: str, *, parted: bool = False) -> list[QueryWord]:
    """Return what one folded word asks for. ``parted`` cuts it where the script changes: 张伟5678 as a name and a tail."""
    texts = script_runs(word) if parted else [word]
    found = [QueryWord(text, _tokens_for(text)) for text in texts]
    return [query_word for query_word in found if query_word.tokens]


def _tokens_for(text: str) -> tuple[str, ...]:
    parts = pieces(text)
    if len(parts) == 1:
        letters = parts[0]
        is_latin = not letters.isdigit() and not is_han(letters[0])
        return (letters[:PREFIX_MAX] if is_latin and len(letters) > PREFIX_MAX else letters,)
    return tuple(bigrams(text))


def _pinyin_tokens(folded: str) -> set[str]:
    tokens: set[str] = set()
    for reading in readings(folded):
        tokens.update(reading)
        tokens.add("".join(reading)[:PREFIX_MAX])
        tokens.update(_beginnings("".join(syllable[0] for syllable in reading)))
    return tokens


def _beginnings(letters: str) -> list[str]:
    """Return the beginnings of two to eight letters; a single letter stands for itself."""
    return [letters[:length] for length in range(PREFIX_MIN, min(len(letters), PREFIX_MAX) + 1)] or [letters]
