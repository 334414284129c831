"""Read orders: a page of them, one, and the history of one; each judged at the instant asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Event, Leg, Order, OrderId, ReceivedEvent, System, TenantId
from orderwatch.core.reading.cursor import write_cursor
from orderwatch.core.reading.wanted import OrderFilter, OrderQuery, Place
from orderwatch.core.tracking.explain import explain
from orderwatch.core.tracking.judge import blind_since, judge
from orderwatch.core.tracking.position import position
from orderwatch.core.tracking.state import OrderState


class FoundOrders(Struct, frozen=True):
    """Orders as the ledger holds them, and when each system last spoke."""

    states: list[OrderState]
    last_words: Mapping[System, datetime]


class Told(Struct, frozen=True):
    """All stored events of one order, in no order: the applied ones and those still parked."""

    applied: list[ReceivedEvent]
    parked: list[ReceivedEvent]


class OrderStore(Protocol):
    """Where orders are read from. Every call raises Unavailable when the database is away."""

    async def find(
        self, tenant: TenantId, wanted: OrderFilter, after: Place | None, most: int
    ) -> FoundOrders:
        """Newest first by (placed_at, order_id), beginning after a place; at most `most`."""
        ...

    async def get(self, tenant: TenantId, order_ids: Sequence[OrderId]) -> FoundOrders:
        """These orders, as far as they were announced."""
        ...

    async def told(self, tenant: TenantId, order_id: OrderId) -> Told:
        """Everything anybody said about one order."""
        ...


class OrderPage(Struct, frozen=True):
    """`GET /api/v1/orders`; `next` is the cursor of the page after this one."""

    items: tuple[Order, ...]
    next: str | None


class HistoryItem(Struct, frozen=True):
    """One event of an order's history; `event` is its whole text as it was received."""

    id: str
    source: str
    system: System
    status: str
    time: datetime
    received_at: datetime
    sequence: str | None
    parked: bool
    data: Raw
    event: Raw


async def read_orders(
    orders: OrderStore, tenant: TenantId, template: Template, query: OrderQuery, at: datetime
) -> OrderPage:
    """One page of orders, newest first. The filter sees verdicts as stored, up to a second old."""
    found = await orders.find(tenant, query.filter, query.after, query.limit + 1)
    page = _judged(found, template, at)
    if len(page) <= query.limit:
        return OrderPage(page, None)
    last = page[query.limit - 1]
    place = Place(last.placed_at, last.order_id)
    return OrderPage(page[: query.limit], write_cursor(query.filter, place))


async def read_order(
    orders: OrderStore, tenant: TenantId, template: Template, order_id: OrderId, at: datetime
) -> Order | None:
    """One order, or None when the OMS never spoke of it."""
    found = await orders.get(tenant, [order_id])
    return next(iter(_judged(found, template, at)), None)


async def read_history(
    orders: OrderStore, tenant: TenantId, template: Template, order_id: OrderId
) -> tuple[HistoryItem, ...]:
    """What was said about an order in event time, what is parked for it too; empty: nothing."""
    told = await orders.told(tenant, order_id)
    marked = [(one, False) for one in told.applied] + [(one, True) for one in told.parked]
    marked.sort(key=lambda pair: position(pair[0], template.clock))
    return tuple(_history_item(one, parked) for one, parked in marked)


def _judged(found: FoundOrders, template: Template, at: datetime) -> tuple[Order, ...]:
    zone = ZoneInfo(template.time_zone)
    return tuple(
        see(state, template, found.last_words, at, zone)
        for state in found.states
        if state.announced
    )


def see(
    state: OrderState,
    template: Template,
    last_words: Mapping[System, datetime],
    at: datetime,
    zone: tzinfo,
) -> Order:
    """The order as a person is shown it: judged now, blind legs marked, each verdict explained."""
    order = judge(state, template, at)
    legs = tuple(_with_blindness(leg, template, last_words, at) for leg in order.legs)
    return explain(replace(order, legs=legs), at, zone)


def _with_blindness(
    leg: Leg, template: Template, last_words: Mapping[System, datetime], at: datetime
) -> Leg:
    since = blind_since(leg, template.legs[leg.system], last_words, at)
    return leg if since is None else replace(leg, blind_since=since)


class _Members(Struct):
    """Of an event's text only the part that is passed on untouched."""

    data: Raw


_MEMBERS: Final = msgspec.json.Decoder(_Members)


def _history_item(one: ReceivedEvent, parked: bool) -> HistoryItem:
    event: Event = one.event
    return HistoryItem(
        id=event.id,
        source=event.source,
        system=event.data.system,
        status=event.data.status,
        time=event.time.astimezone(UTC),
        received_at=one.received_at,
        sequence=event.sequence if isinstance(event.sequence, str) else None,
        parked=parked,
        data=_data_of(one.text),
        event=one.text,
    )


def _data_of(text: Raw) -> Raw:
    return _MEMBERS.decode(text).data
