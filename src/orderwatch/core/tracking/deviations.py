"""Irregularities and early mentions, recorded on the order; bounded, whatever a sender does."""

from __future__ import annotations

from datetime import UTC, datetime

from orderwatch.core.model import Deviation, DeviationKind, Event
from orderwatch.core.tracking.state import Mention, OrderState

MOST_DEVIATIONS = 100
"""Kept in full per order; further ones are counted (a runaway sender must not fill the row)."""
MOST_EARLY = 50


def deviate(
    state: OrderState,
    kind: DeviationKind,
    event: Event,
    from_: str | None = None,
    to: str | None = None,
) -> None:
    """Record an irregularity of an event, at the time the event states."""
    record(
        state, Deviation(kind, event.data.system, event.time.astimezone(UTC), event.ref, from_, to)
    )


def record(state: OrderState, deviation: Deviation) -> None:
    """Keep a deviation, or at least count it."""
    state.deviation_count += 1
    if len(state.deviations) < MOST_DEVIATIONS:
        state.deviations.append(deviation)


def remember_early(state: OrderState, event: Event, at: datetime) -> None:
    """Keep in mind who spoke before the order is known to be placed."""
    if len(state.early) < MOST_EARLY:
        state.early = (*state.early, Mention(event.data.system, at, event.ref))
