"""Initials and syllables of Chinese names, in every reading that people may type."""

from __future__ import annotations

from functools import cache
from itertools import product

from shouwen.kernel.text.folding import fold_name, is_han
from shouwen.kernel.text.surnames import COMPOUND_SURNAMES, NAME_READINGS, PLACE_READINGS, SURNAME_READINGS

READINGS_LIMIT = 8  # a name with more combinations keeps the first ones


def initials(name: str) -> tuple[str, ...]:
    """Return the initials of a name in all its readings, the likeliest first: 单晓明 gives ``sxm`` and ``dxm``.

    Letters and digits of other scripts stand for themselves; marks and spaces are left out.
    """
    found = ("".join(syllable if len(syllable) == 1 else syllable[0] for syllable in reading) for reading in readings(name))
    return tuple(dict.fromkeys(found))


def spellings(name: str) -> tuple[str, ...]:
    """Return the whole name in pinyin without tones or spaces, in all its readings: 张伟 gives ``zhangwei``."""
    return tuple(dict.fromkeys("".join(reading) for reading in readings(name)))


def readings(name: str) -> list[tuple[str, ...]]:
    """Return the syllables of a name in all its readings, at most ``READINGS_LIMIT``, the likeliest first."""
    folded = fold_name(name)
    compound = COMPOUND_SURNAMES.get(folded[:2]) if len(folded) > 2 else None
    choices: list[tuple[str, ...]] = [(syllable,) for syllable in compound or ()]
    place = len(choices)
    while place < len(folded):
        if known := PLACE_READINGS.get(folded[place : place + 2]):
            choices += [(syllable,) for syllable in known]
        elif found := _syllables(folded[place], place == 0):
            choices.append(found)
        place += 2 if known else 1
    return [reading for reading, _ in zip(product(*choices), range(READINGS_LIMIT), strict=False) if reading]


@cache
def _syllables(character: str, is_surname: bool) -> tuple[str, ...]:
    """Return the readings of one character; as a surname its special reading comes first and the usual one after it."""
    if not is_han(character):
        return (character,) if character.isalnum() else ()
    usual = NAME_READINGS.get(character) or (_dictionary_reading(character),)
    special = SURNAME_READINGS.get(character, ()) if is_surname else ()
    return tuple(reading for reading in dict.fromkeys(special + usual) if reading)


def _dictionary_reading(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    found = lazy_pinyin(character, style=Style.NORMAL, errors="ignore")
    return found[0] if found else ""
