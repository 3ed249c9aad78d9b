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
SHORTEST_WHOLE = 10  # digits of a number with its area
LONGEST = 20  # digits of any, with what stands before it
LONGEST_EXTENSION = 8
BREAKS_LIMIT = 40  # a cell with more places at which it might be cut is no list of numbers

_NUMERALS = str.maketrans("〇零一二三四五六七八九幺○壹贰叁肆伍陆柒捌玖", "0012345678910123456789")
_NUMERAL = "〇零一二三四五六七八九幺○壹贰叁肆伍陆柒捌玖"
_NO_SURNAME = _NUMERAL.replace("陆", "").replace("伍", "")  # the numerals that are nobody's name
_NUMERAL_RUN = re.compile(f"[{_NUMERAL}]{{3,}}")
_LETTER = r"[^\W0-9a-z_]"  # of a folded text: any but a Latin one
_WORDS_OF_EXTENSION = r"转分机|转内线|转接|转|分机号?|内线|ext(?:ension|n)?|x|#|;ext="

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_MOBILE = re.compile(r"[1][3-9][0-9]{9}", re.ASCII)
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_MARKS = re.compile(r"[\[\]【】「」『』《》〈〉“”‘’\"`´☎☏✆📞📱]+")  # drawn around a number
_ENDS = " '。．.;?!、,:"  # left at either end of it
_WRITTEN_BY_A_SHEET = re.compile(r"^([0-9]{7,})\.0+$")  # a number that was kept as one: 13812345678.0
_COUNT = r"(?:\s*[0-9一二三四五]\s*(?:[:)]|(?=\s(?:\+|0|1[3-9][0-9]{9}))))"  # 手机1: …
_LABEL = re.compile(
    r"^(?:联系电话|移动电话|固定电话|电话号码|手机号码|手机号|手机|电话|座机|固话|号码|传真"
    rf"|tel|phone|mobile|mob|cell|fax){_COUNT}?[\s.:]*"
)
_EXTENSION = re.compile(
    rf"\(?\s*(?:{_WORDS_OF_EXTENSION})[\s.:,-]*([0-9]{{1,{LONGEST_EXTENSION}}})\s*\)?\s*$|,\s*([0-9]{{1,6}})\s*$"
)
_BARE_EXTENSION = re.compile(r"^([^*]+?)\s*(?:\(\s*([1-9][0-9]{0,5})\s*\)|\*\s*([0-9]{1,6}))\s*$")  # …(801), …*801
_WHOSE = re.compile(  # 张伟 138…, 张三:138…, (家)138…; never numerals alone, for they may belong to the number
    rf"^(?:\([^()0-9]*\)[\s:·]*)?(?:{_LETTER}*(?![{_NO_SURNAME}]){_LETTER}[{_NUMERAL}]?{_COUNT}?[\s:·]*)?(?=[+(]?\s*[0-9])"
)
_BEHIND = re.compile(rf"(?<=[0-9)])[\s:·]*(?!{_WORDS_OF_EXTENSION})(?![{_NO_SURNAME}]){_LETTER}+\s*$")  # 138… 张先生
_REMARK = re.compile(r"\s*\([^()0-9]*\)\s*$")  # …(家), …(张先生)
_COMMAS = re.compile(r"[,\s]+")
_THIRD_GROUP = re.compile(r"^(.*[0-9]{7,8})\s*-\s*([0-9]{1,6})$")
_CALL_PREFIX = re.compile(
    r"^(?:17951|17911|17909|17900|17901|17908|17969|17990|17991|17995|17996|12593|12590|11808|10193)(?=0|1[3-9]|[2-9])"
)
_SERVICE = re.compile(r"^(?:1[0-2][0-9]{1,3}|1[0-2][0-9]{3}|9[56][0-9]{3,4})$")
_BUSINESS = re.compile(r"^(?:400[0-9]{7}|800[0-9]{7})$")
_SEPARATORS = re.compile(r"[\s().\-‐-―−~·_/]+")
_NEIGHBOUR = re.compile(r"85[23][0-9]{8}|8860?[0-9]{8,9}")  # Hong Kong, Macau, Taiwan

