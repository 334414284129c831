"""Percentiles of durations that are known by class only: how many took between which bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import inf
from typing import Final

from msgspec import Struct

from orderwatch.core.tracking.passing import TOOK_BOUNDS_S

_EDGES: Final = (0.0, *TOOK_BOUNDS_S, inf)


class Latency(Struct, frozen=True):
    """How long the legs took that ended; None while none did."""

    n: int
    p50: timedelta | None
    p95: timedelta | None
    p99: timedelta | None


def latency(counts: Sequence[int]) -> Latency:
    """The three percentiles people ask for; `counts` by class, the last above every bound."""
    return Latency(
        n=sum(counts),
        p50=percentile(counts, 0.50),
        p95=percentile(counts, 0.95),
        p99=percentile(counts, 0.99),
    )


def percentile(counts: Sequence[int], share: float) -> timedelta | None:
    """The duration that `share` of all did not exceed, as near as the classes tell.

    With N durations the one wanted is the share*N-th smallest. It lies in the first class up to
    which share*N or more are counted; within that class, from `low` to `high`, the n counted there
    are taken to be spread evenly: low + (high - low) * (share*N - counted below) / n. So the answer
    is off by less than the width of the class. Above the last bound, that bound: at least so long.
    """
    rank = share * sum(counts)
    below = 0
    for number, n in enumerate(counts):
        if n and below + n >= rank:
            low, high = _EDGES[number], _EDGES[number + 1]
            if high == inf:
                return timedelta(seconds=low)
            return timedelta(seconds=low + (high - low) * max(0.0, rank - below) / n)
        below += n
    return None
