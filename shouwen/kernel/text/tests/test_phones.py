"""Telephone numbers in every way people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.text.phones import Phone, PhoneFault, PhoneInvalid, PhoneKind, parse_phone, split_phones

MOBILE = Phone("+8613812345678", PhoneKind.MOBILE)
LANDLINE = Phone("+8657187654321", PhoneKind.LANDLINE)


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138-1234-5678",
        "138 1234 5678",
        "138.1234.5678",
        "138—1234—5678",
        "１３８１２３４５６７８",
        "+8613812345678",
        "+86 138 1234 5678",
        "＋86-138-1234-5678",
        "(+86)13812345678",
        "86 13812345678",
        "008613812345678",
        "0086-138-1234-5678",
        "013812345678",
        "+86 (0)138 1234 5678",
        "1795113812345678",
        "17951 013812345678",
        "12593138 1234 5678",
        "手机：13812345678",
        "電話 138 1234 5678",
        "Tel.13812345678",
        "一三八一二三四五六七八",
        " 13812345678\u200b ",
        "tel:+86-138-1234-5678",
        "138/1234/5678",
        "138,1234,5678",
        "138，1234，5678",
        "138\u00a01234\u30005678",
        "138–1234‑5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "1381234 5678",
        "+86(138)12345678",
        "+0086 138 1234 5678",
        "幺三八幺二三四五六七八",
        "手机号码：+86 １３８ １２３４ ５６７８",
        "张伟13812345678",
        "张伟：138 1234 5678",
        "本机 +86 138-1234-5678",
        "13812345678(家)",
        "138 1234 5678（张先生）",
        "手机：13812345678 (本人)",
    ],
)
def test_one_mobile_number_in_many_ways(written: str) -> None:
    assert parse_phone(written) == MOBILE


@pytest.mark.parametrize(
    "written",
    [
        "0571-87654321",
        "0571 8765 4321",
        "(0571)87654321",
        "（0571）8765-4321",
        "571-87654321",
        "057187654321",
        "+86-571-87654321",
        "+86 (0)571 8765 4321",
        "0086 571 87654321",
        "8657187654321",
        "17951057187654321",
        "固定电话：０５７１－８７６５４３２１",
        "0571/87654321",
        "0571,87654321",
        "86-0571-87654321",
        "0086 0571 87654321",
        "家里 (0571) 8765 4321",
        "0571—8765 4321（晚上）",
    ],
)
def test_one_landline_in_many_ways(written: str) -> None:
    assert parse_phone(written) == LANDLINE


@pytest.mark.parametrize(
    "written",
    [
        "0571-87654321转8001",
        "0571-87654321 分机 8001",
        "057187654321 ext. 8001",
        "0571-87654321-8001",
        "0571 87654321#8001",
        "+86 571 87654321 x8001",
        "电话：(0571)8765-4321 轉 8001",
        "0571－87654321－8001",
        "0571-87654321,8001",
        "０５７１－８７６５４３２１转８００１",
    ],
)
def test_an_extension_in_many_ways(written: str) -> None:
    assert parse_phone(written) == Phone("+8657187654321", PhoneKind.LANDLINE, "8001")


@pytest.mark.parametrize("area", ["0571", "571"])
def test_a_local_number_takes_the_default_area(area: str) -> None:
    assert parse_phone("8765 4321", default_area=area) == Phone("+8657187654321", PhoneKind.LANDLINE, area_assumed=True)


def test_cities_with_two_digit_areas_and_seven_digit_numbers() -> None:
    assert parse_phone("010-62345678").e164 == "+861062345678"
    assert parse_phone("021 6234 5678").national == "02162345678"
    assert parse_phone("0854-8234567").e164 == "+868548234567"


@pytest.mark.parametrize("written", ["400-820-8820", "4008208820", "400 8208820", "800-820-8820"])
def test_business_numbers(written: str) -> None:
    assert parse_phone(written).kind is PhoneKind.BUSINESS


def test_numbers_of_other_countries_need_their_prefix() -> None:
    assert parse_phone("+852 9123 4567") == Phone("+85291234567", PhoneKind.FOREIGN)
    assert parse_phone("00 1 212 555 2368".replace("555", "736")) == Phone("+12127362368", PhoneKind.FOREIGN)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", PhoneFault.EMPTY),
        ("电话：", PhoneFault.EMPTY),
        ("无", PhoneFault.NO_DIGITS),
        ("--", PhoneFault.NO_DIGITS),
        ("1381234567a", PhoneFault.LETTERS),
        ("12a456", PhoneFault.LETTERS),
        ("1381234", PhoneFault.AREA_NEEDED),
        ("87654321", PhoneFault.AREA_NEEDED),
        ("1234567", PhoneFault.AREA_NEEDED),
        ("654321", PhoneFault.TOO_SHORT),
        ("138123456789", PhoneFault.TOO_LONG),
        ("9" * 21, PhoneFault.TOO_LONG),
        ("95598", PhoneFault.SERVICE_NUMBER),
        ("12345", PhoneFault.SERVICE_NUMBER),
        ("110", PhoneFault.SERVICE_NUMBER),
        ("0571-123456", PhoneFault.NOT_IN_USE),
        ("021-1234567", PhoneFault.NOT_IN_USE),
        ("12012345678", PhoneFault.NOT_IN_USE),
        ("O571-87654321", PhoneFault.LETTERS),
        ("张伟", PhoneFault.NO_DIGITS),
        ("(家)", PhoneFault.NO_DIGITS),
        ("138张1234伟5678", PhoneFault.LETTERS),
        ("13812345678/13912345678", PhoneFault.TOO_LONG),
        ("+999123456789", PhoneFault.NOT_IN_USE),
    ],
)
def test_what_is_no_number_says_why_and_does_not_repeat_it(written: str, reason: PhoneFault) -> None:
    with pytest.raises(PhoneInvalid) as refusal:
        parse_phone(written)

    assert refusal.value.reason is reason
    assert not any(character.isdigit() for character in str(refusal.value))


def test_numbers_as_people_dial_and_as_kept() -> None:
    phone = parse_phone("0571-87654321转8001")

    assert (phone.national, phone.with_extension) == ("057187654321", "+8657187654321;ext=8001")
    assert MOBILE.national == "13812345678"


def test_several_numbers_in_one_cell_are_parted() -> None:
    assert split_phones("13812345678、0571-87654321 / 13900001111；无") == ["13812345678", "0571-87654321", "13900001111"]


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "+86", "0086", "86", "0", "17951", "+86 ", "86-", "手机:"]),
    st.sampled_from(["", " ", "-", "－", ".", "—"]),
    st.booleans(),
)
def test_any_mobile_in_any_way_gives_one_number(digits: str, prefix: str, gap: str, is_full_width: bool) -> None:
    written = prefix + gap.join([digits[:3], digits[3:7], digits[7:]])
    if is_full_width:
        written = written.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})

    assert parse_phone(written) == Phone("+86" + digits, PhoneKind.MOBILE)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused_with_a_reason(text: str) -> None:
    try:
        phone = parse_phone(text, default_area="0571")
    except PhoneInvalid:
        return

    assert parse_phone(phone.with_extension) == Phone(phone.e164, phone.kind, phone.extension)
