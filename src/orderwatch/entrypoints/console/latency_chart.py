"""How long a system took over time: the half and the 95 in 100, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.reading.percentiles import Latency, latency

_NEAR: Final = 2.5
"""What it may take is drawn when it is at most so many times what it took."""


class Moment(Struct, frozen=True):
    """One step, and what is known of it."""

    at: datetime
    latency: Latency


class LatencyChart(Struct, frozen=True):
    """A moment for each step. `allowed` is None when it is far above all of them."""

    moments: tuple[Moment, ...]
    step: timedelta
    allowed: timedelta | None
    n: int


def draw(
    counted: Mapping[datetime, Sequence[int]],
    begins: Sequence[datetime],
    step: timedelta,
    allowed: timedelta,
) -> LatencyChart:
    """A moment for each step, also where nothing ended."""
    moments = tuple(Moment(at, latency(counted.get(at, ()))) for at in begins)
    most = max((m.latency.p95 for m in moments if m.latency.p95), default=timedelta())
    return LatencyChart(
        moments=moments,
        step=step,
        allowed=allowed if most and allowed <= _NEAR * most else None,
        n=sum(moment.latency.n for moment in moments),
    )
