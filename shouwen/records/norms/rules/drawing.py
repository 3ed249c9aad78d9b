"""A norm as a picture: SVG with a lane for each role, boxes with their outcomes, and the ways between them.

The order runs downwards, so that a norm of a dozen steps and five roles fits a page at the size of its text. What a box can be
left by hangs on it as tabs, so that no word ever lies on a line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from shouwen.records.norms.rules.definition import Norm, Step
from shouwen.records.norms.rules.diagram import Box, Layout, Line, Measures, lay_out

FONT = "Noto Sans SC"
BOX_WIDTH, BOX_HEIGHT, TAB_HEIGHT, HEADER = 112, 40, 20, 26
MEASURES = Measures(box_along=BOX_HEIGHT, box_across=BOX_WIDTH, header=HEADER, lead=11, track=7, fan=1, tail=TAB_HEIGHT)
INK, PAPER, FRAME, SHADE, QUIET = "#1b2b3a", "#ffffff", "#3f6f8f", "#eef4f8", "#7d8b97"
GOOD, POOR, BACK = "#2e7d4f", "#8a6d3b", "#b3541e"


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG text and its size in points."""

    svg: str
    width: int
    height: int


def draw(*, norm: Norm, language: str, roles: Mapping[str, str], limits: Mapping[str, str]) -> Picture:
    """Return the picture of ``norm``; ``roles`` names the role codes, ``limits`` says each step's limit in a few characters."""
    layout = lay_out(norm=norm, measures=MEASURES)
    width, height = layout.breadth, layout.length
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" fill="{INK}">',
        *_lanes(layout, roles),
        *(_line(line) for line in layout.lines),
        *(part for step in norm.steps for part in _step(norm, step, layout.boxes[step.key], language, limits)),
        *(part for end in norm.ends for part in _end(end.name.text(language), end.success, layout.boxes[end.key])),
        "</svg>",
    ]
    return Picture("\n".join(parts), width, height)


def _lanes(layout: Layout, roles: Mapping[str, str]) -> Iterator[str]:
    for index, (band, role) in enumerate(zip(layout.bands, layout.plan.lanes, strict=True)):
        shade = SHADE if index % 2 else "#f7fafc"
        yield f'<rect x="{band.across}" y="0" width="{band.breadth}" height="{layout.length}" fill="{shade}"/>'
        yield f'<rect x="{band.across}" y="0" width="{band.breadth}" height="{HEADER - 8}" fill="{FRAME}"/>'
        yield _text(band.across + band.breadth / 2, 12, roles.get(role, role), size=8, fill=PAPER, weight=700)


def _line(line: Line) -> str:
    colour, dash = (BACK, ' stroke-dasharray="4 2.5"') if line.way.outcome.back else (QUIET, "")
    points = " ".join(f"{across},{along}" for along, across in line.points)
    along, across = line.points[-1]
    head = f'<path d="M{across} {along} l-3 -6 h6 z" fill="{colour}"/>'
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="0.9" stroke-linejoin="round"{dash}/>{head}'


def _step(norm: Norm, step: Step, box: Box, language: str, limits: Mapping[str, str]) -> Iterator[str]:
    x, y, width, height = box.across, box.along, box.breadth, box.length
    yield (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height + TAB_HEIGHT}" rx="3" fill="{PAPER}" '
        f'stroke="{FRAME}" stroke-width="1"/>'
    )
    name = f"{norm.steps.index(step) + 1}  {step.name.text(language)}"
    limit = limits.get(step.key, "")
    lines = wrapped(name, width=width - 10, size=8, most=2)
    top = y + height / 2 - 5 * len(lines) - (4 if limit else 0) + 8
    for index, words in enumerate(lines):
        yield _text(x + width / 2, top + 10 * index, words, size=8, weight=700)
    if limit:
        yield _text(x + width / 2, y + height - 5, clipped(limit, width=width - 8, size=6.5), size=6.5, fill=FRAME)
    yield from _tabs(step, box, language)


def _tabs(step: Step, box: Box, language: str) -> Iterator[str]:
    """What the step may end with, side by side under the box; each way leaves from the middle of its tab."""
    count = max(1, len(step.outcomes))
    width, top = box.breadth / count, box.along + box.length
    yield f'<path d="M{box.across} {top} h{box.breadth}" stroke="{FRAME}" stroke-width="0.5"/>'
    for index, outcome in enumerate(step.outcomes):
        left = box.across + width * index
        if index:
            yield f'<path d="M{left:g} {top} v{TAB_HEIGHT}" stroke="{FRAME}" stroke-width="0.5"/>'
        lines = wrapped(outcome.name.text(language), width=width - 3, size=6, most=2)
        for number, words in enumerate(lines):
            height = top + TAB_HEIGHT / 2 + 2.2 + 7 * number - 3.5 * (len(lines) - 1)
            yield _text(left + width / 2, height, words, size=6, fill=BACK if outcome.back else INK)


def _end(name: str, success: bool, box: Box) -> Iterator[str]:
    colour = GOOD if success else POOR
    height = box.length - 12
    yield (
        f'<rect x="{box.across + 8}" y="{box.along}" width="{box.breadth - 16}" height="{height}" rx="{height / 2:g}" '
        f'fill="{PAPER}" stroke="{colour}" stroke-width="2"/>'
    )
    lines = wrapped(name, width=box.breadth - 30, size=7, most=2)
    for index, words in enumerate(lines):
        yield _text(
            box.across + box.breadth / 2, box.along + height / 2 + 2.5 + 8.5 * index - 4.25 * (len(lines) - 1), words, size=7
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
    while words and text_width(words + "…", size=size) > width:
        words = words[:-1]
    return words.rstrip() + "…"


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
        kept[-1] += "…"
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