_LINES = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SURE_BREAK = re.compile(r"、|;(?!ext=)|\||或者?")  # between two numbers, whatever they are
_MAYBE_BREAK = re.compile(  # between two numbers if both are whole: it may also stand within one, or be a name
    rf"\s*(?:[,/&\\]|(?<!{_LETTER})[和与及跟](?!{_LETTER}))\s*|\s+"
    rf"|(?<=[0-9)])(?={_LETTER})|(?<={_LETTER})(?=[0-9+(])|(?<=[0-9)])(?=\+)"
)
_BREAK_WITHIN_FAULTS = re.compile(r"[,/]")
_FIRST_DIGIT = re.compile(r"(?=[0-9])")


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

    Understands +86, 0086, 86, also twice, the long-distance prefixes (17951 …), full-width and Chinese digits, also a banker's,
    dashes, dots, spaces, brackets, commas, marks around the number, an area code with or without its 0, ``转``/``分机``/``内线``/
    ``ext``/``#``, a third group, and up to six digits in brackets or after a comma or ``*`` as extension, 400/800 numbers, a name in
    front or behind and a remark in brackets (张伟 138…, 138…张先生, …(家)), and local numbers where ``default_area`` (``0571`` or
    ``571``) is given. Numbers of other countries need ``+`` or ``00``; those of Hong Kong, Macau and Taiwan only where the digits
    could also be a number of the mainland.

    :raises PhoneInvalid: with the reason.
    """
    if len(text) == 11 and _PLAIN_MOBILE.fullmatch(text):
        return Phone("+86" + text, PhoneKind.MOBILE)
    body, extension = _without_extension(_cleaned(text))
    digits, country = _without_country(_SEPARATORS.sub("", body))
    _refuse_what_has_no_digits(digits)
    if country is _Country.ABROAD:
        return _foreign(digits, extension)
    digits = _CALL_PREFIX.sub("", digits)
    if country is _Country.UNSTATED and _NEIGHBOUR.fullmatch(digits) and not _is_given_out("+86" + digits):
        return _foreign("+" + digits, extension)
    return _chinese(digits, extension, default_area.lstrip("0"))


def _cleaned(text: str) -> str:
    folded = _MARKS.sub(" ", _with_digits(fold(text))).strip(_ENDS)
    folded = _WRITTEN_BY_A_SHEET.sub(r"\1", _LABEL.sub("", folded))
    if not folded:
        raise PhoneInvalid(PhoneFault.EMPTY)
    told = _WHOSE.sub("", _REMARK.sub("", folded))
    told = _REMARK.sub("", _BEHIND.sub("", told)).strip(_ENDS)
    parted = _COMMAS.sub("", told)
    return parted if _MOBILE.fullmatch(parted) else told


def _with_digits(folded: str) -> str:
    """Return a folded text with its rows of Chinese numerals as digits; one or two alone are rather part of a name."""
    return _NUMERAL_RUN.sub(lambda run: run.group().translate(_NUMERALS), folded)


def _without_extension(body: str) -> tuple[str, str]:
    found = _EXTENSION.search(body)
    if found and _digit_count(body[: found.start()]) >= SHORTEST:
        return body[: found.start()], found.group(1) or found.group(2)
    if (found := _BARE_EXTENSION.match(body)) and _has_extensions(found.group(1)):
        return found.group(1), found.group(2) or found.group(3)
    body = body.replace(",", " ")
    if (found := _THIRD_GROUP.match(body)) and len(_SEPARATORS.sub("", found.group(1)).lstrip("+")) >= 10:
        return found.group(1), found.group(2)
    return body, ""


def _has_extensions(body: str) -> bool:
    """Return whether ``body`` is the whole number of a line behind which there may be extensions: no mobile, no part of a number."""
    if _LOCAL.fullmatch(_SEPARATORS.sub("", body)):
        return True
    if _digit_count(body) > LONGEST:
        return False
    try:
        return parse_phone(body).kind is not PhoneKind.MOBILE
    except PhoneInvalid:
        return False


def _digit_count(text: str) -> int:
    return sum(character.isdigit() for character in text)


class _Country(Enum):
    HOME = "home"
    ABROAD = "abroad"
    UNSTATED = "unstated"


def _without_country(compact: str) -> tuple[str, _Country]:
    """Return the national digits, or the whole international number, and of which country. A prefix written twice counts once."""
    compact = compact.removeprefix("+") if compact.startswith("+0") else compact
    rest = _without_own_country(compact)
    while (further := _without_own_country(rest)) != rest and len(further) >= SHORTEST_WHOLE:
        rest = further
    if rest != compact:
        return rest, _Country.HOME
    if compact.startswith("+"):
        return compact, _Country.ABROAD
    if compact.startswith("00") and len(compact) > 8:
        return "+" + compact[2:], _Country.ABROAD
    return compact, _Country.UNSTATED


def _without_own_country(compact: str) -> str:
    """Return the digits without +86, 0086, 086 or 86; the last two only before digits enough for a whole number."""
    for prefix, least in (("+86", 0), ("0086", 0), ("086", SHORTEST_WHOLE), ("86", 9)):
        if compact.startswith(prefix) and len(compact) - len(prefix) >= least:
            return compact[len(prefix) :]
    return compact


def _refuse_what_has_no_digits(digits: str) -> None:
    bare = digits.removeprefix("+")
    if not any(character.isdigit() for character in bare):
        raise PhoneInvalid(PhoneFault.NO_DIGITS)
    if not bare.isascii() or not bare.isdigit():
        raise PhoneInvalid(PhoneFault.LETTERS)
    if len(bare) > LONGEST:
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


def split_phones(text: str) -> list[str]:
    """Return the numbers written in one cell: ``13812345678、0571-87654321`` gives two.

    A line's end, 、, ;, | and 或 part whatever stands around them. A comma, a slash, a blank, 和 or a name may stand within a number or
    between two: the cell is cut there into the fewest parts each of which is a whole number. A local number behind one with an area
    code is of that area. What is no number stays as it is, for ``parse_phone`` to say why.
    """
    parts = [part for line in _LINES.split(text) for part in _SURE_BREAK.split(fold(line))]
    found = [number for part in parts for number in _numbers_in(part.strip())]
    return _with_areas(found) if len(found) > 1 else found


def _numbers_in(part: str) -> list[str]:
    if not _digit_count(_with_digits(part)):
        return []
    if _is_whole(part):
        return [part]
    return _cut(part) or _cut_around_faults(part) or [part]


def _cut(part: str) -> list[str]:
    """Return the fewest whole numbers into which ``part`` can be cut; none when something would be left over."""
    breaks = [found.span() for found in _MAYBE_BREAK.finditer(part)]
    if len(breaks) > BREAKS_LIMIT:
        return []
    begins, ends = [0, *(end for _, end in breaks)], [*(begin for begin, _ in breaks), len(part)]
    ways: list[list[str] | None] = [[]]  # up to each break, the best one
    for last, end in enumerate(ends):
        texts = [part[begins[first] : end] for first in range(last + 1)]
        found = [[*way, text] for way, text in zip(ways, texts, strict=True) if way is not None and _stands_alone(text)]
        ways.append(min(found, key=len, default=None))
    return ways[-1] or []


def _cut_around_faults(part: str) -> list[str]:
    """Return what stands between commas and slashes when some of it is a number, so that a fault beside it does not lose it."""
    pieces = [piece.strip() for piece in _BREAK_WITHIN_FAULTS.split(part)]
    if len(pieces) == 1 or not any(map(_is_whole, pieces)):
        return []
    return [number for piece in pieces for number in _numbers_in(piece)]


def _stands_alone(text: str) -> bool:
    """Return whether ``text`` is a whole number for sure: digits in groups of four may also be those of a card."""
    if not SHORTEST <= _digit_count(_with_digits(text)) <= LONGEST + LONGEST_EXTENSION:
        return False
    return _is_whole(text) and not (_is_local(text) and re.search(r"[0-9]\s+[0-9]", text))


def _is_whole(text: str) -> bool:
    try:
        parse_phone(text)
    except PhoneInvalid as refusal:
        return refusal.reason is PhoneFault.AREA_NEEDED and _is_local(text)
    return True


def _is_local(text: str) -> bool:
    """Return whether ``text`` is a number that lacks nothing but its area."""
    try:
        body, _ = _without_extension(_cleaned(text))
    except PhoneInvalid:
        return False
    return _LOCAL.fullmatch(_SEPARATORS.sub("", body)) is not None


def _with_areas(numbers: list[str]) -> list[str]:
    """Return the numbers with the local ones under the area code of the nearest before them that has one."""
    area, told = "", []
    for number in numbers:
        if area and _is_local(number):
            told.append(_FIRST_DIGIT.sub(f"{area}-", _with_digits(number), count=1))
            continue
        area = _area_of(number) or area
        told.append(number)
    return told


def _area_of(number: str) -> str:
    """Return the area code of a landline with its 0, empty for any other number: 010 and 02x have three digits, the others four."""
    try:
        phone = parse_phone(number)
    except PhoneInvalid:
        return ""
    if phone.kind is not PhoneKind.LANDLINE:
        return ""
    return phone.national[:3] if phone.national[1] in "12" else phone.national[:4]
