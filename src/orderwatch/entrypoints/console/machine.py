"""A flow template's statuses as a drawn state machine: where every box and line lies, in pixels.

The main path runs left to right by `step`. Statuses off it stand below; each has a line of its own,
a bus, on which all who may go there get on, and one on which it goes back. Lines that pass over
steps run above. All is decided here; the template only draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from orderwatch.core.flow.template import HELD_FROM, Status, Template
from orderwatch.core.model import Class
from orderwatch.entrypoints.console.svg_paths import Point, arrow_head, round_path
from orderwatch.entrypoints.console.words import round_length

Kind = Literal["step", "skip", "side", "back"]

HEIGHT: Final = 46
_GAP: Final = 56
_ROW_GAP: Final = 26
_BUS: Final = 11
_ARC: Final = 13
_EDGE: Final = 20
_LETTER: Final = 7.7
_LEAST_WIDTH: Final = 132


class Box(Struct, frozen=True):
    """A status: its place, its class, and what is written in it."""

    name: str
    class_: Class
    x: float
    y: float
    width: float
    note: str
    meaning: str
    initial: bool
    final: bool
    held_from: bool


class Line(Struct, frozen=True):
    """One allowed step: the path from box to box, and the arrow at its end."""

    start: str
    end: str
    kind: Kind
    path: str
    head: str


class Machine(Struct, frozen=True):
    """The whole drawing."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


class _Place(Struct, frozen=True):
    """Where a status stands: its column, its row there; `last`: nothing of the path is below."""

    column: int
    row: int
    last: bool
    side: bool
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + HEIGHT


def draw_machine(template: Template) -> Machine:
    """The statuses of a template and every step between them."""
    statuses = template.statuses
    columns, side = _ranked(statuses)
    arcs = _levels(statuses, columns)
    width = max(_LEAST_WIDTH, max(map(len, statuses)) * _LETTER + 46)
    places = _places(columns, side, width, _EDGE + (max(arcs.values(), default=-1) + 1) * _ARC)
    lines = _Lines(statuses, places, side, arcs)
    drawn = tuple(lines.all())
    boxes = tuple(_box(status, places[name]) for name, status in statuses.items())
    right = max(place.right for place in places.values()) + _EDGE
    return Machine(right, lines.lowest + _EDGE / 2, boxes, drawn)


def _box(status: Status, place: _Place) -> Box:
    note = round_length(status.threshold.default) if status.threshold else ""
    others = status.threshold.by_channel if status.threshold else {}
    return Box(
        name=status.name,
        class_=status.class_,
        x=place.x,
        y=place.y,
        width=place.width,
        note=f"{note}, by channel" if others else note,
        meaning=status.meaning,
        initial=status.initial,
        final=status.final,
        held_from=HELD_FROM in status.next,
    )


def _ranked(statuses: Mapping[str, Status]) -> tuple[list[list[str]], list[str]]:
    """The main path in columns, and what stands off it. Without any steps, as far as each is."""
    rank = {name: status.step for name, status in statuses.items() if status.step is not None}
    rank = rank or _distances(statuses)
    columns = [[name for name in rank if rank[name] == step] for step in sorted({*rank.values()})]
    return columns, [name for name in statuses if name not in rank]


def _distances(statuses: Mapping[str, Status]) -> dict[str, int]:
    """How many steps each status is from where orders begin."""
    reached = {name: 0 for name, status in statuses.items() if status.initial}
    frontier = list(reached)
    while frontier:
        name = frontier.pop(0)
        for following in statuses[name].next:
            if following in statuses and following not in reached:
                reached[following] = reached[name] + 1
                frontier.append(following)
    return reached


def _levels(statuses: Mapping[str, Status], columns: list[list[str]]) -> dict[tuple[str, str], int]:
    """How high each line over steps runs, so that none lies on another; short ones lowest."""
    at = {name: column for column, names in enumerate(columns) for name in names}
    over = [
        (start, end)
        for start in at
        for end in statuses[start].next
        if end in at and not 0 <= at[end] - at[start] <= 1
    ]
    over.sort(key=lambda pair: abs(at[pair[1]] - at[pair[0]]))
    levels: dict[tuple[str, str], int] = {}
    taken: list[list[tuple[float, float]]] = []
    for start, end in over:
        low, high = sorted((at[start] + 0.25, at[end] - 0.25))
        level = next(
            (n for n, row in enumerate(taken) if all(high < a or b < low for a, b in row)),
            len(taken),
        )
        taken += [[]] if level == len(taken) else []
        taken[level].append((low, high))
        levels[start, end] = level
    return levels


