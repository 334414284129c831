"""Spark lines: one figure over the window, small enough to stand beside its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from orderwatch.core.reading.tally import success_rate
from orderwatch.core.spans import floor
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console.window import Window

WIDTH: Final = 120
HEIGHT: Final = 26
_PAD: Final = 2
_STEPS: Final = tuple(timedelta(minutes=n) for n in (1, 2, 5, 10, 60, 180, 360, 1440, 10080))
_MOST: Final = 64
_CALM_RATE: Final = 0.9

Weighed = Mapping[str, tuple[int, Decimal]]
"""Of each bucket how many, worth how much."""


def step_of(window: Window) -> tuple[timedelta, datetime]:
    """A step that makes few enough points, and the first one, on a whole multiple of it."""
    step = next((step for step in _STEPS if window.length / step <= _MOST), _STEPS[-1])
    if window.length > timedelta(hours=12):
        step = max(step, timedelta(hours=1))  # whole hours are summed up already
    return step, floor(window.starts, step)


def sparks(steps: Mapping[datetime, Weighed], begins: Sequence[datetime]) -> dict[str, str]:
    """The path of each figure's line."""
    series = [steps.get(at, {}) for at in begins]
    lines: dict[str, list[float | None]] = {
        name: [float(_n(one, name)) for one in series]
        for name in ("success", "failed", OVERDUE, WAITING)
    }
    lines["rate"] = [success_rate(_n(one, "success"), _n(one, "failed")) for one in series]
    lines["risk"] = [float(_worth(one, "failed") + _worth(one, OVERDUE)) for one in series]
    return {name: path(values, is_rate=name == "rate") for name, values in lines.items()}


def path(values: Sequence[float | None], *, is_rate: bool = False) -> str:
    """An SVG path from left to right, broken where there is no value; empty of nothing."""
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known or (not is_rate and not any(known)):
        return ""
    low = min(_CALM_RATE, *known) if is_rate else 0.0
    high = 1.0 if is_rate else max(known)
    across = (WIDTH - 2 * _PAD) / (len(values) - 1)
    up = (HEIGHT - 2 * _PAD) / (high - low)
    parts: list[str] = []
    before: float | None = None
    for number, value in enumerate(values):
        if value is not None:
            x, y = _PAD + number * across, HEIGHT - _PAD - (value - low) * up
            parts.append(f"{'M' if before is None else 'L'}{x:.1f} {y:.1f}")
            if before is None and _alone(values, number):
                parts.append("h.01")
        before = value
    return "".join(parts)


def _alone(values: Sequence[float | None], number: int) -> bool:
    return number + 1 == len(values) or values[number + 1] is None


def _n(one: Weighed, bucket: str) -> int:
    return one[bucket][0] if bucket in one else 0


def _worth(one: Weighed, bucket: str) -> Decimal:
    return one[bucket][1] if bucket in one else Decimal(0)
