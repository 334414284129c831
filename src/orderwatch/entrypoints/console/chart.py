"""Orders over time, counted by state: what a chart shows, in numbers. The browser draws it.

Usually those of each minute of an hour. Deadlines that passed in that time are counted beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.tracking.counting import OVERDUE, WAITING

MINUTES: Final = 60
STACK: Final = ("failed", OVERDUE, WAITING, "success")
"""Trouble stands on the ground line, where heights can be compared; what went well is on top."""
_MINUTE: Final = timedelta(minutes=1)


class Column(Struct, frozen=True):
    """One step: when it begins, what is in it, and how many deadlines passed."""

    at: datetime
    counts: dict[str, int]
    total: int
    passed: int = 0


class Chart(Struct, frozen=True):
    """A column for each step; `how` times are written in words."""

    columns: tuple[Column, ...]
    step: timedelta
    how: str
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
    columns = tuple(_column(at, counted.get(at, {}), passed.get(at, 0)) for at in begins)
    return Chart(
        columns=columns,
        step=step,
        how="clock",
        total=sum(column.total for column in columns),
        now_per_minute=sum(column.total for column in columns[-6:-1]) / 5,
    )


def _column(at: datetime, counted: Mapping[str, int], passed: int) -> Column:
    counts = {state: n for state in STACK if (n := counted.get(state, 0)) > 0}
    return Column(at, counts, sum(counts.values()), passed)
