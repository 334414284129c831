"""`/orders`: any number of orders, filtered, a page at a time, one of them open beside the list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.response import Redirect
from msgspec import Struct

from orderwatch.app.read_orders import OrderPage, read_orders, read_these
from orderwatch.core.model import FieldError, Order
from orderwatch.core.reading.matching import matches
from orderwatch.core.reading.wanted import OrderFilter, OrderQuery
from orderwatch.entrypoints.console.columns import COLUMNS, SHOWN, chosen_columns, places_of
from orderwatch.entrypoints.console.counted import Counted, count_orders
from orderwatch.entrypoints.console.filters import Headline, chips_of, headline, state_tabs
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.listing import CUSTOM, RANGES, Asked, asked_of, query_of
from orderwatch.entrypoints.console.order import not_found, order_context
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    order_address,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.writing import SAID, WENT_WRONG

MOST_SHOWN: Final = 200
"""Rows of a page in a browser that are kept up to date."""


class Row(Struct, frozen=True):
    """One row. It has left when the filter does not name it any more; it stays where it is."""

    order: Order
    left: bool = False


@get("/orders", include_in_schema=False)
async def orders_page(request: AnyRequest, console: TheConsole, reader: TheReader) -> Response[Any]:
    """The list; a mere search for one order opens that order."""
    visit = await visit_of(console, reader)
    asked = asked_of(request.query_params.multi_items())
    query = query_of(asked, visit)
    if not isinstance(query, OrderQuery):
        return render("orders.html", await _faulty(console, visit, asked, query), 400)
    page = await read_orders(console.orders, reader.tenant, visit.template, query, visit.now)
    if asked.is_only_a_search:
        answer = await _jump(console, visit, asked.get("q"), page)
        if answer is not None:
            return answer
    if query.before and page.previous is None:
        return Redirect(asked.address())  # the first page has one address
    context = await _list(console, visit, asked, query, page)
    params = request.query_params
    said = str(params.get("said", ""))
    view_id = str(params.get("view", ""))
    context |= {
        "said": SAID.get(said),
        "wrong": said in WENT_WRONG,
        "undo": view_id if said == "deleted" and view_id.isdecimal() else None,
    }
    return render("orders.html", context)


@get("/live/orders", include_in_schema=False)
async def orders_live(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """What moves on the list: its rows as they stand now, `shown` ones that left it too."""
    visit = await visit_of(console, reader)
    pairs = list(request.query_params.multi_items())
    asked = asked_of(pairs)
    query = query_of(asked, visit)
    if not isinstance(query, OrderQuery):
        return render("orders_live.html", await _faulty(console, visit, asked, query))
    page = await read_orders(console.orders, reader.tenant, visit.template, query, visit.now)
    context = await _list(console, visit, asked, query, page)
    there = {order.order_id for order in page.items}
    shown = [str(value) for name, value in pairs if name == "shown" and value not in there]
    others = await read_these(
        console.orders, reader.tenant, visit.template, shown[:MOST_SHOWN], visit.now
    )
    context["others"] = [Row(order, not matches(order, query.filter)) for order in others]
    return render("orders_live.html", context)


async def _jump(
    console: Console, visit: Visit, wanted: str, page: OrderPage
) -> Response[Any] | None:
    """Open the one order a text names; None when it names several, which are listed."""
    same = [order for order in page.items if _is_named(order, wanted)] or page.items
    if len(same) == 1:
        return Redirect(order_address(same[0].order_id), status_code=303)
    return None if same else await not_found(console, visit, wanted)


def _is_named(order: Order, text: str) -> bool:
    return order.order_id == text or text in order.refs.values()


async def _list(
    console: Console, visit: Visit, asked: Asked, query: OrderQuery, page: OrderPage
) -> dict[str, Any]:
    beside = asked.get("beside")
    counted, opened = await asyncio.gather(
        count_orders(console, visit, query, page),
        order_context(console, visit, beside) if beside else _nothing(),
    )
    context = await _frame(console, visit, asked, counted, query.filter)
    return context | {
        "rows": [Row(order) for order in page.items],
        "places": places_of(page.items),
        "live": _live_address(asked, page.items),
        "next": asked.address({"cursor": page.next}) if page.next else None,
        "previous": asked.address({"before": page.previous}) if page.previous else None,
        "opened": opened,
        "others": [],
    }


async def _faulty(
    console: Console, visit: Visit, asked: Asked, faults: Sequence[FieldError]
) -> dict[str, Any]:
    """The page of an address that cannot be asked: what is wrong, and how to go on."""
    context = await _frame(console, visit, asked, Counted(0, exact=True), OrderFilter())
    return context | {
        "rows": [],
        "places": 2,
        "faults": faults,
        "headline": Headline(_("Something"), _("in this filter is wrong"), ""),
        "live": asked.here("/live/orders"),
        "next": None,
        "previous": None,
        "opened": None,
        "others": [],
        "said": None,
        "undo": None,
    }


async def _frame(
    console: Console, visit: Visit, asked: Asked, counted: Counted, wanted: OrderFilter
) -> dict[str, Any]:
    """What surrounds the rows: sentence, filters, views, columns."""
    return {
        "visit": visit,
        "asked": asked,
        "counted": counted,
        "headline": headline(asked, counted),
        "tabs": state_tabs(asked, counted),
        "chips": chips_of(asked, wanted, visit),
        "ranges": RANGES,
        "custom": CUSTOM,
        "wanted": wanted,
        "columns": chosen_columns(asked.get("columns")),
        "all_columns": COLUMNS,
        "usual_columns": SHOWN,
        "views": await console.views.views(visit.reader.tenant),
        "faults": (),
    }


async def _nothing() -> None:
    return None


def _live_address(asked: Asked, shown: Sequence[Order]) -> str:
    pairs = [*asked.values.items(), *(("shown", order.order_id) for order in shown)]
    return f"/live/orders?{urlencode(pairs)}"
