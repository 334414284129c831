"""When orders are placed: a Poisson process whose rate follows the local hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from orderwatch.core.simulation.chance import ARRIVALS, Chance, chance_of
from orderwatch.core.simulation.plan import Plan

HOUR = 3600.0


def arrivals(plan: Plan, seed: int, start: datetime) -> Iterator[float]:
    """Seconds from the start at which orders are placed, ascending; the warm-up's are negative."""
    rng = chance_of(seed, 0, ARRIVALS)
    if plan.warm_up:
        span = plan.warm_up.span.total_seconds()
        yield from sorted(-span * rng.random() for _ in range(plan.warm_up.orders))
    numbers = count() if plan.orders is None else range(plan.orders)
    at = 0.0
    for _ in numbers:
        at = (
            _next_even(rng, at, plan.per_minute) if plan.per_minute else _next(rng, at, plan, start)
        )
        yield at


def _next_even(rng: Chance, at: float, per_minute: float) -> float:
    return at + rng.expovariate(per_minute / 60)


def _next(rng: Chance, at: float, plan: Plan, start: datetime) -> float:
    """The next arrival: a unit of patience is used up at the rate of each hour it passes."""
    patience = rng.expovariate(1.0)
    total = sum(plan.day_curve)
    local = start.timestamp() + plan.utc_offset.total_seconds()
    while True:
        into_day = (local + at) % (24 * HOUR)
        rate = plan.per_day * plan.day_curve[int(into_day // HOUR) % 24] / total / HOUR
        left = HOUR - into_day % HOUR
        if rate * left >= patience and rate > 0:
            return at + patience / rate
        patience -= rate * left
        at += left
