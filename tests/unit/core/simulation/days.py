"""Days to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import msgspec
from msgspec.structs import replace

from orderwatch.core.model import Event
from orderwatch.core.simulation.faults import FaultPlan, FaultRule
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.simulation.simulate import Story, stories

MIDNIGHT = datetime(2026, 1, 4, 17, tzinfo=UTC)
"""In Bangkok."""
decode = msgspec.json.Decoder(Event).decode


def day(orders: int) -> Plan:
    """One day of so many orders."""
    return replace(LOTUS_O2O, orders=orders, per_day=float(orders))


@cache
def told(orders: int, *faults: FaultRule, seed: int = 5) -> tuple[Story, ...]:
    """The stories of such a day, made once."""
    rules: FaultPlan = faults
    return tuple(stories(day(orders), seed, MIDNIGHT, rules))


def hit(found: tuple[Story, ...], kind: str) -> list[Story]:
    """The stories in which a fault of this kind was done."""
    return [story for story in found if any(fault.kind == kind for fault in story.truth.faults)]


def understood(story: Story) -> list[Event]:
    """The events a ledger understands, each once, in event time."""
    found: dict[str, Event] = {}
    for message in story.messages:
        try:
            event = decode(message.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        found.setdefault(event.ref, event)
    return sorted(found.values(), key=lambda event: (event.time, event.id))
