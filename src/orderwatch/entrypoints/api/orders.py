"""GET /api/v1/orders, /orders/{order_id} and /orders/{order_id}/events."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from orderwatch.app.read_orders import OrderPage, read_order, read_orders
from orderwatch.app.show_history import show_history, show_order
from orderwatch.core.model import Order, OrderId
from orderwatch.core.people.masking import Masking
from orderwatch.core.reading.queries import order_query
from orderwatch.entrypoints.api.problems import Problem
from orderwatch.entrypoints.api.reading import (
    AnyRequest,
    Reading,
    asker_of,
    json,
    pairs_of,
    refuse,
    wrong_parameters,
)

_LONGEST_ID: Final = 100
_INTERNAL: Final = frozenset({"next_deadline"})

Text = str | None


def orders_handlers(reading: Reading) -> list[HTTPRouteHandler]:
    """The routes about orders."""

    @get("/api/v1/orders", operation_id="listOrders", summary="Orders, newest first")
    async def list_orders(  # noqa: PLR0913, PLR0917 - the names of its parameters, for OpenAPI
        request: AnyRequest,
        class_: Annotated[
            Text, Parameter(query="class", description="success, failed or delayed")
        ] = None,
        overdue: Annotated[Text, Parameter(description="true or false")] = None,
        status: Annotated[Text, Parameter(description="the OMS's word")] = None,
        channel: Annotated[Text, Parameter(description="where it was ordered")] = None,
        system: Annotated[Text, Parameter(description="orders with a leg at this system")] = None,
        from_: Annotated[
            Text, Parameter(query="from", description="placed then or later, RFC 3339")
        ] = None,
        to: Annotated[Text, Parameter(description="placed before then, RFC 3339")] = None,
        location: Annotated[Text, Parameter(description="the store or warehouse")] = None,
        amount_from: Annotated[Text, Parameter(description="of this amount or more")] = None,
        amount_to: Annotated[Text, Parameter(description="of this amount or less")] = None,
        deviation: Annotated[
            Text, Parameter(description="with an irregularity of this kind, or any")
        ] = None,
        q: Annotated[
            Text, Parameter(description="an order id or a reference, or how it begins")
        ] = None,
        limit: Annotated[Text, Parameter(description="orders per page, 1 to 500")] = None,
        cursor: Annotated[Text, Parameter(description="`next` of the page before")] = None,
    ) -> Response[bytes]:
        """Orders as they stand now; `next` is the cursor of the next page, null on the last."""
        del class_, overdue, status, channel, system, from_, to, location, amount_from, amount_to
        del deviation, q, limit, cursor
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        query = order_query(pairs_of(request), asker.template)
        if isinstance(query, tuple):
            return wrong_parameters(query)
        page = await read_orders(reading.orders, asker.tenant, asker.template, query, reading.now())
        return json(_page_document(page, asker.reader.masking))

    @get("/api/v1/orders/{order_id:str}", operation_id="getOrder", summary="One order")
    async def get_order(request: AnyRequest, order_id: str) -> Response[bytes]:
        """The order with its legs, deadlines, deviations, and `why` for each verdict."""
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        if not _can_be(order_id):
            return refuse(_no_order(order_id))
        order = await read_order(
            reading.orders, asker.tenant, asker.template, order_id, reading.now()
        )
        return _one_order(order, order_id, asker.reader.masking)

    @get(
        "/api/v1/orders/{order_id:str}/events",
        operation_id="listOrderEvents",
        summary="The history of one order",
    )
    async def list_events(request: AnyRequest, order_id: str) -> Response[bytes]:
        """What was said about the order, in event time; events that wait for it are `parked`."""
        asker = await asker_of(reading, request)
        if isinstance(asker, Problem):
            return refuse(asker)
        if not _can_be(order_id):
            return refuse(_no_order(order_id))
        items = await show_history(
            reading.orders, asker.tenant, asker.template, order_id, asker.reader.masking
        )
        return json({"items": items}) if items else refuse(_no_order(order_id))

    return [list_orders, get_order, list_events]


def order_document(order: Order) -> dict[str, object]:
    """The order as the API gives it: without what only the watcher needs."""
    document = msgspec.to_builtins(order, builtin_types=(bytes,))
    return {name: value for name, value in document.items() if name not in _INTERNAL}


def _one_order(order: Order | None, order_id: OrderId, masking: Masking | None) -> Response[bytes]:
    if order is None:
        return refuse(_no_order(order_id))
    return json(order_document(show_order(order, masking)))


def _page_document(page: OrderPage, masking: Masking | None) -> dict[str, object]:
    items = [order_document(show_order(order, masking)) for order in page.items]
    return {"items": items, "next": page.next}


def _can_be(order_id: OrderId) -> bool:
    """Whether an order can have this id at all; the database need not be asked for others."""
    return len(order_id) <= _LONGEST_ID and order_id.isprintable()


def _no_order(order_id: OrderId) -> Problem:
    shown = "".join(letter for letter in order_id[:_LONGEST_ID] if letter.isprintable())
    return Problem(404, "no-such-order", f"nobody has told of an order {shown!r}")
