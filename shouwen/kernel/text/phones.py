"""Telephone numbers to E.164, in every way people in China write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shouwen.kernel.errors import Refusal
from shouwen.kernel.text.folding import fold

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

SHORTEST = 7  # digits of a local number

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_MOBILE = re.compile(r"[1][3-9][0-9]{9}", re.ASCII)
_LABEL = re.compile(
    r"^(?:联系电话|移动电话|固定电话|电话号码|手机号码|手机号|手机|电话|座机|固话|号码|传真"
    r"|tel|phone|mobile|mob|cell|fax)[\s.:]*"
)
_EXTENSION = re.compile(r"(?:转分机|转接|分机号?|转|ext(?:ension|n)?|x|#|,|;ext=)[\s.:,-]*([0-9]{1,8})\s*$")
_WHOSE = re.compile(r"^[^\W0-9a-z_]+[\s:·]*(?=[+(]?\s*[0-9])")  # 张伟 138…
_REMARK = re.compile(r"\s*\([^()0-9]*\)\s*$")  # …(家), …(张先生)
_COMMAS = re.compile(r"[,\s]+")
_THIRD_GROUP = re.compile(r"^(.*[0-9]{7,8})\s*-\s*([0-9]{1,6})$")
_CALL_PREFIX = re.compile(
    r"^(?:17951|17911|17909|17900|17901|17908|17969|17990|17991|17995|17996|12593|12590|11808|10193)(?=0|1[3-9]|[2-9])"
)
_SERVICE = re.compile(r"^(?:1[0-2][0-9]{1,3}|1[0-2][0-9]{3}|9[56][0-9]{3,4})$")
_BUSINESS = re.compile(r"^(?:400[0-9]{7}|800[0-9]{7})$")
_SEPARATORS = re.compile(r"[\s().\-‐-―−~·_/]+")
_SPLITTERS = re.compile(r"[、;|]|\s或\s?|或者?|\s*/\s*|,(?=\s*(?:\+|0|1[3-9]|[48]00))|\n")
_NUMERALS = str.maketrans("〇零一二三四五六七八九幺○", "0012345678910")
_NUMERAL_RUN = re.compile("[〇零一二三四五六七八九幺○]{3,}")


class PhoneKind(Enum):
    """What kind of line a number is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    BUSINESS = "business"  # 400 and 800
    FOREIGN = "foreign"


class PhoneFault(Enum):
    """Why a text is not a telephone number."""

    EMPTY = "empty"
    NO_DIGITS = "no_digits"
    LETTERS = "letters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    AREA_NEEDED = "area_needed"
    SERVICE_NUMBER = "service_number"
    NOT_IN_USE = "not_in_use"


class PhoneInvalid(Refusal):
    """A text that is no telephone number. The message never repeats the text: it may be somebody's."""

    WORDS = {
        PhoneFault.EMPTY: "The telephone number is empty.",
        PhoneFault.NO_DIGITS: "The telephone number has no digits.",
        PhoneFault.LETTERS: "The telephone number holds something that is neither digit nor mark.",
        PhoneFault.TOO_SHORT: "The telephone number is too short.",
        PhoneFault.TOO_LONG: "The telephone number is too long.",
        PhoneFault.AREA_NEEDED: "The local telephone number needs an area code.",
        PhoneFault.SERVICE_NUMBER: "This is a short service number that cannot be called from everywhere.",
        PhoneFault.NOT_IN_USE: "No such telephone number is given out.",
    }

    def __init__(self, reason: PhoneFault) -> None:
        super().__init__(self.WORDS[reason])
        self.reason = reason


@dataclass(frozen=True)
class Phone:
    """A telephone number. ``e164`` begins with ``+``; ``area_assumed`` tells that the area code was not written but supplied."""

    e164: str
    kind: PhoneKind
    extension: str = ""
    area_assumed: bool = False

    @property
    def national(self) -> str:
        """Return the digits that people in the country dial: 13812345678, 057187654321, 4008208820."""
        if not self.e164.startswith("+86"):
            return self.e164[1:]
        return ("0" if self.kind is PhoneKind.LANDLINE else "") + self.e164[3:]

    @property
    def with_extension(self) -> str:
        """Return the number as kept: ``+8657187654321`` or ``+8657187654321;ext=8001``."""
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164


def parse_phone(text: str, *, default_area: str = "") -> Phone:
    """Return the telephone number that ``text`` means.

    Understands +86, 0086, 86, the long-distance prefixes (17951 …), full-width and Chinese digits, dashes, dots, spaces,
    brackets, commas, an area code with or without its 0, ``转``/``分机``/``ext``/``#`` and a third group as extension, 400/800
    numbers, a name in front and a remark in brackets behind (张伟 138…, …(家)),
    and local numbers where ``default_area`` (``0571`` or ``571``) is given. Numbers of other countries need ``+`` or ``00``.

    :raises PhoneInvalid: with the reason.
    """
    if len(text) == 11 and _PLAIN_MOBILE.fullmatch(text):
        return Phone("+86" + text, PhoneKind.MOBILE)
    body, extension = _without_extension(_cleaned(text))
    digits, is_foreign = _without_country(_SEPARATORS.sub("", body))
    _refuse_what_has_no_digits(digits)
    if is_foreign:
        return _foreign(digits, extension)
    return _chinese(_CALL_PREFIX.sub("", digits), extension, default_area.lstrip("0"))


