"""What a reader asks for: which orders, which window, which steps. Parsed, so always right."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct

from orderwatch.core.model import Class, OrderId, System

DEFAULT_LIMIT: Final = 50
MOST_ORDERS: Final = 500
"""Orders per page."""
MOST_POINTS: Final = 2000
"""Points per series."""
ANY_DEVIATION: Final = "any"

Metric = Literal[
    "orders_placed",
    "success",
    "failed",
    "delayed",
    "waiting",
    "overdue",
    "refunded",
    "success_rate",
]
"""What can be drawn over time; each order counts in the minute it was placed."""


class OrderFilter(Struct, frozen=True):
    """Which orders; None does not filter. `text` is an order id or a reference, or how it begins.

    `placed_from` belongs to the window, `placed_to` does not; both ends of the amounts do. Of
    `deviation` a kind is meant, or ANY_DEVIATION.
    """

    class_: Class | None = None
    overdue: bool | None = None
    status: str | None = None
    channel: str | None = None
    system: System | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    text: str | None = None
    location: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    deviation: str | None = None


class Place(Struct, frozen=True):
    """A place in the list of orders, newest first: the order just before it."""

    placed_at: datetime
    order_id: OrderId


class OrderQuery(Struct, frozen=True):
    """One page of orders: the newest, those after a place, or those just before one."""

    filter: OrderFilter = OrderFilter()
    limit: int = DEFAULT_LIMIT
    after: Place | None = None
    before: Place | None = None


class CountFilter(Struct, frozen=True):
    """Which orders to count, by the minute they were placed in: [placed_from, placed_to).

    None does not bound. With a `system` its legs are counted instead of whole orders.
    """

    placed_from: datetime | None = None
    placed_to: datetime | None = None
    channel: str | None = None
    system: System | None = None


class SeriesQuery(Struct, frozen=True):
    """One series: whole steps from `placed_from` to `placed_to`, both multiples of a minute."""

    metric: Metric
    step: timedelta
    placed_from: datetime
    placed_to: datetime
    channel: str | None = None
    system: System | None = None
