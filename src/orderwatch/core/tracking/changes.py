"""What a transaction writes: orders, legs, events and counters, in the shape of the tables."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Raw, Struct, field

from orderwatch.core.ingest.batch import Refused
from orderwatch.core.model import Leg, Order, OrderId, System
from orderwatch.core.tracking.causes import Cause
from orderwatch.core.tracking.counting import Deltas, Standing, Word
from orderwatch.core.tracking.state import OrderState


class StoredOrder(Struct, frozen=True, gc=False):
    """An order as the ledger holds it; `revision` grows by one with every write."""

    revision: int
    state: OrderState
    standing: Standing


class EventRow(Struct, frozen=True, gc=False):
    """An applied event; `event` is its text as it came."""

    order_id: OrderId
    event_time: datetime
    received_at: datetime
    event: Raw


class ParkedRow(Struct, frozen=True, gc=False):
    """An event that waits for its order."""

    order_id: OrderId
    identity: UUID
    system: System
    received_at: datetime
    event: Raw


class OrderRow(Struct, frozen=True, gc=False, rename={"class_": "class"}):
    """An order: the verdict in columns, what the fold remembers, and what was counted."""

    order_id: OrderId
    revision: int
    placed_at: datetime
    status: str
    class_: str
    overdue: bool
    refunded: bool
    channel: str | None
    fulfilment: str | None
    delivery: str | None
    location: str | None
    amount: str | None
    currency: str | None
    status_since: datetime
    deadline: datetime | None
    next_deadline: datetime | None
    updated_at: datetime
    rule: str
    systems: tuple[System, ...]
    deviations: int
    deviation_kinds: tuple[str, ...]
    state: OrderState
    standing: Standing


class LegRow(Struct, frozen=True, gc=False, rename={"class_": "class"}):
    """One hop of an order."""

    order_id: OrderId
    system: System
    status: str | None
    class_: str
    overdue: bool
    started_at: datetime | None
    ended_at: datetime | None
    deadline: datetime | None
    attempts: int
    reason_code: str | None


class Reference(Struct, frozen=True, order=True):
    """Another name of an order."""

    value: str
    name: str
    order_id: OrderId


class Changed(Struct, frozen=True, gc=False):
    """What moved with one order, for those who watch: its verdict before and after.

    `stirs`: something of it got into trouble or out of it, which alert rules look at.
    """

    order_id: OrderId
    bucket: str
    before: str | None
    status: str
    order: Order
    stirs: bool = False


class Changes(Struct):
    """Everything one transaction writes for one tenant."""

    now: datetime
    events: list[EventRow] = field(default_factory=list)
    parked: list[ParkedRow] = field(default_factory=list)
    orders: list[OrderRow] = field(default_factory=list)
    legs: list[LegRow] = field(default_factory=list)
    dropped_legs: list[tuple[OrderId, System]] = field(default_factory=list)
    refs: list[Reference] = field(default_factory=list)
    deltas: Deltas = field(default_factory=Deltas)
    words: dict[System, Word] = field(default_factory=dict)
    dead_letters: list[Refused] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


def order_row(order: Order, state: OrderState, after: Standing, revision: int) -> OrderRow:
    """The row of an order as just judged."""
    return OrderRow(
        order_id=order.order_id,
        revision=revision,
        placed_at=order.placed_at,
        status=order.status,
        class_=order.class_,
        overdue=order.overdue,
        refunded=order.refunded,
        channel=order.channel,
        fulfilment=order.fulfilment,
        delivery=order.delivery,
        location=order.location,
        amount=order.amount.value if order.amount else None,
        currency=order.amount.currency if order.amount else None,
        status_since=order.status_since,
        deadline=order.deadline,
        next_deadline=order.next_deadline,
        updated_at=order.updated_at,
        rule=order.why.rule,
        systems=tuple(leg.system for leg in order.legs),
        deviations=order.deviation_count,
        deviation_kinds=tuple(sorted({deviation.kind.value for deviation in order.deviations})),
        state=state,
        standing=after,
    )


def leg_row(order_id: OrderId, leg: Leg) -> LegRow:
    """The row of a leg as just judged."""
    return LegRow(
        order_id=order_id,
        system=leg.system,
        status=leg.status,
        class_=leg.class_,
        overdue=leg.overdue,
        started_at=leg.started_at,
        ended_at=leg.ended_at,
        deadline=leg.deadline,
        attempts=leg.attempts,
        reason_code=leg.reason.code if leg.reason else None,
    )
