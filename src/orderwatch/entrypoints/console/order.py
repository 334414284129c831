"""`/orders/{order_id}`: the verdict, the legs on a time line, the history and the facts.

`/orders?q=` opens the order of an id or a reference.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.response import Redirect
from msgspec import Struct

from orderwatch.app.read_orders import HistoryItem, read_history, read_order, read_orders
from orderwatch.core.model import Deviation, Order, OrderId, Statement
from orderwatch.core.reading.wanted import OrderFilter, OrderQuery
from orderwatch.entrypoints.console import waterfall
from orderwatch.entrypoints.console.pages import (
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    order_address,
    render,
    visit_of,
)

MOST_FOUND: Final = 20
MOST_HISTORY: Final = 200


class Entry(Struct, frozen=True):
    """One line of the history: the event, what it states, its text, and what is odd about it."""

    item: HistoryItem
    statement: Statement
    text: str
    deviations: tuple[Deviation, ...]
    decided: bool

    @property
    def late_s(self) -> float:
        """How long it was under way, in seconds; a sender's fast clock counts as nothing."""
        return max(0.0, (self.item.received_at - self.item.time).total_seconds())


@get("/orders/{order_id:path}", include_in_schema=False)
async def order_page(console: TheConsole, reader: TheReader, order_id: str) -> Page:
    """The page of one order, or what to do when there is none."""
    visit = await visit_of(console, reader)
    wanted = order_id.removeprefix("/")
    context = await _order(console, visit, wanted)
    if context is None:
        return await _not_found(console, visit, wanted)
    return render("order.html", context)


@get("/live/orders/{order_id:path}", include_in_schema=False)
async def order_live(console: TheConsole, reader: TheReader, order_id: str) -> Page:
    """The parts of an order's page that move."""
    visit = await visit_of(console, reader)
    wanted = order_id.removeprefix("/")
    context = await _order(console, visit, wanted)
    if context is None:
        return await _not_found(console, visit, wanted)
    return render("order_live.html", context)


@get("/orders", include_in_schema=False)
async def find_order(console: TheConsole, reader: TheReader, q: str = "") -> Response[Any]:
    """Open the one order this text names; several are listed, none is said."""
    wanted = q.strip()[:200]
    if not wanted:
        return Redirect("/")
    visit = await visit_of(console, reader)
    query = OrderQuery(OrderFilter(text=wanted), MOST_FOUND)
    page = await read_orders(console.orders, reader.tenant, visit.template, query, visit.now)
    same = [order for order in page.items if _is_named(order, wanted)] or page.items
    if len(same) == 1:
        return Redirect(order_address(same[0].order_id), status_code=303)
    if not same:
        return await _not_found(console, visit, wanted)
    context = {"visit": visit, "query": wanted, "found": same, "more": page.next is not None}
    return render("found.html", context)


def _is_named(order: Order, text: str) -> bool:
    return order.order_id == text or text in order.refs.values()


async def _not_found(console: Console, visit: Visit, wanted: str) -> Page:
    """No order of this name; systems may have spoken of it before the OMS did."""
    history = await read_history(console.orders, visit.reader.tenant, visit.template, wanted)
    spoke = dict.fromkeys(visit.titles.get(item.system, item.system) for item in history)
    context = {"visit": visit, "query": wanted, "parked": len(history), "spoke": list(spoke)}
    return render("not_found.html", context, 404)


async def _order(console: Console, visit: Visit, order_id: OrderId) -> dict[str, Any] | None:
    tenant, template = visit.reader.tenant, visit.template
    order = await read_order(console.orders, tenant, template, order_id, visit.now)
    if order is None:
        return None
    history = await read_history(console.orders, tenant, template, order_id)
    return {
        "visit": visit,
        "order": order,
        "entries": [_entry(item, order) for item in reversed(history)][:MOST_HISTORY],
        "older": max(0, len(history) - MOST_HISTORY),
        "picture": waterfall.draw(order, history, template.oms, visit.titles, visit.now),
    }


def _entry(item: HistoryItem, order: Order) -> Entry:
    ref = f"{item.source}#{item.id}"
    return Entry(
        item=item,
        statement=msgspec.json.decode(item.data, type=Statement),
        text=msgspec.json.format(bytes(item.event), indent=2).decode(),
        deviations=tuple(each for each in order.deviations if each.event == ref),
        decided=ref in order.why.events,
    )
