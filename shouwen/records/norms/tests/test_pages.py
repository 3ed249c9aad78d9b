from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from shouwen.platform.policies.rules import Place
from shouwen.records.norms.gateways.press import FAMILIES, FETCHED_FONTS, FontMissing, find_typeface, print_pages
from shouwen.records.norms.rules.definition import Norm, parse_norm
from shouwen.records.norms.rules.drawing import Picture
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.labels import Labels
from shouwen.records.norms.rules.pages import PAPERS, Edition, handbook, sheet_for
from shouwen.records.norms.tests.factories import POLICIES, Change, handbook_norms, handbook_register, lamp

DAY = date(2026, 5, 6)


def edition(language: str = "en", register: Register | None = None) -> Edition:
    return Edition(
        labels=Labels(language, roles={"agent": "Agent"}, units={"service_centre": "Centre"}),
        register=register or Register.of(POLICIES),
        place=Place("CN", "SGCC"),
        day=DAY,
        font="Any",
        channels={"phone": "Phone"},
        reasons={"severe_weather": "Weather"},
    )


def page(change: Change = lambda document: None, language: str = "en") -> dict:
    book = handbook(norms=[parse_norm(lamp(change))], edition=edition(language))
    (norm,) = book["categories"][0]["norms"]
    return norm


def facts(norm: dict) -> dict[str, list[str]]:
    return {fact["label"]: fact["lines"] for fact in norm["facts"]}


def test_a_norm_says_how_it_opens_what_it_promises_and_what_follows() -> None:
    assert facts(page()) == {
        "Opens": ["A lamp is out."],
        "Channels": ["Phone"],
        "Promise": ["It burns again."],
        "Commitments": ['A limit: 2 hours, measured at the end of "mend" (public commitment T-lamp.promise)'],
        "May pause": ["Weather: It storms."],
        "Escalates to": ["shift_leader"],
        "Call-back": ["Yes. Does it burn?"],
        "Survey": ["The customer is asked for one of five grades."],
    }


def test_what_a_norm_does_not_have_is_left_out_or_said_plainly() -> None:
    def bare(document: dict) -> None:
        document.update(commitments=[], pauses=[], survey=False, customer_classes=["residential"])
        document["call_back"]["needed"] = False

    said = facts(page(bare))

    assert "Commitments" not in said
    assert (said["May pause"], said["Survey"], said["Customers"]) == (["Never."], ["The customer is not asked."], ["residential"])
    assert said["Call-back"] == ["No. Does it burn?"]


def test_a_step_says_who_how_by_when_and_what_follows() -> None:
    accept, mend, confirm = page()["steps"]

    assert accept == {
        "number": 1,
        "name": "accept",
        "role": "Agent",
        "unit": "Centre",
        "assist": "",
        "standard": "Do it well.",
        "target": "accepted",
        "limit": [{"classes": "", "words": "10 minutes", "rules": ["T-lamp.accept"]}],
        "since_opened": False,
        "outcomes": [
            {"name": "sent", "back": False, "step": 2, "end": "", "success": False},
            {"name": "known", "back": False, "step": None, "end": "Told", "success": False},
        ],
    }
    assert mend["outcomes"][1] == {"name": "returned", "back": True, "step": 1, "end": "", "success": False}
    assert confirm["outcomes"][0] == {"name": "yes", "back": False, "step": None, "end": "Done", "success": True}


def test_the_book_speaks_the_language_asked_for() -> None:
    norm = page(language="zh")

    assert (norm["name"], facts(norm)["可以挂起"]) == ("Lamp out（中）", ["Weather：It storms.（中）"])
    assert facts(norm)["时限承诺"] == ["期限：2 小时，以“mend（中）”完成为准（公开承诺 T-lamp.promise）"]


