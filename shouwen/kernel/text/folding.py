"""One form for comparing: width, compatibility forms, case, Traditional characters and invisible marks are folded away."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol, cast

_INVISIBLE: dict[int, int | str | None] = dict.fromkeys(
    (
        *(0x00AD, 0x034F, 0x061C, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),  # variation selectors: which drawing of a character is meant
        *range(0xE0100, 0xE01F0),
    )
)
_GAPS = re.compile(r"\s+")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_HAN_GAPS = re.compile(f"(?<=[{_HAN}])\\s+(?=[{_HAN}])")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def fold(text: str) -> str:
    """Return ``text`` in the form in which two ways of writing the same are equal.

    Folds full width and compatibility forms (NFKC), case, Traditional to Simplified character by character (so that a part of
    a text folds as it does inside the whole), invisible marks, and runs of white space to one space. Folding twice changes
    nothing.
    """
    if text.isascii():
        return _GAPS.sub(" ", text.casefold()).strip()
    even = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    plain = unicodedata.normalize("NFKC", even.translate(_SIMPLER))
    return _GAPS.sub(" ", plain).strip()


def fold_name(text: str) -> str:
    """Return a folded name without the gaps that people put between two characters to align them (张　伟)."""
    return _HAN_GAPS.sub("", fold(text))


def to_simplified(text: str) -> str:
    """Return ``text`` with Traditional characters as Simplified, word by word (for showing; for comparing use ``fold``)."""
    return _converter().convert(text)


def is_han(character: str) -> bool:
    """Return whether one character is Chinese."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf" or "\U00020000" <= character <= "\U0003134f"


@cache
def _converter() -> _Converter:
    from opencc import OpenCC

    return cast(_Converter, OpenCC("t2s"))


class _SimplerCharacters(dict[int, int | str | None]):
    """A translation table that asks the converter once for each Chinese character it meets."""

    def __missing__(self, code: int) -> int | str:
        character = chr(code)
        simpler = _steady(character) if is_han(character) else character
        self[code] = simpler
        return simpler


def _steady(character: str) -> str:
    """Return the form that converting once more leaves as it is."""
    for _ in range(4):
        simpler = _converter().convert(character)
        if simpler == character or len(simpler) != 1:
            break
        character = simpler
    return character


_SIMPLER = _SimplerCharacters(_INVISIBLE)
