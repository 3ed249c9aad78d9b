"""A norm as a picture: SVG with a lane for each role in its unit, boxes with their outcomes, and the ways between them.

The order runs downwards, so that a norm of a dozen steps and five roles fits a page at the size of its text. What a box can be
left by hangs on it as tabs, so that no word ever lies on a line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from shouwen.records.norms.rules.definition import Norm, Step
from shouwen.records.norms.rules.diagram import Box, Layout, Line, Measures, lay_out
from shouwen.records.norms.rules.labels import Labels

FONT = "Noto Sans SC"
BOX_WIDTHS, BOX_HEIGHT, HEADER = range(112, 401, 4), 40, 34
TAB_LINE, TAB_MARGIN = 7, 6
NAME, LIMIT, TAB, END = 8, 6.5, 6, 7  # sizes of text in points
ELLIPSIS = "…"
INK, PAPER, FRAME, SHADE, QUIET = "#1b2b3a", "#ffffff", "#3f6f8f", "#eef4f8", "#7d8b97"
GOOD, POOR, BACK = "#2e7d4f", "#8a6d3b", "#b3541e"


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG text and its size in points."""

    svg: str
    width: int
    height: int


def draw(*, norm: Norm, labels: Labels, font: str = FONT) -> Picture:
    """Return the picture of ``norm``; a code without a name in ``labels`` is shown as it is."""
    measures = measures_for(norm=norm, labels=labels)
    layout = lay_out(norm=norm, measures=measures)
    width, height = layout.breadth, layout.length
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(font)} fill="{INK}">',
        *_lanes(layout, labels),
        *(_line(line) for line in layout.lines),
        *(part for step in norm.steps for part in _step(norm, step, layout.boxes[step.key], measures.tail, labels)),
        *(part for end in norm.ends for part in _end(end.name.text(labels.language), end.success, layout.boxes[end.key])),
        "</svg>",
    ]
    return Picture("\n".join(parts), width, height)


def measures_for(*, norm: Norm, labels: Labels) -> Measures:
    """Return the sizes for one norm: boxes as narrow as they can be while no word is cut, with up to five lines in a tab."""
    tried = [(lines, _narrowest(norm, labels, lines)) for lines in (2, 3, 4, 5)]
    lines, width = min(tried, key=lambda one: (one[1] + 12 * one[0], one[0]))
    tail = TAB_LINE * lines + TAB_MARGIN
    return Measures(box_along=BOX_HEIGHT, box_across=width, header=HEADER, lead=11, track=7, fan=1, tail=tail, end_shift=9)


def _narrowest(norm: Norm, labels: Labels, lines: int) -> int:
    return next((width for width in BOX_WIDTHS if not any(_cut(norm, labels, width, lines))), 2 * BOX_WIDTHS[-1])


def _cut(norm: Norm, labels: Labels, width: int, lines: int) -> Iterator[bool]:
    """Yield for every text in a box whether it would be cut."""
    for step in norm.steps:
        yield _is_cut(_title(norm, step, labels), width - 10, NAME, 2)
        yield _is_cut(labels.limits.get(step.key, ""), width - 8, LIMIT, 1)
        for outcome in step.outcomes:
            yield _is_cut(outcome.name.text(labels.language), width / len(step.outcomes) - 3, TAB, lines)
    for end in norm.ends:
        yield _is_cut(end.name.text(labels.language), width - 30, END, 2)


def _is_cut(words: str, width: float, size: float, most: int) -> bool:
    return any(line.endswith(ELLIPSIS) for line in wrapped(words, width=width, size=size, most=most))


def _title(norm: Norm, step: Step, labels: Labels) -> str:
    return f"{norm.steps.index(step) + 1}  {step.name.text(labels.language)}"


def _lanes(layout: Layout, labels: Labels) -> Iterator[str]:
    for index, (band, lane) in enumerate(zip(layout.bands, layout.plan.lanes, strict=True)):
        shade = SHADE if index % 2 else "#f7fafc"
        yield f'<rect x="{band.across}" y="0" width="{band.breadth}" height="{layout.length}" fill="{shade}"/>'
        yield f'<rect x="{band.across}" y="0" width="{band.breadth}" height="{HEADER - 8}" fill="{FRAME}"/>'
        middle, width = band.across + band.breadth / 2, band.breadth - 6
        yield _text(middle, 11, clipped(labels.role(lane.role), width=width, size=8), size=8, fill=PAPER, weight=700)
        yield _text(middle, 21, clipped(labels.unit(lane.unit), width=width, size=6.5), size=6.5, fill=PAPER)


