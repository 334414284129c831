"""Orders over time, stacked by state: heights in pixels, places in percent.

Usually those of each minute of an hour. A mark says that deadlines passed in that time. Trouble
stands on the ground line, where heights can be compared; what went well is on top of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.spans import floor
from orderwatch.core.tracking.counting import OVERDUE, WAITING

MINUTES: Final = 60
HEIGHT: Final = 168
_TOP: Final = 14
"""Room above the highest bar, for the label of the highest line."""
STACK: Final = ("failed", OVERDUE, WAITING, "success")
_MINUTE: Final = timedelta(minutes=1)


class Block(Struct, frozen=True):
    """A part of a bar, from its top edge down."""

    state: str
    y: float
    height: float


class Column(Struct, frozen=True):
    """One minute: where it stands, its blocks, and in words what they are."""

    at: datetime
    x: float
    blocks: tuple[Block, ...]
    counts: dict[str, int]
    total: int
    passed: int = 0

    @property
    def mark(self) -> float:
        """How wide half the mark is: a few deadlines or many."""
        return round(min(4.5, 2 + self.passed**0.5 / 2), 1) if self.passed else 0.0


class Chart(Struct, frozen=True):
    """The picture: columns, lines at round numbers `(number, y)`, times `(x, at, anchor)`."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[int, float], ...]
    times: tuple[tuple[float, datetime, str], ...]
    how: str
    by_day: bool
    middle: float
    width: float
    total: int
    now_per_minute: float


NONE_PASSED: Final[Mapping[datetime, int]] = {}


def draw(
    counted: Mapping[datetime, Mapping[str, int]],
    now: datetime,
    passed: Mapping[datetime, int] = NONE_PASSED,
) -> Chart:
    """The last MINUTES minutes, the present one at the right; empty ones may be left out."""
    present = now.replace(second=0, microsecond=0)
    begins = [present - (MINUTES - 1 - number) * _MINUTE for number in range(MINUTES)]
    return draw_steps(begins, _MINUTE, counted, passed)


def draw_steps(
    begins: Sequence[datetime],
    step: timedelta,
    counted: Mapping[datetime, Mapping[str, int]],
    passed: Mapping[datetime, int] = NONE_PASSED,
) -> Chart:
    """A column for each step, by its beginning."""
    counts = [_by_state(counted.get(at, {})) for at in begins]
    most = max(sum(each.values()) for each in counts)
    distance = _distance(most)
    top = max(distance, -(-most // distance) * distance)
    per_order = (HEIGHT - _TOP) / top
    width = 100 / len(begins)
    columns = tuple(
        Column(
            at=at,
            x=round(number * width, 4),
            blocks=_blocks(each, per_order),
            counts=each,
            total=sum(each.values()),
            passed=passed.get(at, 0),
        )
        for number, (at, each) in enumerate(zip(begins, counts, strict=True))
    )
    lines = range(distance, top + 1, distance)
    return Chart(
        columns=columns,
        lines=tuple((n, round(HEIGHT - n * per_order, 2)) for n in lines),
        times=times_of(begins, step),
        how="clock",
        by_day=step > timedelta(hours=1),
        middle=round(width * 0.39, 4),
        width=round(width * 0.78, 4),
        total=sum(column.total for column in columns),
        now_per_minute=sum(column.total for column in columns[-6:-1]) / 5,
    )


def _by_state(counts: Mapping[str, int]) -> dict[str, int]:
    return {state: n for state in STACK if (n := counts.get(state, 0)) > 0}


def _distance(most: int) -> int:
    """The distance of the lines: a round number that gives two to four of them."""
    magnitude = 1
    while True:
        for digit in (1, 2, 5):
            if most <= 4 * digit * magnitude:
                return digit * magnitude
        magnitude *= 10


def _blocks(counts: Mapping[str, int], per_order: float) -> tuple[Block, ...]:
    blocks: list[Block] = []
    below = 0
    for state, n in counts.items():
        below += n
        blocks.append(Block(state, round(HEIGHT - below * per_order, 2), round(n * per_order, 2)))
    return tuple(blocks)


_APART: Final = (
    (timedelta(minutes=2), timedelta(minutes=15)),
    (timedelta(minutes=10), timedelta(hours=1)),
    (timedelta(hours=1), timedelta(hours=6)),
    (timedelta(hours=6), timedelta(days=1)),
)
"""How far apart times are written, by how long a step is at most."""


def times_of(
    begins: Sequence[datetime], step: timedelta
) -> tuple[tuple[float, datetime, str], ...]:
    """Where which times are written; the right edge is now, so none is written too near to it."""
    apart = next((apart for longest, apart in _APART if step <= longest), 7 * _APART[-1][1])
    width = 100 / len(begins)
    last = 100 - max(8.0, 5 * width)
    times: list[tuple[float, datetime, str]] = []
    for number, at in enumerate(begins):
        x = round((number + 0.5) * width, 3)
        first = number == 0 or floor(at, apart) != floor(begins[number - 1], apart)
        if first and floor(at, apart) > at - step and x < last:
            times.append((x, at, "start" if x < 3 else "middle"))
    return tuple(times)
