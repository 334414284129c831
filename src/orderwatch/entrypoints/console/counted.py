"""How many orders a list has: exactly where counters know it, else up to a number worth counting.

Counters know the state, channel and minute of every order; nothing else is counted beforehand.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.app.read_orders import OrderPage
from orderwatch.core.model import Class
from orderwatch.core.reading.tally import Tally, tally
from orderwatch.core.reading.wanted import CountFilter, OrderFilter, OrderQuery
from orderwatch.core.tracking.counting import ORDER, OVERDUE, WAITING, minute_of
from orderwatch.entrypoints.console.pages import Console, Visit

WORTH_COUNTING: Final = 1_000
WORTH_WAITING: Final = timedelta(milliseconds=100)
"""Nobody waits longer for a page because it could not be counted: then it says "more than"."""


class Counted(Struct, frozen=True):
    """How many; more than that when it is not exact. `states` when all states were counted."""

    n: int
    exact: bool
    states: dict[str, int] = {}
    channels: tuple[str, ...] = ()


async def count_orders(
    console: Console, visit: Visit, query: OrderQuery, page: OrderPage
) -> Counted:
    """Count the orders of a filter."""
    wanted, tenant = query.filter, visit.reader.tenant
    window = CountFilter(_minute(wanted.placed_from), _minute(wanted.placed_to))
    cells = await console.counts.counts(tenant, window, [ORDER])
    channels = tuple(sorted({cell.channel for cell in cells if cell.channel and cell.n}))
    if _is_counted(wanted):
        mine = [cell for cell in cells if wanted.channel in {None, cell.channel}]
        sums = tally(mine, visit.template.currency)
        return Counted(_of_states(sums, wanted), True, _states(sums), channels)
    if page.next is None and page.previous is None:
        return Counted(len(page.items), exact=True, channels=channels)
    if wanted.text is not None:
        return Counted(len(page.items), exact=False, channels=channels)
    n = await console.orders.count_within(tenant, wanted, WORTH_COUNTING + 1, WORTH_WAITING)
    if n is None:
        return Counted(len(page.items), exact=False, channels=channels)
    return Counted(min(n, WORTH_COUNTING), n <= WORTH_COUNTING, channels=channels)


def _minute(at: datetime | None) -> datetime | None:
    return None if at is None else minute_of(at)


def _is_counted(wanted: OrderFilter) -> bool:
    """Whether the counters know all that is asked."""
    whole = all(at is None or at == minute_of(at) for at in (wanted.placed_from, wanted.placed_to))
    known = OrderFilter(
        class_=wanted.class_,
        overdue=wanted.overdue,
        channel=wanted.channel,
        placed_from=wanted.placed_from,
        placed_to=wanted.placed_to,
    )
    return whole and wanted == known


def _states(sums: Tally) -> dict[str, int]:
    return {
        "failed": sums.failed,
        OVERDUE: sums.overdue,
        WAITING: sums.waiting,
        "success": sums.success,
    }


_CLASS_OF: Final = {
    "failed": Class.FAILED,
    OVERDUE: Class.DELAYED,
    WAITING: Class.DELAYED,
    "success": Class.SUCCESS,
}


def _of_states(sums: Tally, wanted: OrderFilter) -> int:
    """The sum over the states a filter names."""
    return sum(
        n
        for state, n in _states(sums).items()
        if wanted.class_ in {None, _CLASS_OF[state]} and wanted.overdue in {None, state == OVERDUE}
    )
