"""Sealing, blind indexes, terms, and which tokens stand for what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.platform.search.rules import (
    Keyring,
    QueryWord,
    SealBroken,
    TermBook,
    address_tokens,
    name_tokens,
    number_tokens,
    organisation_tokens,
    query_tokens,
    query_words,
    tail_of,
)
from shouwen.platform.search.rules import keyring as keyring_rules

OLD, NEW = b"o" * 32, b"n" * 32
RING = Keyring(keys={1: OLD}, index_key=b"i" * 32)


# Sealing.


@given(st.text(max_size=300))
def test_what_was_sealed_comes_back_as_it_was(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()

    assert RING.unseal(RING.seal(text, column="t.c"), column="t.c") == text


def test_a_sealed_value_begins_with_its_key_and_never_looks_the_same_twice() -> None:
    one, two = RING.seal("张伟", column="t.c"), RING.seal("张伟", column="t.c")

    assert (one[0], one != two, len(one)) == (1, True, 1 + 12 + len("张伟".encode()) + 16)
    assert "张伟".encode() not in one


def test_the_empty_text_is_kept_as_nothing() -> None:
    assert (RING.seal("", column="t.c"), RING.unseal(b"", column="t.c")) == (b"", "")


def test_a_newer_key_seals_and_the_older_one_still_opens() -> None:
    both = Keyring(keys={2: NEW, 1: OLD}, index_key=b"i" * 32)
    old = RING.seal("张伟", column="t.c")

    assert both.unseal(old, column="t.c") == "张伟"
    assert (both.current_key_id, both.seal("张伟", column="t.c")[0]) == (2, 2)


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b[:20], lambda b: b[:1], lambda b: bytes([9]) + b[1:]]
)
def test_a_value_that_was_changed_cut_or_sealed_by_no_known_key_is_not_opened(spoil) -> None:
    with pytest.raises(SealBroken):
        RING.unseal(spoil(RING.seal("张伟", column="t.c")), column="t.c")


def test_a_value_moved_to_another_column_is_not_opened() -> None:
    with pytest.raises(SealBroken):
        RING.unseal(RING.seal("张伟", column="t.c"), column="t.d")


@pytest.mark.parametrize("keys", [{}, {1: b"short"}, {0: OLD}, {256: OLD}])
def test_keys_are_thirty_two_bytes_with_ids_of_one_byte(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keys=keys, index_key=b"i")


# Blind indexes and terms.


def test_a_blind_index_is_the_same_for_the_same_value_purpose_and_key_only() -> None:
    other = Keyring(keys={1: OLD}, index_key=b"j" * 32)

    found = {
        RING.blind("5678", purpose="phone_tail"),
        RING.blind("5679", purpose="phone_tail"),
        RING.blind("5678", purpose="phone"),
        other.blind("5678", purpose="phone_tail"),
    }

    assert len(found) == 4
    assert RING.blind("5678", purpose="phone_tail") == RING.blind("5678", purpose="phone_tail")
    assert all(-(2**63) <= blind < 2**63 for blind in found)


def test_terms_are_each_once_in_order_and_depend_on_the_key() -> None:
    other = Keyring(keys={1: OLD}, index_key=b"j" * 32)

    terms = RING.terms_of(["张伟", "文三", "张伟"])

    assert (len(terms), terms) == (2, sorted(terms))
    assert set(terms).isdisjoint(other.terms_of(["张伟", "文三"]))
    assert all(-(2**31) <= term < 2**31 for term in terms)


def test_a_full_book_of_terms_begins_anew_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_rules, "TERM_BOOK_LIMIT", 2)
    book = TermBook(b"i" * 32)

    first = [book[token] for token in ("a", "b", "c")]

    assert (len(book), first) == (1, [RING.terms[token] for token in ("a", "b", "c")])


# Tokens.


def test_a_name_is_found_by_characters_pairs_initials_and_pinyin() -> None:
    assert name_tokens("张伟") == {"张", "伟", "张伟", "zhang", "wei", "zhangwei", "zw"}


def test_a_surname_with_two_readings_is_found_by_both() -> None:
    assert {"sxm", "dxm", "shan", "dan"} <= name_tokens("单晓明")


def test_a_latin_name_is_found_by_the_beginnings_of_its_words() -> None:
    assert name_tokens("Li Smithsonian") == {"li", "sm", "smi", "smit", "smith", "smiths", "smithso", "smithson", "lismithsonian"}


def test_a_long_name_is_an_organisation_s_and_has_no_single_characters() -> None:
    tokens = name_tokens("杭州东方纺织有限公司")

    assert tokens == organisation_tokens("杭州东方纺织有限公司")
    assert {"东方", "纺织", "hz", "hzdffzyx"} <= tokens
    assert not [token for token in tokens if len(token) == 1]


def test_an_address_is_found_by_pairs_of_neighbours_and_numbers_of_two_digits() -> None:
    assert address_tokens("文三路90号 3幢") == {"文三", "三路", "路90", "90号", "90", "号3", "3幢"}


def test_numbers_are_found_whole_telephones_by_their_last_four_identities_by_their_last_six() -> None:
    tokens = number_tokens(phones=("13812345678",), identity_number="33010119900101123X", account_numbers=("HZ-7", ""))

    assert tokens == {"13812345678", "5678", "01123x", "hz7"}
    assert tail_of("12") == "12"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张伟 文三路，5678", ["张伟", "文三路", "5678"]),
        ("張偉　５６７８", ["张伟", "5678"]),
        ("138 1234-5678", ["13812345678"]),
        ("+86 (138) 1234.5678", ["13812345678"]),
        ("0571-87654321", ["057187654321"]),
        ("3301 0000 0001 7", ["3301000000017"]),
        ("12-34-56", ["123456"]),
        ("张伟 138-1234-5678", ["张伟", "13812345678"]),
        ("13812345678 3301000000017", ["13812345678", "3301000000017"]),
        ("a b c d e f g h i j", list("abcdefgh")),
        (" ，; ", []),
        ("", []),
    ],
)
def test_a_query_is_cut_into_words_and_numbers_into_their_digits(text: str, words: list[str]) -> None:
    assert query_words(text) == words


@pytest.mark.parametrize(
    ("word", "parted", "found"),
    [
        ("张伟", False, [QueryWord("张伟", ("张伟",))]),
        ("文三路", False, [QueryWord("文三路", ("文三", "三路"))]),
        ("张", False, [QueryWord("张", ("张",))]),
        ("smithsonian", False, [QueryWord("smithsonian", ("smithson",))]),
        ("张伟5678", False, [QueryWord("张伟5678", ("张伟", "伟5678"))]),
        ("张伟5678", True, [QueryWord("张伟", ("张伟",)), QueryWord("5678", ("5678",))]),
        ("！", False, []),
    ],
)
def test_a_word_asks_for_its_pairs(word: str, parted: bool, found: list[QueryWord]) -> None:
    assert query_tokens(word, parted=parted) == found


def test_only_a_word_of_several_pairs_must_be_looked_at_as_a_phrase() -> None:
    assert [query_tokens(word)[0].is_phrase for word in ("文三路", "文三", "5678")] == [True, False, False]


@given(st.text(alphabet="张伟欧阳文三路号90abX 　-", min_size=2, max_size=12), st.data())
def test_whatever_part_of_a_name_is_asked_for_its_pairs_are_among_the_name_s(name: str, data: st.DataObject) -> None:
    """Part of a Chinese name of two characters and more is always found."""
    chinese = "".join(one for one in name if one in "张伟欧阳文三路号")
    if not 2 <= len(chinese) <= 6:
        return
    start = data.draw(st.integers(0, len(chinese) - 2))
    part = chinese[start : data.draw(st.integers(start + 2, len(chinese)))]

    asked = [token for word in query_words(part) for query in query_tokens(word) for token in query.tokens]

    assert set(asked) <= name_tokens(chinese)
