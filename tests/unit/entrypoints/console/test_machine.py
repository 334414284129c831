"""The drawing of a flow: no box on another, a line for every step, all of it on the paper."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from msgspec.structs import replace
from tests.story import lotus, restaurant

from orderwatch.core.flow.template import HELD_FROM, Template
from orderwatch.entrypoints.console.machine import HEIGHT, Box, Machine, draw_machine

FLOWS = {"lotus": lotus(), "restaurant": restaurant()}


def without_steps() -> Template:
    flow = lotus()
    statuses = {name: replace(status, step=None) for name, status in flow.statuses.items()}
    return replace(flow, statuses=statuses)


FLOWS["without steps"] = without_steps()


@pytest.fixture(params=FLOWS, ids=str)
def flow(request: pytest.FixtureRequest) -> Template:
    return FLOWS[request.param]


def test_no_box_lies_on_another(flow: Template) -> None:
    for one, other in combinations(draw_machine(flow).boxes, 2):
        assert apart(one, other), (one.name, other.name)


def apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + HEIGHT <= other.y or other.y + HEIGHT <= one.y


def test_every_allowed_step_is_a_line_and_nothing_else_is(flow: Template) -> None:
    allowed = [
        (name, end)
        for name, status in flow.statuses.items()
        for end in status.next
        if end not in (HELD_FROM, name)
    ]
    assert [(line.start, line.end) for line in draw_machine(flow).lines] == allowed


def test_a_line_begins_and_ends_at_its_boxes(flow: Template) -> None:
    machine = draw_machine(flow)
    boxes = {box.name: box for box in machine.boxes}
    for line in machine.lines:
        assert on_edge(points(line.path)[0], boxes[line.start]), line
        assert on_edge(points(line.head)[0], boxes[line.end]), line


def on_edge(point: tuple[float, float], box: Box) -> bool:
    x, y = point
    inside = box.x <= x <= box.x + box.width and box.y <= y <= box.y + HEIGHT
    return inside and (x in (box.x, box.x + box.width) or y in (box.y, box.y + HEIGHT))


def test_everything_is_on_the_paper(flow: Template) -> None:
    machine = draw_machine(flow)
    drawn = [point for line in machine.lines for point in points(line.path)]
    corners = [(box.x + box.width, box.y + HEIGHT) for box in machine.boxes]
    for x, y in [*drawn, *corners]:
        assert 0 <= x <= machine.width
        assert 0 <= y <= machine.height


def points(path: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
    return [*zip(numbers[::2], numbers[1::2], strict=True)]


def test_the_main_path_runs_to_the_right_and_what_is_off_it_lies_below() -> None:
    machine = draw_machine(lotus())
    at = {box.name: box for box in machine.boxes}
    main = ["PENDING", "PENDING_PAYMENT", "PROCESSING", "SHIPPING", "COMPLETE", "CLOSED"]
    assert sorted(main, key=lambda name: at[name].x) == main
    assert {at[name].y for name in main} == {at["PENDING"].y}
    assert all(at[name].y > at["PAYMENT_REVIEW"].y for name in ("HOLDED", "FRAUD", "CANCELED"))


def test_a_box_says_what_is_allowed_there() -> None:
    notes = {box.name: box.note for box in boxes_of(draw_machine(restaurant()))}
    assert notes["READY"] == "8 min"
    assert notes["COOKING"] == "20 min, by channel"


def boxes_of(machine: Machine) -> tuple[Box, ...]:
    return machine.boxes
