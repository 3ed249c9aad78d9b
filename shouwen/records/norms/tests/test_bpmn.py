"""The export against a public BPMN engine (SpiffWorkflow as oracle), and against the rules of the format itself."""

from __future__ import annotations

from collections import Counter
from functools import cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from shouwen.records.norms.rules.bpmn import NAMESPACES, OUTCOME, export, gateway_id, process_id
from shouwen.records.norms.rules.definition import Norm, parse_norm
from shouwen.records.norms.rules.diagram import lane_of, plan
from shouwen.records.norms.rules.labels import Labels
from shouwen.records.norms.tests.factories import handbook_norms, lamp, outcome

LABELS = Labels("en")
NORMS = [pytest.param(norm, id=norm.id) for norm in handbook_norms()]
NODES = ("startEvent", "userTask", "exclusiveGateway", "endEvent")
LONGEST_WALK = 60


@cache
def exported(norm: Norm) -> Element:
    return ElementTree.fromstring(export(norm=norm, labels=LABELS))


def every(root: Element, name: str) -> list[Element]:
    prefix, _, tag = name.partition(":")
    return list(root.iter(f"{{{NAMESPACES[prefix]}}}{tag}"))


# The oracle.


@cache
def process_of(norm: Norm) -> BpmnProcessSpec:
    parser = BpmnParser()
    parser.add_bpmn_str(export(norm=norm, labels=LABELS).encode())
    return parser.get_spec(process_id(norm))


def waiting(workflow: BpmnWorkflow) -> list[Task]:
    """Return the tasks that somebody has to do now."""
    workflow.do_engine_steps()
    return workflow.get_tasks(state=TaskState.READY, manual=True)


def walk_together(norm: Norm, choices: list[int]) -> list[str]:
    """Walk through a norm and its export side by side; return the steps done. Each choice picks one of the outcomes."""
    workflow, here, done = BpmnWorkflow(process_of(norm)), norm.first.key, []
    for choice in choices:
        (task,) = waiting(workflow)
        step = norm.step(here)
        assert (task.task_spec.bpmn_id, task.task_spec.bpmn_name) == (here, step.name.en)
        assert task.task_spec.lane == LABELS.lane(lane_of(step))
        chosen = step.outcomes[choice % len(step.outcomes)]
        task.data[OUTCOME] = chosen.key
        task.run()
        done.append(here)
        here = chosen.next
        if norm.is_end(here):
            assert waiting(workflow) == []
            assert workflow.is_completed()
            reached = {one.task_spec.bpmn_id for one in workflow.get_tasks(state=TaskState.COMPLETED)}
            assert {end.key for end in norm.ends} & reached == {here}
            return done
    assert [task.task_spec.bpmn_id for task in waiting(workflow)] == [here]
    return done


def shortest_choices(norm: Norm) -> dict[str, list[int]]:
    """Return for each step the choices that lead to it soonest."""
    known, queue = {norm.first.key: list[int]()}, [norm.first.key]
    for key in queue:
        for index, one in enumerate(norm.step(key).outcomes):
            if norm.is_step(one.next) and one.next not in known:
                known[one.next] = [*known[key], index]
                queue.append(one.next)
    return known


@pytest.mark.parametrize("norm", NORMS)
def test_every_outcome_of_every_step_leads_in_the_oracle_where_it_leads_here(norm: Norm) -> None:
    for key, choices in shortest_choices(norm).items():
        for index in range(len(norm.step(key).outcomes)):
            assert walk_together(norm, [*choices, index])[-1] == key


@settings(max_examples=150, deadline=None)
@given(norm=st.sampled_from(handbook_norms()), choices=st.lists(st.integers(0, 11), min_size=1, max_size=LONGEST_WALK))
def test_a_random_walk_meets_the_same_steps_in_both(norm: Norm, choices: list[int]) -> None:
    assert walk_together(norm, choices)[0] == norm.first.key


# The format.


@pytest.mark.parametrize("norm", NORMS)
def test_every_id_is_used_once_and_every_reference_has_its_target(norm: Norm) -> None:
    root = exported(norm)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    nodes = {element.get("id") for name in NODES for element in every(root, f"bpmn:{name}")}
    flows = {element.get("id"): element for element in every(root, "bpmn:sequenceFlow")}
    ends = {end for flow in flows.values() for end in (flow.get("sourceRef"), flow.get("targetRef"))}
    assert ends == nodes
    for name in ("incoming", "outgoing"):
        end = "targetRef" if name == "incoming" else "sourceRef"
        told = {(node.get("id"), flow.text) for node in root.iter() for flow in node.findall(f"bpmn:{name}", NAMESPACES)}
        assert told == {(flow.get(end), key) for key, flow in flows.items()}
    assert Counter(ref.text for ref in every(root, "bpmn:flowNodeRef")) == Counter(nodes)
    assert [one.get("processRef") for one in every(root, "bpmn:participant")] == [process_id(norm)]


