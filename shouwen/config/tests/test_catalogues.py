"""The catalogues: complete, with the same placeholders, compiled when stale, in Simplified and Traditional Chinese."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path
from shutil import copytree

import pytest
from django.utils import translation
from django.utils.translation import gettext

from shouwen.config.catalogues import (
    LOCALE_DIR,
    bring_up_to_date,
    compile_stale,
    kept_sentences,
    main,
    missing_and_unused,
)
from shouwen.config.sentences import Sentence
from shouwen.kernel.errors import BadInput, Refusal
from shouwen.kernel.text.phones import parse_phone
from shouwen.records.customers.choices import Language
from shouwen.records.customers.services.record import line, must_be_one_of

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
HAN = re.compile(r"[\u4e00-\u9fff]")
MILLISECOND_NS = 1_000_000


def test_every_sentence_has_its_chinese_and_no_other_is_kept() -> None:
    assert missing_and_unused() == ([], [])


def test_the_check_of_a_complete_catalogue_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_translation_has_the_placeholders_of_its_sentence() -> None:
    different = {
        sentence.key: chinese
        for sentence, chinese in kept_sentences().items()
        if set(PLACEHOLDER.findall(sentence.plural or sentence.key)) != set(PLACEHOLDER.findall(chinese))
    }

    assert different == {}


def test_a_translation_can_be_filled() -> None:
    """A lone % would break the sentence only when somebody is refused."""
    for sentence, chinese in kept_sentences().items():
        names = re.findall(r"%\((\w+)\)", chinese)
        if names:
            assert "%(" not in chinese % dict.fromkeys(names, "…"), sentence.key


def test_no_translation_is_still_english() -> None:
    """Every one has Chinese characters, unless all its words come from elsewhere; then at least its marks are Chinese."""
    worded = {
        sentence.key: chinese
        for sentence, chinese in kept_sentences().items()
        if re.search("[A-Za-z]", PLACEHOLDER.sub("", sentence.key))
    }

    assert [key for key, chinese in worded.items() if not HAN.search(chinese)] == []
    assert [sentence.key for sentence, chinese in kept_sentences().items() if chinese == sentence.key] == []


def test_a_problem_ends_like_its_english_so_that_no_sentence_has_two_full_stops() -> None:
    unlike = {
        sentence.key: chinese
        for sentence, chinese in kept_sentences().items()
        if sentence.key.endswith(".") != chinese.endswith("。")
    }

    assert unlike == {}


@pytest.mark.parametrize(
    ("language", "word", "sentence"),
    [
        ("zh-hans", "供电所", "请说明变更首问责任人的原因。"),
        ("zh-hant", "供電所", "請說明變更首問責任人的原因。"),
        ("en", "Supply station", "Say why the owner changes."),
    ],
)
def test_the_house_speaks_simplified_and_traditional_chinese_and_english(language: str, word: str, sentence: str) -> None:
    with translation.override(language):
        assert (gettext("Supply station"), gettext("Say why the owner changes.")) == (word, sentence)


def refusal_of(act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hans", "固定电话号码须加区号。"),
        ("zh-hant", "固定電話號碼須加區號。"),
        ("en", "The local telephone number needs an area code."),
    ],
)
def test_a_refusal_explains_itself_in_the_readers_language(language: str, said: str) -> None:
    refusal = refusal_of(lambda: parse_phone("87654321"))

    with translation.override(language):
        assert refusal.explain(gettext) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hans", "name：内容为空；请填写。"),
        ("zh-hant", "name：內容為空；請填寫。"),
        ("en", "name: nothing is written; write it."),
    ],
)
def test_bad_input_says_in_the_readers_language_what_is_wrong_and_what_to_write(language: str, said: str) -> None:
    refusal = refusal_of(lambda: line(field="name", value=" ", needed=True))

    with translation.override(language):
        assert refusal.explain(gettext) == said


def test_what_is_put_together_at_run_time_stays_as_it_is() -> None:
    refusal = refusal_of(lambda: must_be_one_of(Language, field="language", value="latin"))

    with translation.override("zh-hans"):
        assert refusal.explain(gettext) == "language：没有这个选项；write one of zh-hans, zh-hant, en。"
    assert isinstance(refusal, BadInput)


def compiled(locale_dir: Path, code: str) -> GNUTranslations:
    with (locale_dir / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return GNUTranslations(file)


@pytest.fixture
def locale_dir(tmp_path: Path) -> Path:
    """A copy of the catalogue, compiled."""
    copytree(LOCALE_DIR, tmp_path / "locale", ignore=lambda *_: ["django.mo"])
    compile_stale(tmp_path / "locale")
    return tmp_path / "locale"


def rewrite(locale_dir: Path, old: str, new: str, *, later_by_ns: int) -> None:
    source = locale_dir / "zh_Hans" / "LC_MESSAGES" / "django.po"
    written_ns = source.stat().st_mtime_ns
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(source, ns=(written_ns + later_by_ns, written_ns + later_by_ns))


@pytest.mark.parametrize("later_by_ns", [MILLISECOND_NS, -1000 * MILLISECOND_NS], ids=["newer", "put back"])
def test_a_changed_source_is_compiled_again_whether_it_is_newer_or_was_put_back(locale_dir: Path, later_by_ns: int) -> None:
    rewrite(locale_dir, 'msgstr "供电所"', 'msgstr "乡镇供电所"', later_by_ns=later_by_ns)

    compile_stale(locale_dir)

    found = [compiled(locale_dir, code).gettext("Supply station") for code in ("zh_Hans", "zh_Hant")]
    assert found == ["乡镇供电所", "鄉鎮供電所"]


def test_what_was_made_from_the_present_source_is_not_made_again(locale_dir: Path) -> None:
    files = [locale_dir / code / "LC_MESSAGES" / "django.mo" for code in ("zh_Hans", "zh_Hant")]
    before = [file.stat().st_ino for file in files]

    compile_stale(locale_dir)

    assert [file.stat().st_ino for file in files] == before
    assert sorted(path.name for path in files[1].parent.iterdir()) == ["django.mo"]


def test_a_missing_catalogue_is_compiled_and_without_a_source_nothing_is(locale_dir: Path, tmp_path: Path) -> None:
    (locale_dir / "zh_Hant" / "LC_MESSAGES" / "django.mo").unlink()

    compile_stale(locale_dir)
    compile_stale(tmp_path / "nowhere")

    assert compiled(locale_dir, "zh_Hant").gettext("Supply station") == "供電所"
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house that says three things."""
    house = tmp_path / "house"
    house.mkdir()
    (house / "words.py").write_text('_("Meter")\n_("Feeder %(code)s")\nngettext("%(n)s day", "%(n)s days", n)\n')
    return house


