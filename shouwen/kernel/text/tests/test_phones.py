"""Telephone numbers in every way people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.text.folding import fold
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
        "13812345678张先生",
        "13812345678 张先生",
        "13812345678陆先生（家）",
        "13812345678（家）张三",
        "陆13812345678",
        "（手机）13812345678",
        "电话（手机）：13812345678",
        "13812345678。",
        "13812345678；",
        "13812345678？",
        "【13812345678】",
        "“13812345678”",
        "张三【13812345678】",
        "☎13812345678",
        "☎\ufe0f 13812345678",
        "'13812345678",
        "13812345678.0",
        "手机1：13812345678",
        "手机一：13812345678",
        "手机2 13812345678",
        "+86+8613812345678",
        "86-86-13812345678",
        "+868613812345678",
        "08613812345678",
        "086138 1234 5678",
        "壹叁捌壹贰叁肆伍陆柒捌",
        "壹三八 1234 5678",
        "13812345(678)",
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
        "57187654321.0",
        "+86 086 571 87654321",
        "+0571-87654321",
        "0571-8765(4321)",
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
        "0571-87654321（转8001）",
        "0571-87654321（8001）",
        "0571-87654321*8001",
        "0571-87654321内线8001",
        "0571-87654321转内线8001",
        "0571-87654321转8001张先生",
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
        ("三八 1234 5678", PhoneFault.LETTERS),
        ("1381234567八", PhoneFault.LETTERS),
        ("138****5678", PhoneFault.LETTERS),
        ("13812345*78", PhoneFault.LETTERS),
        ("0571-87654321转", PhoneFault.LETTERS),
        ("138;1234;5678", PhoneFault.LETTERS),
        ("13812345678(801)", PhoneFault.TOO_LONG),
        ("87654321(0571)", PhoneFault.TOO_LONG),
        ("0571-87654321,87654322", PhoneFault.TOO_LONG),
        ("13812345678,87654321", PhoneFault.TOO_LONG),
        ("0571-87654321(1)(2)", PhoneFault.TOO_LONG),
        ("11111" + "(1)" * 2000, PhoneFault.TOO_LONG),
        ("6222 0212 3456 7890", PhoneFault.TOO_LONG),
        ("+86 852 23456789", PhoneFault.NOT_IN_USE),
        ("0852-23456789", PhoneFault.NOT_IN_USE),
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


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("852-23456789", "+85223456789"),
        ("(852) 2345 6789", "+85223456789"),
        ("85366123456", "+85366123456"),
        ("853 2828 1234", "+85328281234"),
        ("886-2-23456789", "+886223456789"),
        ("886-0912345678", "+886912345678"),
    ],
)
def test_hong_kong_macau_and_taiwan_need_no_prefix_where_no_mainland_number_looks_so(written: str, e164: str) -> None:
    assert parse_phone(written, default_area="0571") == Phone(e164, PhoneKind.FOREIGN)


@pytest.mark.parametrize("written", ["三八 1234 5678", "8765432.0", "13812345*78", "0571-8765432?"])
def test_no_number_is_made_of_a_part_of_one(written: str) -> None:
    with pytest.raises(PhoneInvalid):
        parse_phone(written, default_area="0571")


def test_an_extension_of_a_local_number_leaves_it_local() -> None:
    assert parse_phone("87654321(801)", default_area="0571") == Phone(
        "+8657187654321", PhoneKind.LANDLINE, "801", area_assumed=True
    )


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("13812345678\n13912345678", ["13812345678", "13912345678"]),
        ("0571-87654321\r\n13812345678", ["0571-87654321", "13812345678"]),
        ("13812345678,87654321", ["13812345678", "87654321"]),
        ("13812345678 13912345678", ["13812345678", "13912345678"]),
        ("138 1234 5678 139 1234 5678", ["138 1234 5678", "139 1234 5678"]),
        ("13812345678 0571-87654321", ["13812345678", "0571-87654321"]),
        ("13812345678和13912345678", ["13812345678", "13912345678"]),
        ("13812345678 和 13912345678", ["13812345678", "13912345678"]),
        ("13812345678＆13912345678", ["13812345678", "13912345678"]),
        ("+8613812345678+8613912345678", ["+8613812345678", "+8613912345678"]),
        ("张三13812345678，李四13912345678", ["张三13812345678", "李四13912345678"]),
        ("张三13812345678李四13912345678", ["张三13812345678", "李四13912345678"]),
        ("手机1：13812345678 手机2：13912345678", ["手机1:13812345678", "手机2:13912345678"]),
        ("13812345678(家) 13912345678(公司)", ["13812345678(家)", "13912345678(公司)"]),
        ("一三八一二三四五六七八、13912345678", ["一三八一二三四五六七八", "13912345678"]),
        ("0571/87654321", ["0571/87654321"]),
        ("138/1234/5678", ["138/1234/5678"]),
        ("138,1234,5678", ["138,1234,5678"]),
        ("0571-87654321,8001", ["0571-87654321,8001"]),
        ("+8657187654321;ext=8001;13812345678", ["+8657187654321;ext=8001", "13812345678"]),
        ("8765 4321", ["8765 4321"]),
        ("13812345678,1391234567", ["13812345678", "1391234567"]),
        ("021-62345678/79", ["021-62345678", "79"]),
        ("13812345678/无", ["13812345678"]),
        ("6222 0212 3456 7890", ["6222 0212 3456 7890"]),
        ("330106 19800101 1234", ["330106 19800101 1234"]),
        ("无", []),
    ],
)
def test_a_cell_is_cut_only_between_whole_numbers(cell: str, numbers: list[str]) -> None:
    assert split_phones(cell) == numbers


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("0571-87654321,87654322", ["+8657187654321", "+8657187654322"]),
        ("0571 87654321 87654322", ["+8657187654321", "+8657187654322"]),
        ("0571-87654321转801,张三87654322转5", ["+8657187654321;ext=801", "+8657187654322;ext=5"]),
        ("010-62345678、62345679\n13812345678/62345670", ["+861062345678", "+861062345679", "+8613812345678", "+861062345670"]),
        ("87654321或87654322", ["+8657487654321", "+8657487654322"]),
    ],
)
def test_a_local_number_is_of_the_area_written_before_it(cell: str, numbers: list[str]) -> None:
    assert [parse_phone(number, default_area="0574").with_extension for number in split_phones(cell)] == numbers


def test_a_cell_full_of_almost_numbers_is_left_as_it_is() -> None:
    cell = "2345678 1 " * 200

    assert split_phones(cell) == [cell.strip()]


@given(
    st.lists(st.from_regex(r"1[3-9][0-9]{9}|0571-8[0-9]{7}", fullmatch=True), min_size=2, max_size=4),
    st.sampled_from("\n、;,/ 和"),
)
def test_numbers_put_into_one_cell_come_out_again(numbers: list[str], mark: str) -> None:
    assert split_phones(mark.join(numbers)) == numbers


@given(st.text(max_size=30) | st.text(alphabet="0123456789张三手机:和,、/; ()-+转\n", max_size=40))
def test_a_cell_of_any_text_is_cut_without_losing_a_digit(cell: str) -> None:
    told = (character for part in split_phones(cell) for character in part if character.isdigit())

    assert all(digit in told for digit in fold(cell) if digit.isdigit()), "each is there, in order; an area may have been added"


def test_a_label_without_a_number_beside_a_landline_is_left_for_its_refusal() -> None:
    assert split_phones("0571-87654321、手机1：") == ["0571-87654321", "手机1:"]


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
