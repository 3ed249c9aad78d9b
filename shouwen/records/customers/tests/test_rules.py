"""Masks, sureness of callers, records of a file, what is well formed, and the terms of the index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.platform.search.rules import Keyring, number_tokens
from shouwen.records.customers import rules
from shouwen.records.customers.rules import CallerMatch, CsvRecord, confidence_pct, csv_records
from shouwen.records.customers.rules.entries import BulkTerms, entry_tokens
from shouwen.records.customers.rules.finding import EntryText, Way, question, ways_to_take
from shouwen.records.customers.rules.wellformed import comparable_identity, is_email, is_number, is_storable, national_digits

KEYS = Keyring(keys={1: b"k" * 32}, index_key=b"i" * 32)


# Masks.


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张伟", "张*"),
        ("张晓伟", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳", "欧*"),
        ("张", "张*"),
        ("John Smith", "J*** S****"),
        ("", ""),
    ],
)
def test_of_a_name_the_surname_is_shown(name: str, shown: str) -> None:
    assert rules.mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13812345678", "138****5678"), ("057187654321", "0571****4321"), ("4008208820", "400****8820"), ("1234567", "*******")],
)
def test_of_a_telephone_the_beginning_and_the_last_four_are_shown(number: str, shown: str) -> None:
    assert rules.mask_phone(number) == shown


@pytest.mark.parametrize(
    ("address", "shown"), [("zhang@example.com", "z***@example.com"), ("wechat_name_1", "we*********_1"), ("short", "*****")]
)
def test_of_mail_the_first_letter_and_the_domain_are_shown(address: str, shown: str) -> None:
    assert rules.mask_email(address) == shown


@pytest.mark.parametrize(("number", "shown"), [("33010119900101123X", "33**************3X"), ("1234567", "*******"), ("", "")])
def test_of_an_identity_number_both_ends_are_shown(number: str, shown: str) -> None:
    assert rules.mask_identity(number) == shown


@pytest.mark.parametrize(
    ("street", "shown"),
    [("西湖区文三路90号", "西湖区文三路***"), ("文三路９０号", "文三路***"), ("无名村", "无名村***"), ("", "")],
)
def test_of_an_address_the_street_is_shown_without_its_number(street: str, shown: str) -> None:
    assert rules.mask_address(street) == shown


# Callers.


@pytest.mark.parametrize(
    ("confirmed", "landline", "assumed", "sharers", "sure_pct"),
    [
        (True, False, False, 1, 95),
        (True, True, True, 1, 95),
        (False, False, False, 1, 80),
        (False, True, False, 1, 70),
        (False, True, True, 1, 60),
        (False, False, True, 1, 60),
        (False, False, False, 2, 40),
        (False, True, False, 3, 23),
        (True, False, False, 2, 80),
        (False, False, False, 500, 1),
    ],
)
def test_how_sure_a_caller_is(confirmed: bool, landline: bool, assumed: bool, sharers: int, sure_pct: int) -> None:
    assert confidence_pct(CallerMatch(confirmed, landline, assumed, sharers)) == sure_pct


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(1, 10_000))
def test_a_number_alone_proves_nothing_and_sharing_never_makes_surer(
    confirmed: bool, landline: bool, assumed: bool, sharers: int
) -> None:
    sure = confidence_pct(CallerMatch(confirmed, landline, assumed, sharers))

    assert 1 <= sure <= 95
    assert confidence_pct(CallerMatch(confirmed, landline, assumed, sharers + 1)) <= sure


# Records of a file.


def test_a_quoted_cell_may_span_lines_and_an_unclosed_one_spoils_its_own_line_only() -> None:
    lines = ["a,b\r\n", "1,2\n", "\n", '3,"x\n', 'y"\n', '4,"open\n', "5,6\n", "7,8"]

    assert list(csv_records(lines)) == [
        CsvRecord(1, "a,b"),
        CsvRecord(2, "1,2"),
        CsvRecord(4, '3,"x\ny"'),
        CsvRecord(6, '4,"open', "unclosed_quote"),
        CsvRecord(7, "5,6"),
        CsvRecord(8, "7,8"),
    ]


def test_a_record_that_is_too_long_is_named_so_with_and_without_a_quotation_mark() -> None:
    long = "x" * 70_000

    found = list(csv_records([f"{long}\n", f'"{long}\n', "1,2\n"]))

    assert [(record.line_no, record.fault) for record in found] == [(1, "too_long"), (2, "too_long"), (3, "")]


@given(st.lists(st.text(alphabet='ab,"\n', max_size=12), max_size=30))
def test_no_line_is_lost_whatever_the_quotation_marks(pieces: list[str]) -> None:
    lines = [line + "\n" for piece in pieces for line in piece.split("\n")]

    found = list(csv_records(lines))

    assert "".join(record.text.replace("\n", "") for record in found) == "".join(line.strip() and line[:-1] for line in lines)
    assert [record.line_no for record in found] == sorted({record.line_no for record in found})


# What is well formed.


def test_numbers_of_the_company_are_letters_digits_and_dashes() -> None:
    good = [text for text in ("1", "HZ-0017", "x" * 24, "", "x" * 25, "1 2", "１２", "1\n") if is_number(text)]
    assert good == ["1", "HZ-0017", "x" * 24]


def test_mail_has_one_at_sign_and_a_domain() -> None:
    good = [text for text in ("a@b.c", "a.b@c.d.e", "a@b", "@b.c", "a b@c.d", "a@b.c\n", "a@@b.c") if is_email(text)]
    assert good == ["a@b.c", "a.b@c.d.e"]


def test_one_line_of_readable_characters_can_be_stored() -> None:
    assert [is_storable(text) for text in ("张伟 1", "a\nb", "a\x00", "a\udcff")] == [True, False, False, False]


def test_an_identity_number_is_kept_half_width_without_gaps_and_upper_case() -> None:
    assert comparable_identity(" 330101 19900101 123ｘ") == "33010119900101123X"


@pytest.mark.parametrize(
    ("kept", "digits"),
    [
        ("+8613812345678", "13812345678"),
        ("+8657187654321;ext=8001", "057187654321"),
        ("+864008208820", "4008208820"),
        ("+442071838750", "442071838750"),
        ("+8613812345678;ext=1", "13812345678"),
        ("+999", "999"),
    ],
)
def test_a_kept_number_is_shown_as_it_is_dialled(kept: str, digits: str) -> None:
    assert national_digits(kept) == digits


# Questions and answers.


def asked_for(text: str, way: Way = Way.WHOLE) -> tuple[object, ...]:
    found = question(text=text, way=way)
    return () if found is None else (found.candidates, found.tails)


def test_a_number_with_dashes_is_asked_for_by_its_parts_or_as_a_whole() -> None:
    assert asked_for("A-7-8") == ((("a7", "78"), ("a78",)), ())
    assert asked_for("张伟") == ((("张伟",),), ())
    assert asked_for(" ,") == ()


def test_a_long_row_of_digits_is_a_number_and_after_that_the_end_of_a_telephone() -> None:
    assert asked_for("张伟 12345678") == ((("张伟", "12345678"),), ())
    assert asked_for("张伟 12345678", Way.TAILS) == ((("张伟",),), ("12345678",))
    assert asked_for("12345678", Way.TAILS) == (((),), ("12345678",))
    assert asked_for("张伟12345678", Way.PARTED_TAILS) == ((("张伟",),), ("12345678",))


def test_many_numbers_with_dashes_at_once_are_asked_for_by_their_parts_only() -> None:
    assert asked_for("a-1-2 b-1-2 c-1-2") == ((("a1", "12", "b1", "c1"),), ())


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("张伟", [Way.WHOLE]),
        ("张伟 5678", [Way.WHOLE]),
        ("12345678", [Way.WHOLE, Way.TAILS]),
        ("3301000000017", [Way.WHOLE]),
        ("张伟5678", [Way.WHOLE, Way.PARTED]),
        ("张伟12345678", [Way.WHOLE, Way.PARTED, Way.PARTED_TAILS]),
        ("", []),
    ],
)
def test_a_query_is_taken_in_as_many_ways_as_ask_for_something_else(text: str, ways: list[Way]) -> None:
    assert ways_to_take(text=text) == ways


def entry(**changes: object) -> EntryText:
    values: dict[str, object] = {
        "name": "张伟",
        "street": "文三路90号",
        "room": "3幢501室",
        "phones": ("13812345678",),
        "identity_number": "33010119900101123X",
        "numbers": ("C1", "3301-7"),
    }
    return EntryText(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("张伟", True),
        ("伟张", False),
        ("三路90", True),
        ("三路9", False),
        ("号3幢", True),
        ("zw", True),
        ("zhangw", True),
        ("zx", False),
        ("5678", True),
        ("567", False),
        ("345678", True),
        ("1123x", False),
        ("01123x", True),
        ("33017", True),
        ("3301", False),
        ("c1", True),
    ],
)
def test_what_was_asked_for_really_stands_there(text: str, is_there: bool) -> None:
    asked = question(text=text)

    assert asked is not None
    assert entry().answers(asked.words) is is_there


names = st.text(alphabet="张伟欧阳单晓明杭州纺织有限公司 aBc7·-", min_size=1, max_size=12)
places = st.text(alphabet="文三路号幢室90 5b，-", max_size=14)
digits = st.text(alphabet="0123456789", min_size=7, max_size=12)


@given(
    st.sampled_from(["person", "organisation"]),
    names,
    places,
    places,
    st.lists(digits, max_size=3),
    digits,
    st.lists(digits, max_size=2),
)
def test_the_terms_made_in_bulk_are_those_made_singly(
    kind: str, name: str, street: str, room: str, phones: list[str], identity: str, numbers: list[str]
) -> None:
    tokens = entry_tokens(
        kind=kind,
        name=name,
        street=street,
        room=room,
        phones=tuple(phones),
        identity_number=identity,
        numbers=tuple(numbers),
    )

    own = number_tokens(phones=tuple(phones), identity_number=identity, account_numbers=tuple(numbers))
    bulk = BulkTerms(KEYS.terms)
    for _ in range(2):  # the second time from what is remembered
        made = bulk.entry(kind=kind, name=name, street=street, room=room, numbers=own)
        assert sorted({int(term) for term in made.split(",") if term}) == KEYS.terms_of(tokens)


@given(names, places, places, digits)
def test_whatever_is_asked_with_the_index_s_own_words_is_answered(name: str, street: str, room: str, phone: str) -> None:
    whole = entry(name=name, street=street, room=room, phones=(phone,))
    tokens = entry_tokens(kind="person", name=name, street=street, room=room, phones=(phone,))

    for text in (name, street, phone, phone[-4:]):
        asked = question(text=text)
        if asked is not None and set(asked.candidates[0]) <= tokens:
            assert whole.answers(asked.words)
