"""An independent reading of the Olist tables: what the ledger must say about each order, and why.

Written from the product page and the data's README with the csv module alone; it shares no line
with the mapping, the templates or the fold, so that it can contradict them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

OMS = "phoenix_oms"

CLASS_OF = {
    "PENDING": "delayed",
    "PROCESSING": "delayed",
    "SHIPPING": "delayed",
    "COMPLETE": "success",
    "CANCELED": "failed",
}
THRESHOLD_OF = {
    "PENDING": timedelta(minutes=15),
    "PROCESSING": timedelta(minutes=30),
    "SHIPPING": timedelta(hours=4),
}
MAY_GO_TO = {
    "PENDING": {"PROCESSING", "CANCELED"},
    "PROCESSING": {"SHIPPING", "COMPLETE", "CANCELED"},
    "SHIPPING": {"COMPLETE", "CANCELED"},
    "COMPLETE": set[str](),
    "CANCELED": set[str](),
}
STEP_OF = {"PENDING": 1, "PROCESSING": 3, "SHIPPING": 4, "COMPLETE": 5}
LEG_CLASS = {
    ("checkout", "CAPTURED"): "success",
    ("highjump", "HANDED_OVER"): "success",
    ("loginext", "IN_TRANSIT"): "delayed",
    ("loginext", "DELIVERED"): "success",
    ("commerce_engine", "REJECTED"): "failed",
}
SKEW = timedelta(seconds=2)


@dataclass(frozen=True)
class Said:
    """One statement that an event must carry. `rank` orders what was said at the same second."""

    order_id: str
    system: str
    status: str
    time: datetime
    rank: int
    amount: Decimal | None = None
    due_at: datetime | None = None
    fulfilment: str | None = None
    delivery: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Oddity:
    """One expected deviation. For a leg `from_` and `to` are that system's words."""

    kind: str
    system: str
    from_: str | None
    to: str
    at: datetime


@dataclass(frozen=True)
class ExpectedLeg:
    """A leg that spoke. `ended_at` None while it is open; `due_at` only where a system promised."""

    status: str
    class_: str
    ended_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True)
class ExpectedOrder:
    """One order as the ledger must have it, long after its last event."""

    order_id: str
    status: str
    class_: str
    placed_at: datetime
    status_since: datetime
    deadline: datetime | None
    overdue: bool
    amount: Decimal | None
    captured: Decimal | None
    promise: datetime | None
    fulfilment: str | None
    delivery: str | None
    legs: dict[str, ExpectedLeg]
    oddities: tuple[Oddity, ...]
    said: tuple[Said, ...]


def read_orders(folder: Path) -> dict[str, ExpectedOrder]:
    """Every order of a folder with orders.csv, order_items.csv and order_payments.csv."""
    totals = _sums(folder / "order_items.csv", "price", "freight_value")
    paid = _sums(folder / "order_payments.csv", "payment_value")
    with (folder / "orders.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["order_id"]: _judged(tuple(_statements(row, totals, paid)))
            for row in csv.DictReader(file)
        }


