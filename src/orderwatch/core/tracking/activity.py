"""Which orders were active lately, counted once each: at the minute of their latest activity.

An order is active when something happens to it: one of its systems speaks, or its deadline passes.
The time is that of the happening, never of its arrival, so an import of history counts nothing.
When the order moves on, it is taken out of the minute and bucket it was counted in and put into the
new ones, by the difference of its standings. The sum over the last minutes is thus exactly the
orders active in them, as they stand now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.model import Class, Order
from orderwatch.core.tracking.counting import Deltas, Standing
from orderwatch.core.tracking.state import OrderState

REMEMBERED: Final = 65
"""Minutes. Windows of up to an hour can be asked; the rest is for clocks that differ a little."""
FORGOTTEN: Final = timedelta(minutes=70)
"""So long after nobody moves the count of a minute any more, and it can be dropped."""


def minute_number(at: datetime) -> int:
    """The minute an instant lies in, counted from 1970: this is on the way of every event."""
    return int(at.timestamp() // 60)


def active_minute(order: Order, state: OrderState, now: datetime) -> int | None:
    """The minute of the order's latest activity; None when that is not believable or long ago."""
    believable, spoke, *_ = state.last
    latest = min(spoke, now) if believable else None
    passed = order.why.deadline
    if passed is not None and passed <= now and (order.overdue or order.class_ is Class.FAILED):
        latest = passed if latest is None else max(latest, passed)
    if latest is None:
        return None
    minute = minute_number(latest)
    return minute if minute_number(now) - minute <= REMEMBERED else None


def move_activity(deltas: Deltas, before: Standing | None, after: Standing, now: datetime) -> None:
    """Count the order where it is active now instead of where it was.

    What was counted too long ago is forgotten, and not moved any more.
    """
    was = before.active if before is not None else None
    if was is not None and minute_number(now) - was > REMEMBERED:
        was = None
    if before is not None and was is not None:
        if (was, before.channel, before.bucket) == (after.active, after.channel, after.bucket):
            return
        deltas.activity[was, before.channel, before.bucket] -= 1
    if after.active is not None:
        deltas.activity[after.active, after.channel, after.bucket] += 1
