"""Orders per minute of the last hour, stacked by state: heights in pixels, places in percent.

Trouble stands on the ground line, where heights can be compared; what went well is on top of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

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


class Chart(Struct, frozen=True):
    """The picture: columns, lines at round numbers `(number, y)`, times `(x, at, anchor)`."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[int, float], ...]
    times: tuple[tuple[float, datetime, str], ...]
    width: float
    total: int
    now_per_minute: float


def draw(minutes: Mapping[datetime, Mapping[str, int]], now: datetime) -> Chart:
    """The last MINUTES minutes, the present one at the right; empty ones may be left out."""
    present = now.replace(second=0, microsecond=0)
    times = [present - (MINUTES - 1 - number) * _MINUTE for number in range(MINUTES)]
    counts = [_by_state(minutes.get(at, {})) for at in times]
    most = max(sum(each.values()) for each in counts)
    step = _step(most)
    top = max(step, -(-most // step) * step)
    per_order = (HEIGHT - _TOP) / top
    width = 100 / MINUTES
    columns = tuple(
        Column(at, round(number * width, 4), _blocks(each, per_order), each, sum(each.values()))
        for number, (at, each) in enumerate(zip(times, counts, strict=True))
    )
    return Chart(
        columns=columns,
        lines=tuple((n, round(HEIGHT - n * per_order, 2)) for n in range(step, top + 1, step)),
        times=_times(times, width),
        width=round(width * 0.78, 4),
        total=sum(column.total for column in columns),
        now_per_minute=sum(column.total for column in columns[-6:-1]) / 5,
    )


def _by_state(counts: Mapping[str, int]) -> dict[str, int]:
    return {state: n for state in STACK if (n := counts.get(state, 0)) > 0}


def _step(most: int) -> int:
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


def _times(times: list[datetime], width: float) -> tuple[tuple[float, datetime, str], ...]:
    """Every quarter of an hour; the right edge is now, so what comes too near to it is left out."""
    return tuple(
        (round((number + 0.5) * width, 3), at, "start" if number < 2 else "middle")
        for number, at in enumerate(times)
        if at.minute % 15 == 0 and number < MINUTES - 5
    )
