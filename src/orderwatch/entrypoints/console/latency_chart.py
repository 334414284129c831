"""How long a system took over time: the half and the 95 in 100, and how long it may take.

Places from left to right in percent, from top to bottom in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.reading.percentiles import Latency, latency
from orderwatch.entrypoints.console.chart import times_of

HEIGHT: Final = 168
_TOP: Final = 16
_NEAR: Final = 2.5
"""What it may take is drawn when it is at most so many times what it took."""
_ROUND_S: Final = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600),
    *(7200, 14400, 28800, 43200, 86400, 172800),
)

Points = tuple[tuple[float, float], ...]


class Moment(Struct, frozen=True):
    """One step: where it is, and what is known of it."""

    at: datetime
    x: float
    latency: Latency


class LatencyChart(Struct, frozen=True):
    """The picture. `halves` and `tails` are SVG paths in a box 1000 wide."""

    moments: tuple[Moment, ...]
    halves: str
    tails: str
    lines: tuple[tuple[timedelta, float], ...]
    allowed_y: float | None
    times: tuple[tuple[float, datetime, str], ...]
    width: float
    n: int


def draw(
    counted: Mapping[datetime, Sequence[int]],
    begins: Sequence[datetime],
    step: timedelta,
    allowed: timedelta,
) -> LatencyChart:
    """A point for each step in which anything ended."""
    width = 100 / len(begins)
    moments = [
        Moment(at, (number + 0.5) * width, latency(counted.get(at, ())))
        for number, at in enumerate(begins)
    ]
    most = max((m.latency.p95.total_seconds() for m in moments if m.latency.p95), default=0.0)
    is_near = most > 0 and allowed.total_seconds() <= _NEAR * most
    top = max(most, allowed.total_seconds() if is_near else 0.0, 0.1)
    per_second = (HEIGHT - _TOP) / top

    def y(duration: timedelta) -> float:
        return round(HEIGHT - duration.total_seconds() * per_second, 2)

    return LatencyChart(
        moments=tuple(moments),
        halves=_path([(m.x, y(m.latency.p50)) if m.latency.p50 else None for m in moments]),
        tails=_path([(m.x, y(m.latency.p95)) if m.latency.p95 else None for m in moments]),
        lines=tuple((each, y(each)) for each in _lines(top)),
        allowed_y=y(allowed) if is_near else None,
        times=times_of(begins, step),
        width=round(width, 4),
        n=sum(m.latency.n for m in moments),
    )


def _lines(top: float) -> list[timedelta]:
    """Two to four round durations, evenly apart."""
    distance = next((one for one in _ROUND_S if top / one < 4), top / 3)
    return [timedelta(seconds=n * distance) for n in range(1, int(top / distance) + 1)]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Broken where nothing is known; a point alone is a dot."""
    parts: list[str] = []
    before: tuple[float, float] | None = None
    for number, point in enumerate(points):
        if point is not None:
            x, y = point
            parts.append(f"{'M' if before is None else 'L'}{10 * x:.1f} {y:.1f}")
            if before is None and (number + 1 == len(points) or points[number + 1] is None):
                parts.append("h.1")
        before = point
    return "".join(parts)
