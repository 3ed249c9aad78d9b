"""Where the steps of a norm stand and how the ways between them run: one layout for the BPMN picture and the printed one.

The layout has two axes without a direction on paper: *along* is the order of the steps (``column``), *across* is the lane of the
role in its unit (``row``). Between columns and between lanes lie channels; a way runs through free cells or through channels, each way on
a track of its own, so that no way crosses a box. BPMN draws along to the right, the handbook's pages draw it downwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from shouwen.records.norms.rules.definition import Norm, Outcome, Step

Channel = tuple[str, int]  # ("between_columns", 3) lies after column 3; ("between_rows", 0) before lane 0


@dataclass(frozen=True, slots=True)
class Lane:
    """Who works in a lane: a role in a kind of unit."""

    role: str
    unit: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a step or an end: ``column`` in the order, ``row`` of the lane."""

    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Way:
    """One outcome of a step, as a line from the step to what comes next."""

    source: str
    outcome: Outcome

    @property
    def target(self) -> str:
        return self.outcome.next


@dataclass(frozen=True, slots=True)
class Plan:
    """The grid: lanes in the order in which they first act, a cell for each step and end, and the ways.

    A step stands in the lane of its role; an end has no role and stands near what leads to it.
    """

    lanes: tuple[Lane, ...]
    cells: Mapping[str, Cell]
    ways: tuple[Way, ...]

    @property
    def columns(self) -> int:
        return 1 + max(cell.column for cell in self.cells.values())


def plan(*, norm: Norm, end_shift: int = 0) -> Plan:
    """Return the grid of ``norm``; an end may stand ``end_shift`` lanes off the one that leads to it.

    Ways to nowhere are left out, so that an unsound norm can be drawn too.
    """
    lanes = tuple(dict.fromkeys(lane_of(step) for step in norm.steps))
    ways = tuple(
        Way(step.key, outcome)
        for step in norm.steps
        for outcome in step.outcomes
        if norm.is_step(outcome.next) or norm.is_end(outcome.next)
    )
    cells: dict[str, Cell] = {}
    for key in _in_order(norm, ways):
        row = lanes.index(lane_of(norm.step(key)))
        column = _first_column(_before(key, ways, cells))
        cells[key] = next(Cell(along, row) for along in count(column) if Cell(along, row) not in cells.values())
    for end in norm.ends:
        cells[end.key] = _free_cell(_before(end.key, ways, cells), cells, len(lanes), end_shift)
    return Plan(lanes=lanes, cells=cells, ways=ways)


def lane_of(step: Step) -> Lane:
    """Return the lane in which ``step`` is done."""
    return Lane(step.role, step.unit)


def _in_order(norm: Norm, ways: Sequence[Way]) -> list[str]:
    """Return the keys of the steps so that every way that is not a way back leads to a later one, as far as that can be."""
    waiting, done = [step.key for step in norm.steps], list[str]()
    while waiting:
        ready = [key for key in waiting if not any(way.source in waiting and _leads_on(way, key) for way in ways)]
        chosen = ready[0] if ready else waiting[0]
        waiting.remove(chosen)
        done.append(chosen)
    return done


def _leads_on(way: Way, key: str) -> bool:
    return way.target == key and not way.outcome.back and way.source != key


def _before(key: str, ways: Sequence[Way], cells: Mapping[str, Cell]) -> list[Cell]:
    return [cells[way.source] for way in ways if _leads_on(way, key) and way.source in cells]


def _first_column(before: Sequence[Cell]) -> int:
    return max((cell.column + 1 for cell in before), default=0)


