"""Properties of every picture: nothing overlaps, nothing leaves its lane, no line runs through a box, no word is cut."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from shouwen.records.norms.rules import bpmn
from shouwen.records.norms.rules.definition import Norm, parse_norm
from shouwen.records.norms.rules.diagram import Box, Cell, Lane, Layout, Measures, lane_of, lay_out, plan
from shouwen.records.norms.rules.drawing import ELLIPSIS, clipped, draw, measures_for, text_width, wrapped
from shouwen.records.norms.rules.labels import Labels
from shouwen.records.norms.tests.factories import handbook_norms, lamp, outcome

LANGUAGES = ("zh", "en")
NORMS = [pytest.param(norm, id=norm.id) for norm in handbook_norms()]


def layouts(norm: Norm) -> list[tuple[Layout, Measures]]:
    sizes = [bpmn.measures_for(norm=norm), *(measures_for(norm=norm, labels=Labels(language)) for language in LANGUAGES)]
    return [(lay_out(norm=norm, measures=measures), measures) for measures in sizes]


def whole(box: Box, tail: int) -> Box:
    """Return the box with what hangs on it."""
    return Box(box.along, box.across, box.length + tail, box.breadth)


def touch(one: Box, other: Box) -> bool:
    return (
        one.along < other.along + other.length
        and other.along < one.along + one.length
        and one.across < other.across + other.breadth
        and other.across < one.across + one.breadth
    )


def stretch(first: tuple[int, int], second: tuple[int, int]) -> Box:
    (along, across), (along2, across2) = sorted((first, second))
    return Box(along, min(across, across2), max(1, along2 - along), max(1, abs(across2 - across)))


@pytest.mark.parametrize("norm", NORMS)
def test_no_two_boxes_overlap(norm: Norm) -> None:
    for layout, measures in layouts(norm):
        boxes = [whole(box, measures.tail) for box in layout.boxes.values()]

        assert [(one, other) for one, other in combinations(boxes, 2) if touch(one, other)] == []


@pytest.mark.parametrize("norm", NORMS)
def test_every_step_stands_in_the_lane_of_its_role_and_the_lanes_fill_the_picture(norm: Norm) -> None:
    for layout, measures in layouts(norm):
        lanes = layout.plan.lanes
        assert len(layout.bands) == len(lanes) == len(set(lanes))
        for key, box in layout.boxes.items():
            cell = layout.plan.cells[key]
            band = layout.bands[cell.row]
            assert band.across < box.across < box.across + box.breadth < band.across + band.breadth
            assert measures.header < box.along < box.along + box.length <= layout.length
            if norm.is_step(key):
                assert lanes[cell.row] == lane_of(norm.step(key))
        edges = [0, *(band.across + band.breadth for band in layout.bands)]
        assert [band.across for band in layout.bands] == edges[:-1]
        assert edges[-1] == layout.breadth


@pytest.mark.parametrize("norm", NORMS)
def test_every_outcome_is_a_line_of_straight_angles_that_runs_through_no_box(norm: Norm) -> None:
    for layout, measures in layouts(norm):
        drawn = sorted((line.way.source, line.way.outcome.key) for line in layout.lines)
        assert drawn == sorted((step.key, one.key) for step in norm.steps for one in step.outcomes)
        for line in layout.lines:
            for first, second in zip(line.points, line.points[1:], strict=False):
                assert first[0] == second[0] or first[1] == second[1]
                crossed = {key for key, box in layout.boxes.items() if touch(stretch(first, second), whole(box, measures.tail))}
                assert crossed - {line.way.target} == set()


@pytest.mark.parametrize("norm", NORMS)
def test_no_line_leaves_the_picture_and_no_two_enter_a_box_at_one_point(norm: Norm) -> None:
    for layout, _ in layouts(norm):
        points = [point for line in layout.lines for point in line.points]
        assert all(0 < along < layout.length and 0 < across < layout.breadth for along, across in points)
        entries = [(line.way.target, line.points[-1]) for line in layout.lines]
        assert len(set(entries)) == len(entries)
        for target, (along, across) in entries:
            box = layout.boxes[target]
            assert along == box.along
            assert box.across < across < box.across + box.breadth


@pytest.mark.parametrize("norm", NORMS)
def test_every_way_that_is_not_back_leads_on(norm: Norm) -> None:
    grid = plan(norm=norm)

    assert [
        way for way in grid.ways if not way.outcome.back and grid.cells[way.target].column <= grid.cells[way.source].column
    ] == []


def test_the_small_norm_is_planned_as_one_would_draw_it() -> None:
    grid = plan(norm=parse_norm(lamp()))

    assert grid.lanes == (
        Lane("agent", "service_centre"),
        Lane("crew_leader", "repair_team"),
        Lane("call_back_agent", "service_centre"),
    )
    assert grid.cells == {
        "accept": Cell(0, 0),
        "mend": Cell(1, 1),
        "confirm": Cell(2, 2),
        "end_done": Cell(3, 2),
        "end_told": Cell(1, 0),
    }


def test_the_same_role_in_another_unit_has_a_lane_of_its_own() -> None:
    norm = parse_norm(lamp(lambda document: document["steps"][2].update(role="agent", unit="business_hall")))

    assert plan(norm=norm).lanes[2] == Lane("agent", "business_hall")


def test_an_unsound_norm_is_drawn_without_its_ways_to_nowhere() -> None:
    norm = parse_norm(lamp(lambda document: document["steps"][0]["outcomes"].append(outcome("lost", "nowhere"))))

    assert "nowhere" not in {way.target for way in plan(norm=norm).ways}
    assert draw(norm=norm, labels=Labels("en")).svg.startswith("<svg")


@pytest.mark.parametrize("norm", NORMS)
def test_the_picture_says_every_word_whole_in_both_languages(norm: Norm) -> None:
    for language in LANGUAGES:
        picture = draw(norm=norm, labels=Labels(language))
        root = ElementTree.fromstring(picture.svg)
        texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
        said = "".join("".join(texts).split())

        assert [text for text in texts if text.endswith(ELLIPSIS)] == []
        wanted = [one.name.text(language) for step in norm.steps for one in (step, *step.outcomes)]
        wanted += [end.name.text(language) for end in norm.ends]
        assert [words for words in wanted if "".join(words.split()) not in said] == []


def test_names_and_limits_are_shown_and_strange_signs_are_safe() -> None:
    norm = parse_norm(lamp(lambda document: document["steps"][0]["name"].update(en="Take & <look>")))
    labels = Labels("en", roles={"agent": "Agent"}, units={"service_centre": "Centre"}, limits={"accept": "10 minutes"})

    picture = draw(norm=norm, labels=labels, font='A "font"')

    root = ElementTree.fromstring(picture.svg)
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"1  Take & <look>", "Agent", "Centre", "10 minutes", "crew_leader"} <= set(texts)
    assert (root.get("font-family"), root.get("width"), root.get("height")) == (
        'A "font"',
        str(picture.width),
        str(picture.height),
    )


def test_lines_are_broken_between_chinese_signs_and_between_latin_words() -> None:
    assert wrapped("一二三四五六", width=24, size=8, most=2) == ["一二三", "四五六"]
    assert wrapped("call the customer", width=45, size=8, most=2) == ["call the", "customer"]
    assert wrapped("一二三四五六七", width=24, size=8, most=2) == ["一二三", "四五…"]
    assert wrapped("", width=24, size=8, most=2) == []
    assert clipped("一二三四", width=24, size=8) == "一二…"
    assert text_width("一a", size=10) == pytest.approx(15.6)
