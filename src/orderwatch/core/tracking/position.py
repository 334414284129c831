"""The one order of an order's events (D4): event time, then sequence, then id; never arrival.

Events whose time cannot be believed come first, so that a believable word always outranks them
and a status from the year 2199 cannot freeze an order.
"""

from __future__ import annotations

from msgspec import UNSET

from orderwatch.core.flow.template import Clock
from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.state import Position

_SEQUENCE_WIDTH = 40


def believable(received: ReceivedEvent, clock: Clock) -> bool:
    """Whether the event's time can be true: not before the earliest, not long after its arrival."""
    return clock.earliest <= received.event.time <= received.received_at + clock.ahead


def position(received: ReceivedEvent, clock: Clock) -> Position:
    """The sort key of an event; a total order, since source and id are unique."""
    event = received.event
    return (
        believable(received, clock),
        event.time,
        "" if event.sequence is UNSET else _comparable(event.sequence),
        event.id,
        event.source,
    )


def _comparable(sequence: str) -> str:
    """Whole numbers compare as numbers ("9" before "10"), anything else as text."""
    return sequence.rjust(_SEQUENCE_WIDTH, "0") if sequence.isdecimal() else sequence