CHINESE = {'"Meter"\nmsgstr ""': '"Meter"\nmsgstr "电能表"', 'msgstr[0] ""': 'msgstr[0] "%(n)s天"'}


def test_new_sentences_wait_for_their_chinese_kept_ones_keep_it_and_unused_ones_go(house: Path, tmp_path: Path) -> None:
    source = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    bring_up_to_date(source, house)
    text = source.read_text(encoding="utf-8")
    for waiting, given in CHINESE.items():
        assert waiting in text
        text = text.replace(waiting, given)
    source.write_text(text, encoding="utf-8")
    assert missing_and_unused(source, house) == (["Feeder %(code)s"], [])
    (house / "words.py").write_text('_("Meter")\n_("Substation")\nngettext("%(n)s day", "%(n)s days", n)\n')
    assert missing_and_unused(source, house) == (["Substation"], ["Feeder %(code)s"])

    bring_up_to_date(source, house)

    kept = {Sentence("%(n)s day", "%(n)s days"): "%(n)s天", Sentence("Meter"): "电能表", Sentence("Substation"): ""}
    assert kept_sentences(source) == kept
    assert [path.name for path in source.parent.iterdir()] == ["django.po"]


def test_bringing_up_to_date_what_is_up_to_date_writes_nothing(house: Path, tmp_path: Path) -> None:
    source = tmp_path / "django.po"
    bring_up_to_date(source, house)
    before = source.stat().st_ino, source.read_bytes()

    bring_up_to_date(source, house)

    assert (source.stat().st_ino, source.read_bytes()) == before


def test_what_is_counted_is_translated_in_both_scripts(house: Path, tmp_path: Path) -> None:
    source = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    bring_up_to_date(source, house)
    source.write_text(source.read_text(encoding="utf-8").replace('msgstr[0] ""', 'msgstr[0] "%(n)s个时段"'), encoding="utf-8")

    compile_stale(tmp_path / "locale")

    said = [compiled(tmp_path / "locale", code).ngettext("%(n)s day", "%(n)s days", 2) for code in ("zh_Hans", "zh_Hant")]
    assert said == ["%(n)s个时段", "%(n)s個時段"]
