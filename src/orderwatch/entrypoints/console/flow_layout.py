"""Where the systems of a flow stand when it is drawn, from its template alone.

Across: the OMS at the left, each system in a column right of what it waits for, the stages of the
template under each other. Down, for a phone: one system below the other, the lines at the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.model import System
from orderwatch.entrypoints.console.flow_order import chains_of, columns_of, starts_of

BOX_WIDTH: Final = 190
BOX_HEIGHT: Final = 98
GUTTER: Final = 86
_BETWEEN: Final = 22
_IN_CHAIN: Final = 36
_LANE_HEIGHT: Final = 26
_MARGIN: Final = 8

DOWN_WIDTH: Final = 360
DOWN_HEIGHT: Final = 62
_DOWN_BETWEEN: Final = 26
_LANE: Final = 13
_OUT, _IN = 12, -12
"""Below and above the middle of a box: where lines leave it and where they come in."""

Point = tuple[float, float]


class Box(Struct, frozen=True):
    """Where a system stands, and where the number of those that wait for it is."""

    system: System
    x: float
    y: float
    width: float
    height: float
    badge: Point

    @property
    def middle(self) -> float:
        """Its middle, from the top."""
        return self.y + self.height / 2


class Link(Struct, frozen=True):
    """A way from one system to another: an SVG path through `points`."""

    start: System
    end: System
    points: tuple[Point, ...]
    path: str


class Layout(Struct, frozen=True):
    """The whole drawing."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]


class _Unit(Struct):
    """What keeps together in a column: systems below each other, or a lane for one line."""

    systems: list[System]
    pulls: list[System]
    lane: tuple[System, System] | None = None

    @property
    def height(self) -> float:
        """From its top to its bottom."""
        if self.lane:
            return _LANE_HEIGHT
        return len(self.systems) * (BOX_HEIGHT + _IN_CHAIN) - _IN_CHAIN


def across(template: Template) -> Layout:
    """From left to right."""
    columns = columns_of(template)
    chains = {k: v for k, v in chains_of(template).items() if columns[k] == columns[v]}
    units = _arranged(_units(template, columns, chains))
    height = 2 * _MARGIN + max(map(_column_height, units))
    boxes: dict[System, Box] = {}
    lanes: dict[tuple[tuple[System, System], int], float] = {}
    for number, column in enumerate(units):
        x = _MARGIN + number * (BOX_WIDTH + GUTTER)
        y = (height - _column_height(column)) / 2
        for unit in column:
            if unit.lane:
                lanes[unit.lane, number] = y + _LANE_HEIGHT / 2
            for place, system in enumerate(unit.systems):
                top = y + place * (BOX_HEIGHT + _IN_CHAIN)
                boxes[system] = _box(system, x, top, template, chains)
            y += unit.height + _BETWEEN
    links = [
        _link(start, rule.system, boxes, columns, chains, lanes)
        for rule in template.legs.values()
        for start in starts_of(rule, template)
    ]
    width = 2 * _MARGIN + len(units) * (BOX_WIDTH + GUTTER) - GUTTER
    return Layout(width, height, tuple(boxes.values()), tuple(links))


def _units(
    template: Template, columns: Mapping[System, int], chains: Mapping[System, System]
) -> list[list[_Unit]]:
    units: list[list[_Unit]] = [[] for _ in range(max(columns.values()) + 1)]
    units[0].append(_Unit([template.oms], []))
    unit_of: dict[System, _Unit] = {template.oms: units[0][0]}
    for rule in template.legs.values():
        system = rule.system
        if system in chains:
            unit = unit_of[chains[system]]
            unit.systems.append(system)
        else:
            unit = _Unit([system], [])
            units[columns[system]].append(unit)
        unit_of[system] = unit
        for start in starts_of(rule, template):
            if chains.get(system) == start:
                continue
            unit.pulls.append(start)
            for number in range(columns[start] + 1, columns[system]):
                units[number].append(_Unit([], [start], (start, system)))
    return units


def _arranged(units: list[list[_Unit]]) -> list[list[_Unit]]:
    """Each column in the order of what its units come from, so that few lines cross."""
    place: dict[System, float] = {}
    lane_place: dict[tuple[System, System], float] = {}
    for column in units:
        column.sort(key=lambda unit: _pull(unit, place, lane_place))
        for number, unit in enumerate(column):
            share = (number + 0.5) / len(column)
            if unit.lane:
                lane_place[unit.lane] = share
            for within, system in enumerate(unit.systems):
                place[system] = share + within * 0.001
    return units


def _pull(
    unit: _Unit, place: Mapping[System, float], lanes: Mapping[tuple[System, System], float]
) -> float:
    if unit.lane and unit.lane in lanes:
        return lanes[unit.lane]
    pulls = [
        lanes.get((start, unit.systems[0]), place[start]) if unit.systems else place[start]
        for start in unit.pulls
    ]
    return sum(pulls) / len(pulls) if pulls else 0.5


