"""A norm as BPMN 2.0: one process, a lane for each role in its unit, and the picture of it, so that any BPMN tool opens it.

Every step is a user task. Where it can end in several ways an exclusive gateway follows, whose flows ask for the variable
``outcome``. The picture (BPMNDI) comes from ``diagram``: lanes are rows, the order runs to the right; sizes are in points.
What BPMN has no word for (limit, target, assisting units, whether an end is a success) stands in extension elements of our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isqrt
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from shouwen.records.norms.rules.definition import Norm, Step
from shouwen.records.norms.rules.diagram import Box, Layout, Line, Measures, Way, lane_of, lay_out
from shouwen.records.norms.rules.drawing import wrapped
from shouwen.records.norms.rules.labels import Labels

NAMESPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "shouwen": "urn:shouwen:norms",
}
OUTCOME = "outcome"  # the variable that every gateway asks for
# Keys hold no hyphen, so that these ids meet no step and no end.
START, FIRST_FLOW, POOL = "start-event", "flow-start", "pool"

POOL_HEADER = LANE_HEADER = 30
EVENT, GATEWAY, GAP = 36, 40, 20
LABEL_WIDTH, LABEL_SIZE, LINE_HEIGHT = 90, 11, 14
START_ROOM = EVENT + 20
BOX_LENGTH, LOWEST_BOX, ENTRY = 120, 80, 28  # a line that enters a box has room for two lines of words

for _prefix, _address in NAMESPACES.items():
    ElementTree.register_namespace(_prefix, _address)


def export(*, norm: Norm, labels: Labels) -> str:
    """Return the BPMN 2.0 text of a sound norm, names and standards in the language of ``labels``."""
    layout = lay_out(norm=norm, measures=measures_for(norm=norm))
    root = Element(
        _name("bpmn:definitions"),
        {"id": f"definitions-{norm.slug}", "targetNamespace": NAMESPACES["shouwen"], "exporter": "Shouwen"},
    )
    collaboration = _add(root, "bpmn:collaboration", id="collaboration")
    title = f"{norm.id} {norm.name.text(labels.language)}"
    _add(collaboration, "bpmn:participant", id=POOL, name=title, processRef=process_id(norm))
    _process(root, norm, layout, labels)
    _picture(root, norm, layout, labels)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def measures_for(*, norm: Norm) -> Measures:
    """Return the sizes for one norm: boxes are so high that the words of all lines that enter one find room."""
    arriving = Counter(outcome.next for step in norm.steps for outcome in step.outcomes)
    return Measures(
        box_along=BOX_LENGTH,
        box_across=max(LOWEST_BOX, ENTRY * max(arriving.values(), default=0) * 4 // 3),
        header=POOL_HEADER + LANE_HEADER + START_ROOM,
        tail=GAP + GATEWAY,
        label=LABEL_WIDTH + 6,
        spread=ENTRY,
    )


def process_id(norm: Norm) -> str:
    """Return the id of the norm's process."""
    return f"process-{norm.slug}"


def gateway_id(step: Step) -> str | None:
    """Return the id of the gateway behind ``step``; None when it can end in one way only."""
    return f"gateway-{step.key}" if len(step.outcomes) > 1 else None


def _process(root: Element, norm: Norm, layout: Layout, labels: Labels) -> None:
    process = _add(root, "bpmn:process", id=process_id(norm), name=norm.name.text(labels.language), isExecutable="true")
    _document(process, norm.purpose.text(labels.language))
    version = _add(_add(process, "bpmn:extensionElements"), "shouwen:norm", code=norm.id, version=str(norm.version))
    version.set("effectiveFrom", norm.effective_from.isoformat())
    version.set("digest", norm.digest)
    _lanes(process, norm, layout, labels)
    start = _add(process, "bpmn:startEvent", id=START, name=labels.text("受理来件", "Opened"))
    _document(start, norm.opens_when.text(labels.language))
    _flows_of(start, outgoing=[FIRST_FLOW])
    for step in norm.steps:
        _task(process, norm, step, layout, labels)
    for end in norm.ends:
        event = _add(process, "bpmn:endEvent", id=end.key, name=end.name.text(labels.language))
        _add(_add(event, "bpmn:extensionElements"), "shouwen:end", success=str(end.success).lower())
        _flows_of(event, incoming=_arriving(layout, end.key))
    _flow(process, FIRST_FLOW, START, norm.first.key)
    for way in layout.plan.ways:
        _way(process, norm.step(way.source), way, labels)


