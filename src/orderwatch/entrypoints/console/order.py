"""`/orders/{order_id}`: the verdict, the legs on a time line, the history and the facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import get
from msgspec import Struct

from orderwatch.app.order_notes import Note
from orderwatch.app.read_orders import HistoryItem, read_order, read_these
from orderwatch.app.show_history import show_history, show_order
from orderwatch.core.model import Deviation, Order, OrderId, Statement
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console import waterfall
from orderwatch.entrypoints.console.chat import chat_text
from orderwatch.entrypoints.console.pages import (
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)

MOST_RELATED: Final = 10
MOST_INCIDENTS: Final = 5
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
    context = await order_context(console, visit, wanted)
    if context is None:
        return await not_found(console, visit, wanted)
    return render("order.html", context)


@get("/live/orders/{order_id:path}", include_in_schema=False)
async def order_live(console: TheConsole, reader: TheReader, order_id: str) -> Page:
    """The parts of an order's page that move."""
    visit = await visit_of(console, reader)
    wanted = order_id.removeprefix("/")
    context = await order_context(console, visit, wanted)
    if context is None:
        return await not_found(console, visit, wanted)
    return render("order_live.html", context)


async def not_found(console: Console, visit: Visit, wanted: str) -> Page:
    """No order of this name; systems may have spoken of it before the OMS did."""
    reader = visit.reader
    history = await show_history(
        console.orders, reader.tenant, visit.template, wanted, reader.masking
    )
    spoke = dict.fromkeys(visit.titles.get(item.system, item.system) for item in history)
    context = {"visit": visit, "query": wanted, "parked": len(history), "spoke": list(spoke)}
    return render("not_found.html", context, 404)


async def order_context(console: Console, visit: Visit, order_id: OrderId) -> dict[str, Any] | None:
    """What the page of an order shows; None when nobody announced it."""
    tenant, template = visit.reader.tenant, visit.template
    told = await read_order(console.orders, tenant, template, order_id, visit.now)
    if told is None:
        return None
    masking = visit.reader.masking
    order = show_order(told, masking)
    history = await show_history(console.orders, tenant, template, order_id, masking)
    notes = await console.notes.notes_of(tenant, order_id)
    picture = waterfall.draw(order, history, template.oms, visit.titles, visit.now)
    return {
        "visit": visit,
        "order": order,
        "lines": _lines([_entry(item, order) for item in history], notes)[:MOST_HISTORY],
        "older": max(0, len(history) + len(notes) - MOST_HISTORY),
        "picture": picture,
        "related": await _related(console, visit, told),
        "incidents": await console.alarms.incidents.of_order(tenant, order_id, MOST_INCIDENTS),
        "chat": chat_text(order, picture, visit),
        "may_note": visit.reader.may(Permission.ADD_NOTES),
    }


class Related(Struct, frozen=True):
    """Another order, and the reference it shares with this one."""

    order: Order
    name: str


async def _related(console: Console, visit: Visit, order: Order) -> list[Related]:
    """Orders that share a reference, the last ids first."""
    if not order.refs:
        return []
    tenant = visit.reader.tenant
    shared = await console.orders.related(tenant, order, MOST_RELATED)
    orders = await read_these(console.orders, tenant, visit.template, list(shared), visit.now)
    found = [Related(each, shared[each.order_id][0]) for each in orders]
    return sorted(found, key=lambda each: each.order.order_id, reverse=True)


def _lines(entries: list[Entry], notes: list[Note]) -> list[Entry | Note]:
    """Events and notes in one time line, newest first; a note stands above what it followed."""
    lines: list[tuple[datetime, int, Entry | Note]] = []
    lines += [(entry.item.time, number, entry) for number, entry in enumerate(entries)]
    lines += [(note.written_at, len(entries) + number, note) for number, note in enumerate(notes)]
    return [line for *_, line in sorted(lines, key=lambda line: line[:2], reverse=True)]


def _entry(item: HistoryItem, order: Order) -> Entry:
    ref = f"{item.source}#{item.id}"
    return Entry(
        item=item,
        statement=msgspec.json.decode(item.data, type=Statement),
        text=msgspec.json.format(bytes(item.event), indent=2).decode(),
        deviations=tuple(each for each in order.deviations if each.event == ref),
        decided=ref in order.why.events,
    )
