"""`/`: how the orders stand, what is in trouble, how many come, and who has not spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from litestar import get
from msgspec import Struct

from orderwatch.app.read_orders import read_orders
from orderwatch.app.read_series import read_steps
from orderwatch.app.read_summary import Summary, read_summary
from orderwatch.app.read_systems import SystemView
from orderwatch.core.model import Class, Order
from orderwatch.core.reading.tally import Tally
from orderwatch.core.reading.wanted import CountFilter, OrderFilter, OrderQuery, SeriesQuery
from orderwatch.core.tracking.counting import minute_of
from orderwatch.entrypoints.console import chart, words
from orderwatch.entrypoints.console.pages import (
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)

RANGES: Final = {"today": "Today", "24h": "24 hours", "7d": "7 days"}
USUAL_RANGE: Final = "24h"
MOST_TROUBLE: Final = 12
_MINUTE: Final = timedelta(minutes=1)


class SystemRow(Struct, frozen=True):
    """One line of the systems table; the OMS's figures are those of whole orders."""

    view: SystemView
    tally: Tally
    pace: float | None


@get("/", include_in_schema=False)
async def overview(console: TheConsole, reader: TheReader, range: str = USUAL_RANGE) -> Page:  # noqa: A002 - the query's name
    """The page."""
    return render("overview.html", await _overview(console, await visit_of(console, reader), range))


@get("/live", include_in_schema=False)
async def overview_live(console: TheConsole, reader: TheReader, range: str = USUAL_RANGE) -> Page:  # noqa: A002
    """The parts of the page that move."""
    context = await _overview(console, await visit_of(console, reader), range)
    return render("overview_live.html", context)


async def _overview(console: Console, visit: Visit, range_: str) -> dict[str, Any]:
    name = range_ if range_ in RANGES else USUAL_RANGE
    tenant, template, now = visit.reader.tenant, visit.template, visit.now
    wanted = CountFilter(placed_from=_beginning(name, visit))
    summary, minutes, trouble = await asyncio.gather(
        read_summary(console.counts, tenant, template, wanted, now),
        _last_hour(console, visit),
        _trouble(console, visit),
    )
    return {
        "visit": visit,
        "range": name,
        "ranges": RANGES,
        "summary": summary,
        "rate": words.share(summary.success, summary.success + summary.failed),
        "at_risk": Decimal(summary.value.failed) + Decimal(summary.value.overdue),
        "chart": chart.draw(minutes, now),
        "rows": _rows(summary, console, visit),
        "trouble": trouble[:MOST_TROUBLE],
        "more_trouble": max(0, summary.failed + summary.overdue - MOST_TROUBLE),
        "first_day": _nothing_yet(summary) and not trouble,
    }


def _beginning(range_: str, visit: Visit) -> datetime:
    """The first minute of the range; today begins at midnight where the shops are."""
    if range_ == "today":
        local = visit.now.astimezone(visit.zone)
        return minute_of(local.replace(hour=0, minute=0))
    return minute_of(visit.now - timedelta(days=7 if range_ == "7d" else 1))


def _nothing_yet(summary: Summary) -> bool:
    return summary.total == 0 and all(view.events == 0 for view in summary.systems)


async def _last_hour(console: Console, visit: Visit) -> Mapping[datetime, Mapping[str, int]]:
    end = minute_of(visit.now) + _MINUTE
    query = SeriesQuery("orders_placed", _MINUTE, end - chart.MINUTES * _MINUTE, end)
    return dict(await read_steps(console.steps, visit.reader.tenant, query))


async def _trouble(console: Console, visit: Visit) -> list[Order]:
    """Failed and overdue orders, those that came into trouble last at the top."""
    filters = (OrderFilter(class_=Class.FAILED), OrderFilter(overdue=True))
    tenant, template, now = visit.reader.tenant, visit.template, visit.now
    pages = await asyncio.gather(
        *(
            read_orders(console.orders, tenant, template, OrderQuery(each, MOST_TROUBLE), now)
            for each in filters
        )
    )
    found = {order.order_id: order for page in pages for order in page.items}
    troubled = [order for order in found.values() if words.state_of(order) in _TROUBLE]
    return sorted(troubled, key=trouble_since, reverse=True)


_TROUBLE: Final = frozenset({"failed", "overdue"})


def trouble_since(order: Order) -> datetime:
    """When an order came into trouble: its deadline passed, its leg failed, or its status came."""
    if order.why.deadline is not None:
        return order.why.deadline
    failed = [leg.ended_at for leg in order.legs if leg.why == order.why and leg.ended_at]
    return failed[0] if failed else order.status_since


def _rows(summary: Summary, console: Console, visit: Visit) -> Sequence[SystemRow]:
    counts = {view.system: view.events for view in summary.systems}
    paces = console.paces.per_minute(visit.reader.tenant, visit.now, counts)
    tallies: dict[str, Tally] = {each.system: each for each in summary.by_system}
    return [
        SystemRow(view, tallies.get(view.system, summary), paces.get(view.system))
        for view in summary.systems
    ]