def _lanes(process: Element, norm: Norm, layout: Layout, labels: Labels) -> None:
    lane_set = _add(process, "bpmn:laneSet", id="lanes")
    for row, lane in enumerate(layout.plan.lanes):
        element = _add(lane_set, "bpmn:lane", id=_lane_id(row), name=labels.lane(lane))
        members = [START] if lane == lane_of(norm.first) else []
        for key, cell in layout.plan.cells.items():
            if cell.row == row:
                gateway = gateway_id(norm.step(key)) if norm.is_step(key) else None
                members += [key, gateway] if gateway else [key]
        for member in members:
            _add(element, "bpmn:flowNodeRef").text = member


def _lane_id(row: int) -> str:
    return f"lane-{row + 1}"


def _task(process: Element, norm: Norm, step: Step, layout: Layout, labels: Labels) -> None:
    task = _add(process, "bpmn:userTask", id=step.key, name=step.name.text(labels.language))
    _document(task, _documentation(step, labels))
    ours = _add(task, "bpmn:extensionElements")
    _add(ours, "shouwen:limit", policy=step.limit.policy, since=step.limit.since, target=step.target)
    for unit in step.assist:
        _add(ours, "shouwen:assist", unit=unit)
    begun = [FIRST_FLOW] if step is norm.first else []
    leaving = [_flow_id(way) for way in layout.plan.ways if way.source == step.key]
    gateway = gateway_id(step)
    deciding = [f"flow-to-{gateway}"] if gateway else []
    _flows_of(task, incoming=[*begun, *_arriving(layout, step.key)], outgoing=deciding or leaving)
    if gateway:
        choice = _add(process, "bpmn:exclusiveGateway", id=gateway, gatewayDirection="Diverging")
        _flows_of(choice, incoming=deciding, outgoing=leaving)
        _flow(process, deciding[0], step.key, gateway)


def _documentation(step: Step, labels: Labels) -> str:
    """Return the standard and the policy that limits the step; the figure itself stays in the register."""
    since = (
        labels.text("自受理起", "since the opening")
        if step.limit.since == "opened"
        else labels.text("自本步骤起", "since the step")
    )
    limit = labels.text(f"时限规则：{step.limit.policy}（{since}）", f"Limit by policy: {step.limit.policy} ({since})")
    lines = [step.standard.text(labels.language), limit]
    if step.assist:
        assist = labels.text("、", ", ").join(labels.unit(code) for code in step.assist)
        lines.append(labels.text("协助：", "Assisting: ") + assist)
    return "\n".join(lines)


def _way(process: Element, step: Step, way: Way, labels: Labels) -> None:
    flow = _flow(process, _flow_id(way), gateway_id(step) or step.key, way.target)
    flow.set("name", way.outcome.name.text(labels.language))
    if way.outcome.back:
        _add(_add(flow, "bpmn:extensionElements"), "shouwen:back")
    if gateway_id(step):
        condition = _add(flow, "bpmn:conditionExpression")
        condition.set(_name("xsi:type"), "bpmn:tFormalExpression")
        condition.text = f"{OUTCOME} == '{way.outcome.key}'"


def _flow(process: Element, flow_id: str, source: str, target: str) -> Element:
    return _add(process, "bpmn:sequenceFlow", id=flow_id, sourceRef=source, targetRef=target)


def _flow_id(way: Way) -> str:
    return f"flow-{way.source}-{way.outcome.key}"


def _arriving(layout: Layout, key: str) -> list[str]:
    return [_flow_id(way) for way in layout.plan.ways if way.target == key]


def _flows_of(node: Element, *, incoming: Iterable[str] = (), outgoing: Iterable[str] = ()) -> None:
    for name, flows in (("bpmn:incoming", incoming), ("bpmn:outgoing", outgoing)):
        for flow in flows:
            _add(node, name).text = flow


def _document(node: Element, text: str) -> None:
    _add(node, "bpmn:documentation").text = text


# The picture.


