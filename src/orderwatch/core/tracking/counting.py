"""What the counters hold of an order, and how they move when its verdict does.

Counters move by the difference between the standing that was counted last and the new one, both
known in the transaction that stores the order: a retry, a refold or a repeat moves nothing twice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from orderwatch.core.model import Class, Event, Order, System
from orderwatch.core.tracking.passing import FAILED, HEARD, PASSED, Passing

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
    """What is counted of an order now: where, in which bucket, and each leg's bucket and word.

    `active`: the minute of its latest activity (counted from 1970), if it was counted there.
    `mismatches`: type and system of each that is open. New fields go to the end and have a default.
    """

    minute: datetime
    channel: str
    bucket: str
    status: str
    refunded: bool
    value: str
    legs: dict[System, tuple[str, str | None]]
    active: int | None = None
    mismatches: tuple[tuple[str, System], ...] = ()


Active = tuple[int, str, str]
"""The key of a count of orders active: the minute of the latest activity, channel, bucket."""


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
    """By how much counters and totals move, and what happened; sums over any number of orders."""

    def __init__(self) -> None:
        self.passing = Passing()
        self.counts: dict[Counter, list[Decimal | int]] = defaultdict(lambda: [0, Decimal(0)])
        self.totals: dict[Total, float] = defaultdict(float)
        self.activity: dict[Active, int] = defaultdict(int)

    def count(self, counter: Counter, n: int, value: Decimal = Decimal(0)) -> None:
        """Move a per-minute counter by `n` orders worth `value`."""
        entry = self.counts[counter]
        entry[0] += n
        entry[1] += value

    def add(self, metric: str, *labels: str, by: float = 1) -> None:
        """Move a total."""
        self.totals[Total(metric, labels)] += by

    def observe(self, metric: str, seconds: float, bounds: tuple[float, ...], *labels: str) -> None:
        """Put one duration into a histogram: its bucket (not cumulated) and the sum."""
        place = bisect_left(bounds, seconds)
        bound = str(bounds[place]) if place < len(bounds) else "+Inf"
        self.totals[Total(metric, labels, bound)] += 1
        self.totals[Total(metric, labels, "sum")] += seconds


def standing(order: Order, active: int | None = None) -> Standing:
    """What the counters should hold of this order, `active` in this minute."""
    return Standing(
        minute=minute_of(order.placed_at),
        channel=order.channel or "",
        bucket=bucket(order.class_, order.overdue),
        status=order.status,
        refunded=order.refunded and order.class_ is Class.SUCCESS,
        value=order.amount.value if order.amount else "0",
        legs={leg.system: (bucket(leg.class_, leg.overdue), leg.status) for leg in order.legs},
        active=active,
        mismatches=tuple((one.type, one.system) for one in order.mismatches),
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
    same_place = before is not None and (
        before.minute == after.minute
        and before.channel == after.channel
        and before.value == after.value
    )
    if before is not None:
        _weigh(deltas, before, -1, after if same_place else None)
    _weigh(deltas, after, +1, before if same_place else None)
    _contradict(deltas, before, after)
    _reach(deltas, before, order, after)


def _contradict(deltas: Deltas, before: Standing | None, after: Standing) -> None:
    """Count the mismatches that are open."""
    was = before.mismatches if before is not None else ()
    if was == after.mismatches:
        return
    for type_, system in was:
        deltas.add("mismatches_open", type_, system, by=-1)
    for type_, system in after.mismatches:
        deltas.add("mismatches_open", type_, system)


def _weigh(deltas: Deltas, at: Standing, sign: int, other: Standing | None) -> None:
    """Count a standing in or out; what the `other` in the same place has too need not move."""
    value = Decimal(at.value) * sign
    _weigh_order(deltas, at, sign, value, other)
    held = other.legs if other is not None else {}
    for system, place in at.legs.items():
        counted = held.get(system)
        if counted is not None and counted[0] == place[0]:
            continue
        deltas.count(Counter(at.minute, system, at.channel, place[0]), sign, value)
        if place[0] == OVERDUE:
            deltas.add("transmissions_overdue", system, by=sign)


def _weigh_order(
    deltas: Deltas, at: Standing, sign: int, value: Decimal, other: Standing | None
) -> None:
    if other is None or other.bucket != at.bucket:
        deltas.count(Counter(at.minute, ORDER, at.channel, at.bucket), sign, value)
    if at.refunded and (other is None or not other.refunded):
        deltas.count(Counter(at.minute, ORDER, at.channel, REFUNDED), sign, value)
    if other is not None and other.bucket == at.bucket and other.status == at.status:
        return
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
            spent = max(0.0, (_reached_at(order) - order.placed_at) / timedelta(seconds=1))
            deltas.observe("order_duration", spent, ORDER_BOUNDS_S, after.channel, order.class_)
    was_well = before is None or before.bucket not in FAILED_BUCKETS
    if was_well and after.bucket in FAILED_BUCKETS and order.why.deadline is not None:
        deltas.passing.happen(PASSED, order.why.deadline, ORDER, after.channel)
    known = before.legs if before is not None else {}
    for leg in order.legs:
        counted = known.get(leg.system)
        if leg.overdue and leg.deadline and (counted is None or counted[0] != OVERDUE):
            deltas.passing.happen(PASSED, leg.deadline, leg.system, after.channel)
        if counted is not None and _class(counted[0]) == leg.class_:
            continue
        deltas.add("transmissions", leg.system, after.channel, leg.class_)
        if leg.duration_s is not None and leg.ended_at is not None:
            took = max(0.0, leg.duration_s)
            place = (leg.system, after.channel)
            deltas.observe("transmission_duration", took, DURATION_BOUNDS_S, *place)
            deltas.passing.take(took, leg.ended_at, *place)
            if leg.class_ is Class.FAILED:
                deltas.passing.happen(FAILED, leg.ended_at, *place)


def _reached_at(order: Order) -> datetime:
    """When an order ended: with its status, or with the leg or the deadline that failed it."""
    if order.why.rule.startswith("leg."):
        failed = (leg for leg in order.legs if leg.class_ is Class.FAILED and leg.required)
        return min((leg.ended_at for leg in failed if leg.ended_at), default=order.status_since)
    return order.why.deadline or order.status_since


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


def count_words(deltas: Deltas, words: dict[System, Word], now: datetime) -> None:
    """So many words of each system were heard now."""
    for system, word in words.items():
        deltas.passing.happen(HEARD, now, system, by=word.events)


def last_words(said: Iterable[tuple[System, Event]], now: datetime) -> dict[System, Word]:
    """What these events, arriving now, say about when each system (as labelled) last spoke."""
    words: dict[System, Word] = {}
    for system, event in said:
        known = words.get(system)
        at = min(event.time.astimezone(UTC), now)
        words[system] = Word(
            at if known is None else max(known.last_event_at, at),
            now,
            1 if known is None else known.events + 1,
        )
    return words