def _sums(path: Path, *columns: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sums[row["order_id"]] += sum(Decimal(row[column]) for column in columns)
    return sums


def _time(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if text else None


def _statements(
    row: dict[str, str], totals: dict[str, Decimal], paid: dict[str, Decimal]
) -> Iterator[Said]:
    """What the row means. An order without items has no known total, rather than one of zero."""
    order_id = row["order_id"]
    purchase = _time(row["order_purchase_timestamp"])
    approved = _time(row["order_approved_at"])
    carrier = _time(row["order_delivered_carrier_date"])
    customer = _time(row["order_delivered_customer_date"])
    promise = _time(row["order_estimated_delivery_date"])
    assert purchase
    yield Said(order_id, OMS, "PENDING", purchase, 10, totals.get(order_id))
    if approved:
        yield Said(order_id, "checkout", "CAPTURED", approved, 20, paid.get(order_id))
        yield Said(order_id, OMS, "PROCESSING", approved, 30)
    if carrier:
        yield Said(order_id, "highjump", "HANDED_OVER", carrier, 40, fulfilment="warehouse")
        yield Said(order_id, OMS, "SHIPPING", carrier, 50)
        yield Said(
            order_id, "loginext", "IN_TRANSIT", carrier, 55, due_at=promise, delivery="scheduled"
        )
    if customer:
        yield Said(
            order_id, "loginext", "DELIVERED", customer, 60, due_at=promise, delivery="scheduled"
        )
        yield Said(order_id, OMS, "COMPLETE", customer, 70)
    last = max(time for time in (purchase, approved, carrier, customer) if time)
    word = row["order_status"]
    if word == "unavailable":
        yield Said(order_id, "commerce_engine", "REJECTED", last, 80, reason="no_stock")
    if word in ("unavailable", "canceled"):
        yield Said(order_id, OMS, "CANCELED", last, 90, reason=word)


def _judged(said: tuple[Said, ...]) -> ExpectedOrder:
    in_time = sorted(said, key=lambda one: (one.time, one.rank))
    own = [one for one in in_time if one.system == OMS]
    legs, leg_oddities = _legs([one for one in in_time if one.system != OMS], own[0].time)
    status, since, oddities = _walk(own)
    threshold = THRESHOLD_OF.get(status)
    return ExpectedOrder(
        order_id=own[0].order_id,
        status=status,
        class_=CLASS_OF[status],
        placed_at=own[0].time,
        status_since=since,
        deadline=since + threshold if threshold else None,
        overdue=threshold is not None,
        amount=next((one.amount for one in said if one.status == "PENDING"), None),
        captured=next((one.amount for one in said if one.status == "CAPTURED"), None),
        promise=next((one.due_at for one in said if one.due_at), None),
        fulfilment=next((one.fulfilment for one in said if one.fulfilment), None),
        delivery=next((one.delivery for one in said if one.delivery), None),
        legs=legs,
        oddities=tuple(sorted([*oddities, *leg_oddities], key=lambda oddity: oddity.at)),
        said=said,
    )


def _walk(own: list[Said]) -> tuple[str, datetime, list[Oddity]]:
    """The OMS's statuses in the order of time: where the order ends, since when, what was odd."""
    status, since = own[0].status, own[0].time
    oddities: list[Oddity] = []
    for one in own[1:]:
        if one.status == status:
            continue
        kind = _oddity(status, one.status)
        if kind:
            oddities.append(Oddity(kind, OMS, status, one.status, one.time))
        if kind != "event_after_final":
            status, since = one.status, one.time
    return status, since, oddities


def _oddity(status: str, to: str) -> str | None:
    if to in MAY_GO_TO[status]:
        return None
    if status == "CANCELED":
        return "event_after_final"
    if status in STEP_OF and to in STEP_OF:
        return "regression" if STEP_OF[to] < STEP_OF[status] else "skipped_step"
    return "unexpected_transition"


def _legs(said: list[Said], placed_at: datetime) -> tuple[dict[str, ExpectedLeg], list[Oddity]]:
    legs: dict[str, ExpectedLeg] = {}
    oddities: list[Oddity] = []
    for one in said:
        class_ = LEG_CLASS[one.system, one.status]
        before = legs.get(one.system)
        if one.time < placed_at - SKEW:
            oddities.append(Oddity("impossible_time", one.system, None, one.status, one.time))
        if before and before.class_ == "success" and class_ == "delayed":
            oddities.append(Oddity("regression", one.system, before.status, one.status, one.time))
        ended_at = None if class_ == "delayed" else one.time
        due_at = one.due_at or (before.due_at if before else None)
        legs[one.system] = ExpectedLeg(one.status, class_, ended_at, due_at)
    return legs, oddities