def split_phones(text: str) -> list[str]:
    """Return the numbers written in one cell: ``13812345678、0571-87654321`` gives two."""
    return [part.strip() for part in _SPLITTERS.split(fold(text)) if any(character.isdigit() for character in part)]


def _cleaned(text: str) -> str:
    folded = _NUMERAL_RUN.sub(lambda run: run.group().translate(_NUMERALS), fold(text))
    folded = _LABEL.sub("", folded)
    if not folded:
        raise PhoneInvalid(PhoneFault.EMPTY)
    told = _REMARK.sub("", _WHOSE.sub("", folded))
    parted = _COMMAS.sub("", told)
    return parted if _MOBILE.fullmatch(parted) else told


def _without_extension(body: str) -> tuple[str, str]:
    found = _EXTENSION.search(body)
    if found and _digit_count(body[: found.start()]) >= SHORTEST:
        return body[: found.start()], found.group(1)
    body = body.replace(",", " ")
    if (found := _THIRD_GROUP.match(body)) and len(_SEPARATORS.sub("", found.group(1)).lstrip("+")) >= 10:
        return found.group(1), found.group(2)
    return body, ""


def _digit_count(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _without_country(compact: str) -> tuple[str, bool]:
    """Return the national digits, or the whole international number and that it is of another country."""
    compact = compact.removeprefix("+") if compact.startswith("+00") else compact
    for prefix in ("+86", "0086", "86"):
        rest = compact.removeprefix(prefix)
        if rest != compact and (prefix != "86" or len(rest) >= 9):
            return rest, False
    if compact.startswith("+"):
        return compact, True
    if compact.startswith("00") and len(compact) > 8:
        return "+" + compact[2:], True
    return compact, False


def _refuse_what_has_no_digits(digits: str) -> None:
    bare = digits.removeprefix("+")
    if not any(character.isdigit() for character in bare):
        raise PhoneInvalid(PhoneFault.NO_DIGITS)
    if not bare.isascii() or not bare.isdigit():
        raise PhoneInvalid(PhoneFault.LETTERS)
    if len(bare) > 20:
        raise PhoneInvalid(PhoneFault.TOO_LONG)


def _chinese(digits: str, extension: str, area: str) -> Phone:
    significant = digits.lstrip("0")
    if _MOBILE.fullmatch(significant):
        return Phone("+86" + significant, PhoneKind.MOBILE, extension)
    if _SERVICE.match(digits):
        raise PhoneInvalid(PhoneFault.SERVICE_NUMBER)
    if _BUSINESS.match(significant):
        return Phone("+86" + significant, PhoneKind.BUSINESS, extension)
    if len(significant) < SHORTEST:
        raise PhoneInvalid(PhoneFault.TOO_SHORT)
    if len(significant) > 11:
        raise PhoneInvalid(PhoneFault.TOO_LONG)
    return _landline(significant, digits.startswith("0"), extension, area)


def _landline(significant: str, has_trunk_zero: bool, extension: str, area: str) -> Phone:
    is_local = len(significant) <= 8 and not has_trunk_zero
    if is_local and not area:
        raise PhoneInvalid(PhoneFault.AREA_NEEDED)
    whole = area + significant if is_local else significant
    if not _is_given_out("+86" + whole):
        raise PhoneInvalid(PhoneFault.NOT_IN_USE)
    return Phone("+86" + whole, PhoneKind.LANDLINE, extension, area_assumed=is_local)


def _foreign(international: str, extension: str) -> Phone:
    if not _is_given_out(international):
        raise PhoneInvalid(PhoneFault.NOT_IN_USE)
    return Phone("+" + _digits_of(_parsed(international)), PhoneKind.FOREIGN, extension)


def _digits_of(number: PhoneNumber | None) -> str:
    from phonenumbers import PhoneNumberFormat, format_number

    if number is None:
        raise PhoneInvalid(PhoneFault.NOT_IN_USE)
    return format_number(number, PhoneNumberFormat.E164)[1:]


def _is_given_out(international: str) -> bool:
    from phonenumbers import is_valid_number

    number = _parsed(international)
    return number is not None and is_valid_number(number)


def _parsed(international: str) -> PhoneNumber | None:
    from phonenumbers import NumberParseException, parse

    try:
        return parse(international, None)
    except NumberParseException:
        return None