def test_rules_that_promise_the_same_stand_on_one_line() -> None:
    (norm,) = [norm for norm in handbook_norms() if norm.slug == "planned_outage_notice"]
    book = handbook(norms=[norm], edition=edition(register=handbook_register()))
    said = facts(book["categories"][0]["norms"][0])["Commitments"]

    assert said == [
        (
            'Notice of a planned outage: at least 7 days, measured at the end of "Publish and notify" '
            "(statute R-208, statute R-217, public commitment R-103)"
        )
    ]


def test_the_book_has_its_norms_by_category_and_names_one_alone_on_the_title() -> None:
    whole = handbook(norms=handbook_norms(), edition=edition(register=handbook_register()))
    one = handbook(norms=handbook_norms()[:1], edition=edition(register=handbook_register()))

    assert [(part["number"], len(part["norms"])) for part in whole["categories"]] == [(number, 4) for number in range(1, 10)]
    assert (whole["subtitle"], one["subtitle"]) == ("36 work norms", "1.1 Sign-in and agent state")
    assert (whole["place"], whole["day"]) == ("China · State Grid", "2026-05-06")


@pytest.mark.parametrize(
    ("width", "height", "paper", "lying"),
    [(300, 400, "a4", False), (700, 300, "a4", True), (700, 900, "a3", False), (1100, 650, "a3", True), (3000, 2000, "a3", True)],
)
def test_a_diagram_gets_the_smallest_paper_on_which_it_can_be_read(width: int, height: int, paper: str, lying: bool) -> None:
    sheet = sheet_for(Picture("", width, height))

    assert (sheet["paper"], sheet["lying"]) == (paper, lying)
    (room,) = [one for one in PAPERS if one[:2] == (paper, lying)]
    assert sheet["width"] <= room[2] + 0.1
    assert sheet["width"] * height / width <= room[3] + 0.1


@pytest.mark.parametrize("norm", [pytest.param(norm, id=norm.id) for norm in handbook_norms()])
def test_no_diagram_is_too_small_to_read_on_its_sheet(norm: Norm) -> None:
    for language in ("zh", "en"):
        (part,) = handbook(norms=[norm], edition=edition(language, handbook_register()))["categories"]

        assert part["norms"][0]["sheet"]["scale"] > (0.6 if language == "zh" else 0.5)


# The press: it needs some Chinese font on this machine.


@pytest.fixture
def typeface():  # type: ignore[no-untyped-def]
    try:
        return find_typeface(own_folder=None)
    except FontMissing:
        pytest.skip("no Chinese font here; `make fonts` fetches one")


def test_the_press_makes_the_same_pdf_of_the_same_pages(typeface) -> None:  # type: ignore[no-untyped-def]
    pages = handbook(norms=handbook_norms()[:2], edition=edition("zh", handbook_register())) | {"font": typeface.family}

    first, second = (print_pages(pages=pages, typeface=typeface, day=DAY) for _ in range(2))

    assert first[:5] == b"%PDF-"
    assert first == second


def test_without_a_chinese_font_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FontMissing) as caught:
        find_typeface(own_folder=tmp_path, use_system=False, fetched=tmp_path / "none")

    told = caught.value.explain()
    assert [word for word in ("make fonts", "fonts-noto-cjk", "SHOUWEN_FONTS") if word not in told] == []


@pytest.mark.skipif(not FETCHED_FONTS.is_dir(), reason="`make fonts` has not been run here")
def test_the_folder_of_the_setting_goes_before_what_make_fonts_has_fetched(tmp_path: Path) -> None:
    regular = next(FETCHED_FONTS.rglob("*400Regular.ttf"))
    shutil.copy(regular, tmp_path)

    own = find_typeface(own_folder=tmp_path, use_system=False, fetched=tmp_path / "none")
    fetched = find_typeface(own_folder=None, use_system=False)

    assert (own.family, fetched.family) == ("Noto Sans SC", "Noto Sans SC")
    assert [Path(font.path or "").parent for font in own.fonts.fonts()] == [tmp_path]
    assert own.family in FAMILIES
