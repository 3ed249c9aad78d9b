"""Folding: what is the same to people is the same to us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.text.folding import fold, fold_name, is_han, to_simplified
from shouwen.kernel.text.tokens import bigrams, digit_runs, pieces, script_runs


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＡＢＣ　１２３", "abc 123"),
        ("張偉", "张伟"),
        ("臺灣廣東", "台湾广东"),
        ("文三路９０號", "文三路90号"),
        ("①号ﾃｽﾄ", "1号テスト"),
        ("  a \t b\n", "a b"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("Straße", "strasse"),
        ("", ""),
        ("電業局麵條颱風範圍", "电业局面条台风范围"),
        ("１０％㎡℃㎏", "10%m2°ckg"),
        ("ﬁ Ⅳ ㈱", "fi iv (株)"),
        ("𠮷野家", "𠮷野家"),  # beyond the first plane
        ("E\u0301", "é"),
        ("张\u202e伟\u00ad", "张伟"),
        ("☎\ufe0f葛\U000e0100", "☎葛"),  # variation selectors
        ("\u3000（東門）\u3000", "(东门)"),
    ],
)
def test_ways_of_writing_fold_to_one(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="張偉陳國華劉麗後乾發髮臺"), st.text(alphabet="張偉陳國華劉麗後乾發髮臺"))
def test_a_part_folds_as_inside_the_whole(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)


def test_gaps_inside_a_chinese_name_are_dropped_but_not_in_a_latin_one() -> None:
    assert (fold_name("张　伟"), fold_name("John  Smith")) == ("张伟", "john smith")


def test_words_for_showing_are_simplified_with_their_meaning() -> None:
    assert to_simplified("乾隆皇帝頭髮") == "乾隆皇帝头发"


def test_han_is_told_from_other_letters() -> None:
    assert [is_han(character) for character in "张㐀𠀀a1é"] == [True, True, True, False, False, False]


def test_pieces_bigrams_digit_runs_and_scripts() -> None:
    address = fold("文三路90号-501室 A座")

    assert pieces(address) == ["文", "三", "路", "90", "号", "501", "室", "a", "座"]
    assert bigrams(address) == ["文三", "三路", "路90", "90号", "号501", "501室", "室a", "a座"]
    assert digit_runs(address) == ["90", "501"]
    assert script_runs("张伟5678abc") == ["张伟", "5678", "abc"]


@given(st.text(alphabet="张伟文三路0123ab "))
def test_there_is_one_bigram_less_than_pieces(text: str) -> None:
    assert len(bigrams(text)) == max(len(pieces(text)) - 1, 0)
