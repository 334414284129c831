"""What the benchmarks send: a simulated day, in the order in which its systems would send it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec
from msgspec.structs import replace

from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O
from orderwatch.core.simulation.simulate import simulate

SEED = 1


def day(begin: datetime, per_day: float, first_order: int = 2_000_000_000) -> Iterator[bytes]:
    """The events of a day without faults that never ends, one JSON text each."""
    plan = replace(LOTUS_O2O, per_day=per_day, first_order=first_order)
    return (message.body for message in simulate(plan, SEED, begin))


def events_of_a_day(begin: datetime, per_day: float, count: int) -> list[bytes]:
    """Its first so many events."""
    return list(islice(day(begin, per_day), count))


def events_of_orders(
    begin: datetime, per_day: float, orders: int, first_order: int = 2_000_000_000
) -> list[bytes]:
    """Whole lives of so many orders."""
    plan = replace(LOTUS_O2O, per_day=per_day, orders=orders, first_order=first_order)
    return [message.body for message in simulate(plan, SEED, begin)]


def batches(events: Sequence[bytes], size: int) -> Iterator[bytes]:
    """Batch bodies of so many events, the last with what is left."""
    for start in range(0, len(events), size):
        yield b"[" + b",".join(events[start : start + size]) + b"]"


def midnight_before(now: datetime, days: int) -> datetime:
    """A UTC midnight so many days ago."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def orphans(count: int) -> list[bytes]:
    """Words of the stock about orders that nobody announces."""
    return [_word(f"nobody-{number}", "2026-01-01T00:00:00Z") for number in range(count)]


def refused_events(count: int) -> list[bytes]:
    """Events that become dead letters: their time is none."""
    return [_word(f"never-{number}", "yesterday") for number in range(count)]


def failing(count: int, now: datetime) -> list[bytes]:
    """Orders of this moment that fail alike, which is an incident."""
    said = (("phoenix_oms", "PENDING"), ("commerce_engine", "REJECTED"))
    return [
        _word(f"refused-{number}", now.isoformat(), *word)
        for number in range(count)
        for word in said
    ]


def _word(order_id: str, time: str, system: str = "stock", status: str = "RESERVED") -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{order_id}-{status}",
            "source": f"/{system}",
            "type": "orderwatch.status.v1",
            "subject": order_id,
            "time": time,
            "data": {"system": system, "status": status},
        }
    )