def _free_cell(before: Sequence[Cell], cells: Mapping[str, Cell], rows: int, shift: int) -> Cell:
    """Return the free cell nearest to the last of what leads to an end: further lanes before further columns."""
    column, taken = _first_column(before), set(cells.values())
    own = max(before, key=lambda cell: cell.column).row if before else 0
    lanes = range(max(0, own - shift), min(rows, own + shift + 1))
    free = (Cell(column + later, row) for later in range(len(cells) + 1) for row in lanes)
    return min(
        (cell for cell in free if cell not in taken),
        key=lambda cell: (2 * (cell.column - column) + abs(cell.row - own), cell.column, cell.row),
    )


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes in points: of a box along and across, of the lane's header, of the room around lines."""

    box_along: int
    box_across: int
    header: int
    lead: int = 14
    track: int = 9
    fan: int = 0  # how far apart the ways leave a box; 0: all from the middle
    tail: int = 0  # what hangs on a box's end: a gateway, the outcomes
    label: int = 0  # room before each box for words on the lines that enter it
    spread: int = 16  # how far apart lines enter a box at most
    end_shift: int = 0  # by how many lanes an end may leave the lane of what leads to it


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: where it begins along and across, and its two sizes."""

    along: int
    across: int
    length: int
    breadth: int

    @property
    def middle(self) -> int:
        return self.across + self.breadth // 2


@dataclass(frozen=True, slots=True)
class Line:
    """A way as points (along, across), from the box it leaves to the box it enters."""

    way: Way
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in points: a box for each step and end, a band for each lane, a line for each way, the whole size."""

    plan: Plan
    boxes: Mapping[str, Box]
    bands: tuple[Box, ...]
    lines: tuple[Line, ...]
    length: int
    breadth: int


@dataclass(frozen=True, slots=True)
class _Route:
    """The channels a way runs through: ``first`` after its own column, ``lane`` between rows, ``last`` before the target."""

    way: Way
    first: int | None
    lane: int | None
    last: int | None

    def channels(self) -> Iterator[Channel]:
        if self.first is not None:
            yield ("between_columns", self.first)
        if self.lane is not None:
            yield ("between_rows", self.lane)
        if self.last is not None:
            yield ("between_columns", self.last)


@dataclass(slots=True)
class _Router:
    """Finds a route for each way: along a free row if there is one, else through the channel beside the target's lane."""

    plan: Plan
    taken: set[Cell] = field(default_factory=set)

    def routes(self) -> list[_Route]:
        self.taken = set(self.plan.cells.values())
        shortest_first = sorted(self.plan.ways, key=self._distance)
        return [self._route(way) for way in shortest_first]

    def _distance(self, way: Way) -> int:
        source, target = self.plan.cells[way.source], self.plan.cells[way.target]
        return abs(target.column - source.column) + (100 if target.column <= source.column else 0)

    def _route(self, way: Way) -> _Route:
        source, target = self.plan.cells[way.source], self.plan.cells[way.target]
        between = range(source.column + 1, target.column)
        if target.column > source.column:
            for row, crosses_first in ((target.row, True), (source.row, False)):
                cells = {Cell(column, row) for column in between}
                if not cells & self.taken:
                    self.taken |= cells
                    crossing = source.column if crosses_first else target.column - 1
                    return _Route(way, first=crossing, lane=None, last=None)
        lane = target.row + 1 if source.row > target.row else target.row
        return _Route(way, first=source.column, lane=lane, last=target.column - 1)


def lay_out(*, norm: Norm, measures: Measures) -> Layout:
    """Return the layout of ``norm`` in points; sizes grow with the number of ways that share a channel."""
    grid = plan(norm=norm, end_shift=measures.end_shift)
    routes = _Router(grid).routes()
    return _Geometry(norm, grid, measures, routes).layout()


