"""What the counters hold of an order, and how they move when its verdict does.

Counters move by the difference between the standing that was counted last and the new one, both
known in the transaction that stores the order: a retry, a refold or a repeat moves nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from orderwatch.core.model import Class, Event, Order, System

WAITING, OVERDUE, REFUNDED = "waiting", "overdue", "refunded"
FAILED_BUCKETS = frozenset({"failed", "overdue"})
"""What a shift leader calls trouble."""
ORDER = ""
"""The `system` of counters that are about whole orders."""

DURATION_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
"""Upper bounds of the buckets for legs, from a transmission to a warehouse order."""
ORDER_BOUNDS_S = (60, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 2592000)
LAG_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400)


class Standing(Struct, frozen=True, array_like=True):
    """What is counted of an order now: where, in which bucket, and each leg's bucket and word."""

    minute: datetime
    channel: str
    bucket: str
    status: str
    refunded: bool
    value: str
    legs: dict[System, tuple[str, str | None]]


class Counter(NamedTuple):
    """The key of a per-minute counter; `minute` is that in which the order was placed."""

    minute: datetime
    system: str
    channel: str
    bucket: str


class Total(NamedTuple):
    """The key of a running total, which becomes a metric: its name, label values, bucket bound."""

    metric: str
    labels: tuple[str, ...]
    le: str = ""


class Deltas:
    """By how much counters and totals move; sums over any number of orders."""

    def __init__(self) -> None:
        self.counts: dict[Counter, list[Decimal | int]] = defaultdict(lambda: [0, Decimal(0)])
        self.totals: dict[Total, float] = defaultdict(float)

    def count(self, counter: Counter, n: int, value: Decimal = Decimal(0)) -> None:
        """Move a per-minute counter by `n` orders worth `value`."""
        entry = self.counts[counter]
        entry[0] += n
        entry[1] += value

    def add(self, metric: str, *labels: str, by: float = 1) -> None:
        """Move a total."""
        self.totals[Total(metric, labels)] += by

    def observe(
        self, metric: str, seconds: float, bounds: tuple[float, ...], *labels: str
    ) -> None:
        """Put one duration into a histogram: its bucket (not cumulated) and the sum."""
        bound = next((str(limit) for limit in bounds if seconds <= limit), "+Inf")
        self.totals[Total(metric, labels, bound)] += 1
        self.totals[Total(metric, labels, "sum")] += seconds


def standing(order: Order) -> Standing:
    """What the counters should hold of this order."""
    return Standing(
        minute=minute_of(order.placed_at),
        channel=order.channel or "",
        bucket=bucket(order.class_, order.overdue),
        status=order.status,
        refunded=order.refunded and order.class_ is Class.SUCCESS,
        value=order.amount.value if order.amount else "0",
        legs={leg.system: (bucket(leg.class_, leg.overdue), leg.status) for leg in order.legs},
    )


def bucket(class_: Class, overdue: bool) -> str:
    """success, failed, waiting or overdue: Delayed is always shown split."""
    if class_ is Class.DELAYED:
        return OVERDUE if overdue else WAITING
    return class_.value


def minute_of(at: datetime) -> datetime:
    """The UTC minute an instant lies in."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def count_change(deltas: Deltas, before: Standing | None, order: Order, after: Standing) -> None:
    """Move everything that counts this order from where it stood to where it stands."""
    if before == after:
        return
    if before is not None:
        _weigh(deltas, before, -1)
    _weigh(deltas, after, +1)
    _reach(deltas, before, order, after)


def _weigh(deltas: Deltas, at: Standing, sign: int) -> None:
    value = Decimal(at.value) * sign
    deltas.count(Counter(at.minute, ORDER, at.channel, at.bucket), sign, value)
    if at.refunded:
        deltas.count(Counter(at.minute, ORDER, at.channel, REFUNDED), sign, value)
    for system, (leg_bucket, _) in at.legs.items():
        deltas.count(Counter(at.minute, system, at.channel, leg_bucket), sign, value)
        if leg_bucket == OVERDUE:
            deltas.add("transmissions_overdue", system, by=sign)
    if at.bucket in (WAITING, OVERDUE):
        deltas.add("orders_open", at.channel, at.status, by=sign)
    if at.bucket == OVERDUE:
        deltas.add("orders_overdue", at.channel, at.status, by=sign)


def _reach(deltas: Deltas, before: Standing | None, order: Order, after: Standing) -> None:
    """Totals of what was reached: they only ever grow."""
    if before is None:
        deltas.add("orders_placed", after.channel)
    if before is None or _class(before.bucket) != order.class_:
        deltas.add("orders", after.channel, order.class_)
        if order.class_ is not Class.DELAYED:
            spent = max(0.0, (order.status_since - order.placed_at) / timedelta(seconds=1))
            deltas.observe("order_duration", spent, ORDER_BOUNDS_S, after.channel, order.class_)
    known = before.legs if before is not None else {}
    for leg in order.legs:
        counted = known.get(leg.system)
        if counted is not None and _class(counted[0]) == leg.class_:
            continue
        deltas.add("transmissions", leg.system, after.channel, leg.class_)
        if leg.duration_s is not None:
            deltas.observe(
                "transmission_duration",
                max(0.0, leg.duration_s),
                DURATION_BOUNDS_S,
                leg.system,
                after.channel,
            )


def _class(leg_bucket: str) -> Class:
    return Class.DELAYED if leg_bucket in (WAITING, OVERDUE) else Class(leg_bucket)


def count_event(deltas: Deltas, system: System, result: str) -> None:
    """One event came through the door with this result."""
    deltas.add("events", system, result)


def count_lag(deltas: Deltas, system: System, event: Event, now: datetime) -> None:
    """How long after it happened an event arrived; clocks that run ahead count as none."""
    lag = max(0.0, (now - event.time).total_seconds())
    deltas.observe("ingest_lag", lag, LAG_BOUNDS_S, system)


class Word(Struct, frozen=True):
    """The latest a system said: when it happened, when it came, how many events that makes."""

    last_event_at: datetime
    last_received_at: datetime
    events: int


def last_words(events: Iterable[Event], now: datetime) -> dict[System, Word]:
    """What these events, arriving now, say about when each system last spoke."""
    words: dict[System, Word] = {}
    for event in events:
        system = event.data.system
        known = words.get(system)
        at = min(event.time, now)
        words[system] = Word(
            at if known is None else max(known.last_event_at, at),
            now,
            1 if known is None else known.events + 1,
        )
    return words