def _column_height(column: Sequence[_Unit]) -> float:
    return sum(unit.height for unit in column) + _BETWEEN * (len(column) - 1)


def _box(
    system: System, x: float, y: float, template: Template, chains: Mapping[System, System]
) -> Box:
    rule = template.legs.get(system)
    only_from_above = rule is not None and set(starts_of(rule, template)) == {chains.get(system)}
    badge = (
        (x + BOX_WIDTH / 2, y - _IN_CHAIN / 2) if only_from_above else (x - 29, y + BOX_HEIGHT / 2)
    )
    return Box(system, x, y, BOX_WIDTH, BOX_HEIGHT, badge)


def _link(
    start: System,
    end: System,
    boxes: Mapping[System, Box],
    columns: Mapping[System, int],
    chains: Mapping[System, System],
    lanes: Mapping[tuple[tuple[System, System], int], float],
) -> Link:
    one, other = boxes[start], boxes[end]
    if chains.get(end) == start:
        x = one.x + one.width / 2
        down = ((x, one.y + one.height), (x, other.y))
        return Link(start, end, down, f"M{x:g} {down[0][1]:g}V{down[1][1]:g}")
    points: list[Point] = [(one.x + one.width, one.middle)]
    for number in range(columns[start] + 1, columns[end]):
        x, y = _MARGIN + number * (BOX_WIDTH + GUTTER), lanes[(start, end), number]
        points += [(x, y), (x + BOX_WIDTH, y)]
    points.append((other.x, other.middle))
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        bend = (x1 - x0) * 0.5
        curve = f"C{x0 + bend:g} {y0:g} {x1 - bend:g} {y1:g} {x1:g} {y1:g}"
        parts.append(f"H{x1:g}" if number % 2 else curve)
    return Link(start, end, tuple(points), "".join(parts))


def down(template: Template) -> Layout:
    """From top to bottom, one below the other; lines run in lanes at the left."""
    columns = columns_of(template)
    ranks = {box.system: box.y for box in across(template).boxes}
    order = sorted(columns, key=lambda system: (columns[system], ranks[system]))
    rows = {system: row for row, system in enumerate(order)}
    targets: dict[System, list[System]] = {}
    for rule in template.legs.values():
        for start in starts_of(rule, template):
            targets.setdefault(start, []).append(rule.system)
    lanes, many = _lanes(order, rows, targets)
    left = _MARGIN + (many * _LANE + 12 if many else 0)
    boxes = {system: _row_box(system, row, left) for system, row in rows.items()}
    links = [
        _down_link(boxes[start], boxes[end], lanes.get(start), left, rows[end] - rows[start] == 1)
        for start, ends in targets.items()
        for end in sorted(ends, key=rows.__getitem__)
    ]
    height = len(order) * (DOWN_HEIGHT + _DOWN_BETWEEN) - _DOWN_BETWEEN + 2 * _MARGIN
    return Layout(DOWN_WIDTH, height, tuple(boxes.values()), tuple(links))


def _row_box(system: System, row: int, left: float) -> Box:
    y = _MARGIN + row * (DOWN_HEIGHT + _DOWN_BETWEEN)
    width = DOWN_WIDTH - left - _MARGIN
    return Box(system, left, y, width, DOWN_HEIGHT, (left + 40, y - _DOWN_BETWEEN / 2))


def _lanes(
    order: Sequence[System], rows: Mapping[System, int], targets: Mapping[System, Sequence[System]]
) -> tuple[dict[System, int], int]:
    """A lane for each system whose lines pass another, free from its row to its last target's."""
    lanes: dict[System, int] = {}
    busy_until: list[int] = []
    for system in order:
        last = max((rows[end] for end in targets.get(system, ())), default=0)
        if last <= rows[system] + 1:
            continue
        free = next((n for n, until in enumerate(busy_until) if until < rows[system]), None)
        if free is None:
            free = len(busy_until)
            busy_until.append(0)
        lanes[system], busy_until[free] = free, last
    return lanes, len(busy_until)


def _down_link(one: Box, other: Box, lane: int | None, left: float, is_next: bool) -> Link:
    if is_next:
        x = left + 40
        points = ((x, one.y + one.height), (x, other.y))
        return Link(one.system, other.system, points, f"M{x:g} {points[0][1]:g}V{points[1][1]:g}")
    assert lane is not None
    x = left - 12 - lane * _LANE
    y0, y1 = one.middle + _OUT, other.middle + _IN
    corners: tuple[Point, ...] = ((one.x, y0), (x, y0), (x, y1), (other.x, y1))
    path = (
        f"M{one.x:g} {y0:g}H{x + 6:g}Q{x:g} {y0:g} {x:g} {y0 + 6:g}"
        f"V{y1 - 6:g}Q{x:g} {y1:g} {x + 6:g} {y1:g}H{other.x:g}"
    )
    return Link(one.system, other.system, corners, path)