class _Geometry:
    """Turns the grid and the routes into points."""

    def __init__(self, norm: Norm, grid: Plan, measures: Measures, routes: Sequence[_Route]) -> None:
        self.norm, self.grid, self.measures, self.routes = norm, grid, measures, routes
        self.tracks = self._tracks()
        self.column_starts = self._column_starts()
        self.row_starts = self._row_starts()
        self.boxes = {key: self._box(key, cell) for key, cell in grid.cells.items()}
        self.entries = self._entries()

    def layout(self) -> Layout:
        length = self.column_starts[-1]
        bands = tuple(
            Box(0, begin, length, end - begin) for begin, end in zip(self.row_starts, self.row_starts[1:], strict=False)
        )
        return Layout(
            plan=self.grid,
            boxes=self.boxes,
            bands=bands,
            lines=tuple(Line(route.way, self._points(route)) for route in self.routes),
            length=length,
            breadth=self.row_starts[-1],
        )

    def _tracks(self) -> dict[Channel, list[Way]]:
        tracks: dict[Channel, list[Way]] = defaultdict(list)
        for route in self.routes:
            for channel in route.channels():
                tracks[channel].append(route.way)
        return tracks

    def _room(self, channel: Channel) -> int:
        return self.measures.track * len(self.tracks.get(channel, ()))

    def _column_starts(self) -> list[int]:
        """Return where each column's boxes begin, and after the last one the whole length."""
        measures, starts = self.measures, list[int]()
        along = measures.header + measures.lead + self._room(("between_columns", -1))
        for column in range(self.grid.columns):
            along += measures.label
            starts.append(along)
            along += measures.box_along + measures.tail + 2 * measures.lead + self._room(("between_columns", column))
        return [*starts, along - measures.lead]

    def _row_starts(self) -> list[int]:
        """Return where each lane begins, and after the last one the whole breadth. A lane's first channel lies inside it."""
        measures, starts, across = self.measures, list[int](), 0
        for row in range(len(self.grid.lanes)):
            starts.append(across)
            across += measures.box_across + 2 * measures.lead + self._room(("between_rows", row))
        return [*starts, across + self._room(("between_rows", len(self.grid.lanes)))]

    def _box(self, key: str, cell: Cell) -> Box:
        measures = self.measures
        across = self.row_starts[cell.row] + self._room(("between_rows", cell.row)) + measures.lead
        return Box(self.column_starts[cell.column], across, measures.box_along, measures.box_across)

    def _entries(self) -> dict[Way, int]:
        """Return where across each way enters its target: side by side, in the order of where they come from."""
        arriving: dict[str, list[Way]] = defaultdict(list)
        for way in self.grid.ways:
            arriving[way.target].append(way)
        entries: dict[Way, int] = {}
        for target, ways in arriving.items():
            ways.sort(key=lambda way: (way.outcome.back, self.grid.cells[way.source].row, self._leaving(way)))
            spacing = min(self.measures.spread, self.boxes[target].breadth * 3 // 4 // len(ways))
            for index, way in enumerate(ways):
                entries[way] = self.boxes[target].middle + (2 * index - len(ways) + 1) * spacing // 2
        return entries

    def _leaving(self, way: Way) -> int:
        siblings = [one for one in self.grid.ways if one.source == way.source]
        return self.boxes[way.source].middle + (2 * siblings.index(way) - len(siblings) + 1) * self._fan(len(siblings)) // 2

    def _fan(self, siblings: int) -> int:
        return self.measures.box_across // siblings if self.measures.fan else 0

    def _points(self, route: _Route) -> tuple[tuple[int, int], ...]:
        way, measures = route.way, self.measures
        source, target = self.boxes[way.source], self.boxes[way.target]
        leaving, entering = self._leaving(way), self.entries[way]
        points = [(source.along + source.length + measures.tail, leaving)]
        if route.first is not None and route.lane is None and leaving != entering:
            crossing = self._along(route.first, way)
            points += [(crossing, leaving), (crossing, entering)]
        if route.first is not None and route.lane is not None and route.last is not None:
            first, lane, last = (
                self._along(route.first, way),
                self._across(route.lane, way),
                self._along(route.last, way, second=True),
            )
            points += [(first, leaving), (first, lane), (last, lane), (last, entering)]
        return (*points, (target.along, entering))

    def _along(self, column: int, way: Way, *, second: bool = False) -> int:
        """Return where along the track of ``way`` lies in the channel after ``column``."""
        ways = self.tracks["between_columns", column]
        index = len(ways) - 1 - ways[::-1].index(way) if second else ways.index(way)
        measures = self.measures
        begin = measures.header if column < 0 else self.column_starts[column] + measures.box_along + measures.tail
        return begin + self.measures.lead * 2 // 3 + self.measures.track * index + self.measures.track // 2

    def _across(self, row: int, way: Way) -> int:
        return self.row_starts[row] + self.measures.track * self.tracks["between_rows", row].index(way) + self.measures.track // 2
