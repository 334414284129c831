"""A series: one figure over time, from counters alone, every step of the window filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct, field

from orderwatch.core.model import System, TenantId
from orderwatch.core.reading.tally import success_rate
from orderwatch.core.reading.wanted import Metric, SeriesQuery
from orderwatch.core.tracking.counting import OVERDUE, WAITING

Buckets = Mapping[str, int]
"""How many of each bucket."""


class StepStore(Protocol):
    """Where counts over time are read from."""

    async def steps(self, tenant: TenantId, query: SeriesQuery) -> dict[datetime, dict[str, int]]:
        """Counts by bucket for each step that has any, by its beginning. Raises Unavailable."""
        ...


class Point(Struct, frozen=True, array_like=True):
    """The value of the step that begins at `at`; None when it has none (a rate of nothing)."""

    at: datetime
    value: float | None


class Series(Struct, frozen=True):
    """`GET /api/v1/series`: `points` are [instant, value], the oldest first, without gaps."""

    metric: Metric
    step_s: int
    from_: datetime = field(name="from")
    to: datetime
    channel: str | None
    system: System | None
    points: tuple[Point, ...]


async def read_series(steps: StepStore, tenant: TenantId, query: SeriesQuery) -> Series:
    """One figure for each step, zero where nothing was placed."""
    counted = await read_steps(steps, tenant, query)
    return Series(
        metric=query.metric,
        step_s=query.step // timedelta(seconds=1),
        from_=query.placed_from,
        to=query.placed_to,
        channel=query.channel,
        system=query.system,
        points=tuple(Point(at, figure(query.metric, buckets)) for at, buckets in counted),
    )


async def read_steps(
    steps: StepStore, tenant: TenantId, query: SeriesQuery
) -> list[tuple[datetime, Buckets]]:
    """The counts of every step by bucket, for charts that stack them; `metric` plays no part."""
    counted = await steps.steps(tenant, query)
    number = -((query.placed_from - query.placed_to) // query.step)
    begins = [query.placed_from + n * query.step for n in range(number)]
    return [(at, counted.get(at, {})) for at in begins]


def figure(metric: Metric, buckets: Buckets) -> float | None:
    """One metric of one step's counts."""
    success, failed = buckets.get("success", 0), buckets.get("failed", 0)
    delayed = buckets.get(WAITING, 0) + buckets.get(OVERDUE, 0)
    match metric:
        case "orders_placed":
            return success + failed + delayed
        case "delayed":
            return delayed
        case "success_rate":
            return success_rate(success, failed)
        case "success" | "failed" | "waiting" | "overdue" | "refunded":
            return buckets.get(metric, 0)