def _places(
    columns: list[list[str]], side: list[str], width: float, top: float
) -> dict[str, _Place]:
    pitch = width + _GAP
    left = _EDGE + 14
    places = {
        name: _Place(
            column,
            row,
            row == len(names) - 1,
            False,
            left + column * pitch,
            _row_y(top, row),
            width,
        )
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    rows = max(map(len, columns))
    below = _row_y(top, rows - 1) + HEIGHT + 2 * _EDGE + 2 * len(side) * _BUS
    first = max(0, (len(columns) - len(side)) // 2)
    for number, name in enumerate(side):
        column = first + number
        places[name] = _Place(column, 0, True, True, left + column * pitch, below, width)
    return places


def _row_y(top: float, row: int) -> float:
    return top + row * (HEIGHT + _ROW_GAP)


class _Lines:
    """Routes every step between two statuses; `lowest` is how far down anything reaches."""

    def __init__(
        self,
        statuses: Mapping[str, Status],
        places: Mapping[str, _Place],
        side: Sequence[str],
        arcs: Mapping[tuple[str, str], int],
    ) -> None:
        self._statuses = statuses
        self._places = places
        self._side = {name: number for number, name in enumerate(side)}
        self._arcs = arcs
        main = [place for place in places.values() if not place.side]
        self._under = max(place.bottom for place in main) + _EDGE
        self._top = min(place.y for place in main)
        self.lowest = max(place.bottom for place in places.values())

    def all(self) -> Iterable[Line]:
        """Every allowed step, in the order of the template."""
        for start, status in self._statuses.items():
            for end in status.next:
                if end not in (HELD_FROM, start):
                    yield self._line(start, end)

    def _line(self, start: str, end: str) -> Line:
        kind, points = self._route(start, end)
        return Line(start, end, kind, round_path(points), arrow_head(points[-2], points[-1]))

    def _route(self, start: str, end: str) -> tuple[Kind, list[Point]]:
        a, b = self._places[start], self._places[end]
        if a.side and b.side:
            return "back", self._below(a, b)
        if b.side:
            return "side", self._down(a, b, self._side[end])
        if a.side:
            return "back", self._up(a, b, self._side[start])
        if (start, end) in self._arcs:
            return "skip", self._over(a, b, self._arcs[start, end])
        return "step", self._beside(a, b)

    def _beside(self, a: _Place, b: _Place) -> list[Point]:
        """To the next column, or within one."""
        if a.column != b.column:
            turn = (a.right + b.x) / 2 + 4 * (a.row - b.row)
            y = b.y + HEIGHT / 2 + 6 * _sign(a.row - b.row)
            return [(a.right, a.y + HEIGHT / 2), (turn, a.y + HEIGHT / 2), (turn, y), (b.x, y)]
        x = a.middle + (24 if a.row < b.row else -24)
        return [(x, a.bottom), (x, b.y)] if a.row < b.row else [(x, a.y), (x, b.bottom)]

    def _over(self, a: _Place, b: _Place, level: int) -> list[Point]:
        """Above everything, from column to column."""
        y = self._top - _EDGE / 2 - level * _ARC
        out, into = a.middle + a.width / 4, b.middle - b.width / 4
        begin = [(out, a.y)] if not a.row else [(a.right, a.y + 12), (a.right + 12, a.y + 12)]
        end = [(into, b.y)] if not b.row else [(b.x - 14, b.y + 12), (b.x, b.y + 12)]
        return [*begin, (begin[-1][0], y), (end[0][0], y), *end]

    def _down(self, a: _Place, b: _Place, bus: int) -> list[Point]:
        """To a status off the path, on its bus."""
        y = self._under + bus * _BUS
        into = b.middle - b.width / 4
        x = a.middle + (bus - (len(self._side) - 1) / 2) * 18 - 12
        if a.last:
            begin = [(x, a.bottom), (x, y)]
        else:
            gutter, level = a.right + 8 + 6 * bus, a.bottom - 8
            begin = [(a.right, level), (gutter, level), (gutter, y)]
        return [*begin, (into, y), (into, b.y)]

    def _up(self, a: _Place, b: _Place, bus: int) -> list[Point]:
        """From there back to the path, on the bus under all those that lead away."""
        y = self._under + (len(self._side) + bus) * _BUS
        out = a.middle + a.width / 4
        if b.last:
            x = b.middle + b.width / 2 - 14 - 9 * bus
            return [(out, a.y), (out, y), (x, y), (x, b.bottom)]
        gutter, level = b.x - 10 - 6 * bus, b.bottom - 8
        return [(out, a.y), (out, y), (gutter, y), (gutter, level), (b.x, level)]

    def _below(self, a: _Place, b: _Place) -> list[Point]:
        """Between two that are off the path."""
        y = a.bottom + _EDGE - 8 + _BUS * abs(a.column - b.column) * 0.7
        self.lowest = max(self.lowest, y)
        out = a.middle + a.width / 5 * _sign(b.column - a.column)
        into = b.middle - b.width / 5 * _sign(b.column - a.column)
        return [(out, a.bottom), (out, y), (into, y), (into, b.bottom)]


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
