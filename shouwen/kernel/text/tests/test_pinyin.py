"""Names in pinyin, with surnames that are read differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.text.pinyin import READINGS_LIMIT, initials, readings, spellings


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("张伟", ("zw",)),
        ("單曉明", ("sxm", "dxm")),
        ("仇和平", ("qhp", "chp")),
        ("解放", ("xf", "jf")),
        ("查良镛", ("zly", "cly")),
        ("曾国藩", ("zgf", "cgf")),
        ("欧阳修", ("oyx",)),
        ("尉迟恭", ("ycg",)),
        ("John 张", ("johnz",)),
        ("张　伟", ("zw",)),
        ("", ()),
        ("区小明", ("oxm", "qxm")),
        ("任盈盈", ("ryy",)),
        ("朴树", ("ps",)),
        ("乐毅", ("yy", "ly")),
        ("覃某", ("qm", "tm")),
        ("万俟卨", ("mqx",)),
        ("司馬相如", ("smxr",)),
        ("諸葛亮", ("zgl",)),
        ("重庆供电公司", ("cqgdgs", "zqgdgs")),
        ("张(三)", ("zs",)),
        ("ABC公司２号", ("abcgs2h",)),
        ("——", ()),
        ("李乾坤", ("lgk", "lqk")),
        ("厦门供电公司", ("xmgdgs",)),
        ("西藏", ("xz",)),
        ("番禺区", ("pyq",)),
        ("东阿县", ("dex",)),
        ("大厦", ("ds",)),
        ("单于厦门", ("cyxm",)),
    ],
)
def test_initials_hold_every_reading_with_the_surname_first(name: str, found: tuple[str, ...]) -> None:
    assert initials(name) == found


def test_whole_names_are_spelled_without_tones() -> None:
    assert spellings("单伟") == ("shanwei", "danwei")


@pytest.mark.parametrize("name", ["李乾坤", "李干坤"])
def test_a_character_that_folding_takes_is_read_also_as_what_it_was(name: str) -> None:
    assert spellings(name) == ("ligankun", "liqiankun")


@pytest.mark.parametrize(
    ("place", "spelling"),
    [("厦门", "xiamen"), ("西藏", "xizang"), ("番禺", "panyu"), ("东阿", "donge"), ("山东东阿", "shandongdonge")],
)
def test_a_place_is_read_as_its_people_do(place: str, spelling: str) -> None:
    assert spellings(place) == (spelling,)


@given(st.text(alphabet="张伟长重乐朝行盛单曾欧阳 ab1"))
def test_readings_are_few_and_equally_long(name: str) -> None:
    found = readings(name)

    assert len(found) <= READINGS_LIMIT
    assert len({len(reading) for reading in found}) <= 1