def _line(line: Line) -> str:
    colour, dash = (BACK, ' stroke-dasharray="4 2.5"') if line.way.outcome.back else (QUIET, "")
    points = " ".join(f"{across},{along}" for along, across in line.points)
    along, across = line.points[-1]
    head = f'<path d="M{across} {along} l-3 -6 h6 z" fill="{colour}"/>'
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="0.9" stroke-linejoin="round"{dash}/>{head}'


def _step(norm: Norm, step: Step, box: Box, tail: int, labels: Labels) -> Iterator[str]:
    x, y, width, height = box.across, box.along, box.breadth, box.length
    yield (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height + tail}" rx="3" fill="{PAPER}" '
        f'stroke="{FRAME}" stroke-width="1"/>'
    )
    limit = labels.limits.get(step.key, "")
    lines = wrapped(_title(norm, step, labels), width=width - 10, size=NAME, most=2)
    top = y + height / 2 - 5 * len(lines) - (4 if limit else 0) + 8
    for index, words in enumerate(lines):
        yield _text(x + width / 2, top + 10 * index, words, size=NAME, weight=700)
    if limit:
        yield _text(x + width / 2, y + height - 5, clipped(limit, width=width - 8, size=LIMIT), size=LIMIT, fill=FRAME)
    yield from _tabs(step, box, tail, labels.language)


def _tabs(step: Step, box: Box, tail: int, language: str) -> Iterator[str]:
    """What the step may end with, side by side under the box; each way leaves from the middle of its tab."""
    count = max(1, len(step.outcomes))
    width, top = box.breadth / count, box.along + box.length
    yield f'<path d="M{box.across} {top} h{box.breadth}" stroke="{FRAME}" stroke-width="0.5"/>'
    for index, outcome in enumerate(step.outcomes):
        left = box.across + width * index
        if index:
            yield f'<path d="M{left:g} {top} v{tail}" stroke="{FRAME}" stroke-width="0.5"/>'
        lines = wrapped(outcome.name.text(language), width=width - 3, size=TAB, most=tail // TAB_LINE)
        for number, words in enumerate(lines):
            height = top + tail / 2 + 2.2 + TAB_LINE * (number - (len(lines) - 1) / 2)
            yield _text(left + width / 2, height, words, size=TAB, fill=BACK if outcome.back else INK)


def _end(name: str, success: bool, box: Box) -> Iterator[str]:
    colour = GOOD if success else POOR
    height = box.length - 12
    yield (
        f'<rect x="{box.across + 8}" y="{box.along}" width="{box.breadth - 16}" height="{height}" rx="{height / 2:g}" '
        f'fill="{PAPER}" stroke="{colour}" stroke-width="2"/>'
    )
    lines = wrapped(name, width=box.breadth - 30, size=END, most=2)
    for index, words in enumerate(lines):
        yield _text(
            box.across + box.breadth / 2, box.along + height / 2 + 2.5 + 8.5 * index - 4.25 * (len(lines) - 1), words, size=END
        )


def _text(x: float, y: float, words: str, *, size: float, fill: str = INK, weight: int = 400) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="middle" fill="{fill}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )


def text_width(words: str, *, size: float) -> float:
    """Return about how wide ``words`` are: a Chinese character is as wide as high, a Latin one a little over half."""
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else size * 0.56 for sign in words)


def clipped(words: str, *, width: float, size: float) -> str:
    """Return ``words`` cut to ``width`` with an ellipsis if they are too wide."""
    if text_width(words, size=size) <= width:
        return words
    while words and text_width(words + ELLIPSIS, size=size) > width:
        words = words[:-1]
    return words.rstrip() + ELLIPSIS


def wrapped(words: str, *, width: float, size: float, most: int) -> list[str]:
    """Return ``words`` in at most ``most`` lines of ``width``; Latin words stay whole unless they are wider than a line."""
    lines = [""]
    for piece in _pieces(words):
        if lines[-1] and text_width((lines[-1] + piece).rstrip(), size=size) > width:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    kept = [line.rstrip() for line in lines[:most]]
    if len(lines) > most:
        kept[-1] += ELLIPSIS
    return [clipped(line, width=width, size=size) for line in kept if line]


def _pieces(words: str) -> Iterator[str]:
    """Yield what may not be broken: one Chinese character, or one Latin word with the blank after it."""
    piece = ""
    for sign in words:
        if unicodedata.east_asian_width(sign) in "WF":
            if piece:
                yield piece
            yield sign
            piece = ""
        elif sign == " ":
            yield piece + sign
            piece = ""
        else:
            piece += sign
    if piece:
        yield piece
