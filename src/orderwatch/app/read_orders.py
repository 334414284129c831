"""Read orders: a page of them, one, and the history of one; each judged at the instant asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
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


class PageSpan(Struct, frozen=True):
    """Which part of a list: at most `most` orders after a place, or before one, or the newest."""

    most: int
    after: Place | None = None
    before: Place | None = None


class OrderStore(Protocol):
    """Where orders are read from. Every call raises Unavailable when the database is away."""

    async def find(self, tenant: TenantId, wanted: OrderFilter, span: PageSpan) -> FoundOrders:
        """Newest first by (placed_at, order_id); those nearest to the place."""
        ...

    async def count(self, tenant: TenantId, wanted: OrderFilter, most: int) -> int:
        """How many orders a filter names, counted up to `most`; its text is not looked at."""
        ...

    async def count_within(
        self, tenant: TenantId, wanted: OrderFilter, most: int, time: timedelta
    ) -> int | None:
        """The same, or None when that takes longer than it is worth."""
        ...

    async def related(
        self, tenant: TenantId, order: Order, most: int
    ) -> dict[OrderId, tuple[str, str]]:
        """Other orders with one of its references, each with the name and value they share."""
        ...

    async def get(self, tenant: TenantId, order_ids: Sequence[OrderId]) -> FoundOrders:
        """These orders, as far as they were announced."""
        ...

    async def told(self, tenant: TenantId, order_id: OrderId) -> Told:
        """Everything anybody said about one order."""
        ...


class OrderPage(Struct, frozen=True):
    """Some orders of a list; `next` and `previous` are cursors to the pages around them."""

    items: tuple[Order, ...]
    next: str | None
    previous: str | None = None


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
    span = PageSpan(query.limit + 1, query.after, query.before)
    found = await orders.find(tenant, query.filter, span)
    more, limit = len(found.states) > query.limit, query.limit
    if more:
        kept = found.states[1:] if query.before else found.states[:limit]
        found = replace(found, states=kept)
    page = _judged(found, template, at)
    if not page:
        return OrderPage((), None)
    first, last = (write_cursor(query.filter, _place_of(order)) for order in (page[0], page[-1]))
    return OrderPage(
        items=page,
        next=last if query.before or more else None,
        previous=first if query.after or (query.before and more) else None,
    )


def _place_of(order: Order) -> Place:
    return Place(order.placed_at, order.order_id)


async def read_these(
    orders: OrderStore,
    tenant: TenantId,
    template: Template,
    order_ids: Sequence[OrderId],
    at: datetime,
) -> tuple[Order, ...]:
    """These orders as they stand now, as far as there are any."""
    if not order_ids:
        return ()
    return _judged(await orders.get(tenant, order_ids), template, at)


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