def _picture(root: Element, norm: Norm, layout: Layout, labels: Labels) -> None:
    diagram = _add(root, "bpmndi:BPMNDiagram", id="diagram")
    plane = _add(diagram, "bpmndi:BPMNPlane", id="plane", bpmnElement="collaboration")
    _shape(plane, POOL, Box(0, 0, layout.length, layout.breadth)).set("isHorizontal", "true")
    for row, band in enumerate(layout.bands):
        bounds = Box(POOL_HEADER, band.across, layout.length - POOL_HEADER, band.breadth)
        _shape(plane, _lane_id(row), bounds).set("isHorizontal", "true")
    for step in norm.steps:
        box = layout.boxes[step.key]
        _shape(plane, step.key, box)
        if gateway := gateway_id(step):
            _shape(plane, gateway, _gateway_box(box)).set("isMarkerVisible", "true")
            _edge(plane, f"flow-to-{gateway}", [(_far(box), box.middle), (_far(box) + GAP, box.middle)])
    for end in norm.ends:
        event = _event_box(layout.boxes[end.key])
        beside = Box(_far(event) + 4, event.middle - LINE_HEIGHT, LABEL_WIDTH, 2 * LINE_HEIGHT)
        _label(_shape(plane, end.key, event), beside)
    _start(plane, norm, layout)
    for line in layout.lines:
        _line(plane, norm, line, layout.boxes, labels)


def _start(plane: Element, norm: Norm, layout: Layout) -> None:
    box = layout.boxes[norm.first.key]
    across = _free_entry(box, [line.points[-1][1] for line in layout.lines if line.way.target == norm.first.key])
    event = Box(POOL_HEADER + LANE_HEADER + 10, across - EVENT // 2, EVENT, EVENT)
    _label(_shape(plane, START, event), Box(event.along - 8, _below(event), START_ROOM - 4, 2 * LINE_HEIGHT))
    _edge(plane, FIRST_FLOW, [(_far(event), across), (box.along, across)])


def _free_entry(box: Box, taken: Sequence[int]) -> int:
    """Return where across the way from the start enters ``box``: near the middle, on no other line."""
    nearby = (box.middle + sign * distance for distance in range(0, box.breadth // 2, 7) for sign in (1, -1))
    return next((across for across in nearby if all(abs(across - other) >= 7 for other in taken)), box.middle)


def _line(plane: Element, norm: Norm, line: Line, boxes: Mapping[str, Box], labels: Labels) -> None:
    """Draw one way: from the gateway or the task itself to the target, its words before the arrow's head."""
    way, points = line.way, list(line.points)
    if gateway_id(norm.step(way.source)) is None:
        points[0] = (_far(boxes[way.source]), points[0][1])
    along, across = points[-1]
    if norm.is_end(way.target):
        points += _onto_circle(_event_box(boxes[way.target]), across)
    lines = wrapped(way.outcome.name.text(labels.language), width=LABEL_WIDTH, size=LABEL_SIZE, most=3)
    breadth = LINE_HEIGHT * len(lines)
    _label(_edge(plane, _flow_id(way), points), Box(along - LABEL_WIDTH - 3, across - breadth, LABEL_WIDTH, breadth))


def _onto_circle(event: Box, across: int) -> list[tuple[int, int]]:
    """Return the last points of a line that comes in beside the middle of an event."""
    radius, off = event.breadth // 2, across - event.middle
    if abs(off) < radius - 4:
        return [(event.along + radius - isqrt(radius * radius - off * off), across)]
    slanting = isqrt(radius * radius // 2)
    return [(event.along - 8, across), (event.along + radius - slanting, event.middle + (slanting if off > 0 else -slanting))]


def _gateway_box(task: Box) -> Box:
    return Box(_far(task) + GAP, task.middle - GATEWAY // 2, GATEWAY, GATEWAY)


def _event_box(box: Box) -> Box:
    return Box(box.along + (box.length - EVENT) // 2, box.middle - EVENT // 2, EVENT, EVENT)


def _far(box: Box) -> int:
    return box.along + box.length


def _below(box: Box) -> int:
    return box.across + box.breadth + 2


def _shape(plane: Element, element_id: str, box: Box) -> Element:
    shape = _add(plane, "bpmndi:BPMNShape", id=f"shape-{element_id}", bpmnElement=element_id)
    _bounds(shape, box)
    return shape


def _edge(plane: Element, flow_id: str, points: Sequence[tuple[int, int]]) -> Element:
    edge = _add(plane, "bpmndi:BPMNEdge", id=f"edge-{flow_id}", bpmnElement=flow_id)
    for along, across in points:
        _add(edge, "di:waypoint", x=str(along), y=str(across))
    return edge


def _label(owner: Element, box: Box) -> None:
    _bounds(_add(owner, "bpmndi:BPMNLabel"), box)


def _bounds(owner: Element, box: Box) -> None:
    sizes = {"x": box.along, "y": box.across, "width": box.length, "height": box.breadth}
    _add(owner, "dc:Bounds", **{name: str(size) for name, size in sizes.items()})


def _add(parent: Element, name: str, /, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, _name(name), attributes)


def _name(prefixed: str) -> str:
    prefix, _, name = prefixed.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"
