"""Play a simulation, in real time or faster by any factor: messages leave when they are due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from orderwatch.app.deliver import deliver
from orderwatch.app.parcels import Line, pack
from orderwatch.app.send_events import Road, Tally
from orderwatch.core.simulation.simulate import SimulatedMessage

BATCH: Final = 500
LONGEST_NAP: Final = 0.2
"""Messages due within so many seconds may share a request."""


async def play(
    messages: Iterable[SimulatedMessage],
    road: Road,
    origin: datetime,
    tally: Tally,
    speed: float = 1.0,
) -> None:
    """Send every message at its instant; `origin` is the simulated instant of this moment.

    What was due before leaves at once, in full requests. A server that is busy or away only delays:
    the same request is repeated for as long as the road's patience lasts, and what became due in
    the meantime follows. Ends with the simulation, for an endless one when it is cancelled.
    """
    begun = road.clock.now()
    waiting = iter(messages)
    message = next(waiting, None)
    while message is not None:
        due = (message.send_at - origin).total_seconds() / speed
        early = due - (road.clock.now() - begun)
        if early > 0:
            await road.clock.sleep(max(early, LONGEST_NAP))
        passed = (road.clock.now() - begun) * speed
        batch = [_line(message)]
        message = _gather(waiting, batch, passed, origin)
        for parcel in pack(batch, BATCH):
            receipt = await deliver(parcel, road.door, road.clock, road.patience)
            tally.add(parcel, receipt, show=10)


def _gather(
    waiting: Iterator[SimulatedMessage], batch: list[Line], passed: float, origin: datetime
) -> SimulatedMessage | None:
    """Adds what else is due; the first message that is not, or does not fit."""
    for message in waiting:
        if len(batch) >= BATCH or (message.send_at - origin).total_seconds() > passed:
            return message
        batch.append(_line(message))
    return None


def _line(message: SimulatedMessage) -> Line:
    return Line(f"order {message.order_id}", message.body)
