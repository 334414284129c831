"""Requests of pollers to other systems, counted by minute, connector and outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from orderwatch.core.ingest.source_requests import SourceRequest
from orderwatch.core.tracking.counting import Deltas
from orderwatch.core.tracking.passing import REQUEST_OUTCOMES

REQUEST_BOUNDS_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


def count_requests(requests: Sequence[SourceRequest], now: datetime) -> Deltas:
    """By how much counters and totals move; a poller's fast clock counts as now."""
    deltas = Deltas()
    for one in requests:
        deltas.passing.happen(REQUEST_OUTCOMES[one.outcome], min(one.at, now), one.connector)
        place = (one.connector, one.outcome)
        deltas.observe("source_request_duration", one.duration_s, REQUEST_BOUNDS_S, *place)
    return deltas