@pytest.mark.parametrize("norm", NORMS)
def test_the_process_holds_just_the_norm(norm: Norm) -> None:
    root = exported(norm)
    tasks = {task.get("id"): task for task in every(root, "bpmn:userTask")}
    assert list(tasks) == [step.key for step in norm.steps]
    assert [end.get("id") for end in every(root, "bpmn:endEvent")] == [end.key for end in norm.ends]
    gateways = [gateway for step in norm.steps if (gateway := gateway_id(step))]
    assert [one.get("id") for one in every(root, "bpmn:exclusiveGateway")] == gateways
    flows = {flow.get("id"): flow for flow in every(root, "bpmn:sequenceFlow")}
    for step in norm.steps:
        assert (tasks[step.key].findtext("bpmn:documentation", "", NAMESPACES)).startswith(step.standard.en)
        for one in step.outcomes:
            flow = flows[f"flow-{step.key}-{one.key}"]
            condition = f"outcome == '{one.key}'" if gateway_id(step) else None
            assert (flow.get("targetRef"), flow.get("name")) == (one.next, one.name.en)
            assert flow.findtext("bpmn:conditionExpression", None, NAMESPACES) == condition
            assert (flow.find("bpmn:extensionElements/shouwen:back", NAMESPACES) is not None) == one.back
    assert len(flows) == 1 + len(gateways) + sum(len(step.outcomes) for step in norm.steps)


@pytest.mark.parametrize("norm", NORMS)
def test_every_element_is_drawn_and_no_shape_lies_outside_its_lane(norm: Norm) -> None:
    root = exported(norm)
    shapes = {shape.get("bpmnElement"): bounds(shape) for shape in every(root, "bpmndi:BPMNShape")}
    edges = {edge.get("bpmnElement"): waypoints(edge) for edge in every(root, "bpmndi:BPMNEdge")}
    flows = every(root, "bpmn:sequenceFlow")
    lanes = every(root, "bpmn:lane")
    nodes = {ref.text: lane.get("id") for lane in lanes for ref in every(lane, "bpmn:flowNodeRef")}
    assert set(shapes) == {"pool", *(lane.get("id") for lane in lanes), *nodes}
    assert all(min(width, height) > 0 for _, _, width, height in shapes.values())
    assert set(edges) == {flow.get("id") for flow in flows}
    assert [lane.get("id") for lane in lanes if not inside(shapes[lane.get("id")], shapes["pool"])] == []
    assert [node for node, lane in nodes.items() if not inside(shapes[node], shapes[lane])] == []
    for flow in flows:
        first, *_, last = edges[flow.get("id")]
        assert touches(first, shapes[flow.get("sourceRef")])
        assert touches(last, shapes[flow.get("targetRef")])
        assert all(contains(shapes["pool"], point) for point in edges[flow.get("id")])


def bounds(shape: Element) -> tuple[int, int, int, int]:
    box = shape.find("dc:Bounds", NAMESPACES)
    assert box is not None
    return tuple(int(box.attrib[name]) for name in ("x", "y", "width", "height"))  # type: ignore[return-value]


def waypoints(edge: Element) -> list[tuple[int, int]]:
    return [(int(point.attrib["x"]), int(point.attrib["y"])) for point in edge.findall("di:waypoint", NAMESPACES)]


def inside(inner: tuple[int, int, int, int], outer: tuple[int, int, int, int]) -> bool:
    x, y, width, height = inner
    return contains(outer, (x, y)) and contains(outer, (x + width, y + height))


def contains(box: tuple[int, int, int, int], point: tuple[int, int]) -> bool:
    x, y, width, height = box
    return x <= point[0] <= x + width and y <= point[1] <= y + height


def touches(point: tuple[int, int], box: tuple[int, int, int, int]) -> bool:
    x, y, width, height = box
    return contains((x - 1, y - 1, width + 2, height + 2), point)


# What it says.


def test_the_export_names_norm_version_and_digest_and_keeps_figures_out() -> None:
    norm = parse_norm(lamp(lambda document: document["steps"][1].update(assist=["dispatch_centre"])))

    text = export(norm=norm, labels=Labels("zh", roles={"crew_leader": "抢修班长"}, units={"repair_team": "抢修班"}))

    root = ElementTree.fromstring(text)
    (ours,) = every(root, "shouwen:norm")
    assert ours.attrib == {"code": "6.9", "version": "1", "effectiveFrom": "2026-01-01", "digest": norm.digest}
    assert [lane.get("name") for lane in every(root, "bpmn:lane")][1] == "抢修班长 · 抢修班"
    assert every(root, "bpmn:userTask")[1].findtext("bpmn:documentation", "", NAMESPACES) == (
        "Do it well.（中）\n时限规则：lamp.mend（自本步骤起）\n协助：dispatch_centre"
    )
    assert [one.attrib for one in every(root, "shouwen:limit")][1] == {
        "policy": "lamp.mend",
        "since": "step",
        "target": "restored",
    }
    assert [one.get("unit") for one in every(root, "shouwen:assist")] == ["dispatch_centre"]
    assert [one.get("success") for one in every(root, "shouwen:end")] == ["true", "false"]


def test_a_step_that_can_end_in_one_way_only_has_no_gateway() -> None:
    norm = parse_norm(lamp(lambda document: document["steps"][2].update(outcomes=[outcome("yes", "end_done")])))

    (flow,) = [one for one in every(exported(norm), "bpmn:sequenceFlow") if one.get("id") == "flow-confirm-yes"]

    assert gateway_id(norm.step("confirm")) is None
    assert (flow.get("sourceRef"), flow.find("bpmn:conditionExpression", NAMESPACES)) == ("confirm", None)
    assert walk_together(norm, [0, 0, 0]) == ["accept", "mend", "confirm"]


def test_the_ends_keep_to_the_lane_that_leads_to_them() -> None:
    for norm in handbook_norms():
        grid = plan(norm=norm)
        for end in norm.ends:
            rows = {grid.cells[way.source].row for way in grid.ways if way.target == end.key}
            assert grid.cells[end.key].row in rows
