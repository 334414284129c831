"""An independent reading of the object-centric log: what each of its orders went through.

Written with the csv module alone; it shares no line with the mapping or the fold.
"""

from __future__ import annotations

import ast
import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class Saying:
    """One statement that an event must carry; `about` is the item or package it speaks of."""

    system: str
    status: str
    time: datetime
    amount: Decimal | None = None
    about: str | None = None


@dataclass(frozen=True)
class ExpectedOrder:
    """One order: its times, its amounts, everything said about it, and how it ended."""

    order_id: str
    placed_at: datetime
    completed_at: datetime | None
    status: str
    class_: str
    amount: Decimal
    captured: Decimal | None
    packages: frozenset[str]
    sayings: frozenset[Saying]


@dataclass
class _Gathered:
    items: set[str]
    sayings: set[Saying]
    placed_at: datetime
    amount: Decimal
    begun: list[datetime]
    captured: Decimal | None = None


def read_orders(path: Path) -> dict[str, ExpectedOrder]:
    """Every order of the log."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    orders: dict[str, _Gathered] = {}
    home: dict[str, str] = {}
    content: dict[str, set[str]] = {}
    seen: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in rows:
        _gather_order(row, orders, home)
        for package in _things(row, "packages"):
            seen[row["ocel:activity"], package].append(_time(row))
            if row["ocel:activity"] == "create package":
                content[package] = set(_things(row, "items"))
    for row in rows:
        _tell_things(row, orders, home, content)
    return {
        order_id: _ended(order_id, gathered, content, seen) for order_id, gathered in orders.items()
    }


def _things(row: dict[str, str], kind: str) -> list[str]:
    text = row[f"ocel:type:{kind}"].strip()
    return [str(thing) for thing in ast.literal_eval(text)] if text else []


def _time(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["ocel:timestamp"])


def _gather_order(row: dict[str, str], orders: dict[str, _Gathered], home: dict[str, str]) -> None:
    """What a row says about orders by name."""
    at, price = _time(row), Decimal(row["price"])
    for order_id in _things(row, "orders"):
        if row["ocel:activity"] == "place order":
            orders[order_id] = _Gathered(set(_things(row, "items")), set(), at, price, [])
            home.update(dict.fromkeys(_things(row, "items"), order_id))
            orders[order_id].sayings.add(Saying("phoenix_oms", "PENDING", at, price))
        elif row["ocel:activity"] == "confirm order":
            orders[order_id].sayings.add(Saying("commerce_engine", "ACCEPTED", at))
            orders[order_id].begun.append(at)
        elif row["ocel:activity"] == "payment reminder":
            orders[order_id].sayings.add(Saying("checkout", "PENDING", at))
        elif row["ocel:activity"] == "pay order":
            orders[order_id].captured = price
            orders[order_id].sayings.add(Saying("checkout", "CAPTURED", at, price))


_ABOUT_ITEMS = {
    "item out of stock": ("stock", "BACKORDERED"),
    "reorder item": ("stock", "REORDERED"),
    "pick item": ("highjump", "PICKING"),
}
_ABOUT_PACKAGES = {
    "create package": ("highjump", "PACKED"),
    "send package": ("loginext", "IN_TRANSIT"),
    "failed delivery": ("loginext", "NOT_DELIVERED"),
    "package delivered": ("loginext", "IN_TRANSIT"),
}


def _tell_things(
    row: dict[str, str],
    orders: dict[str, _Gathered],
    home: dict[str, str],
    content: dict[str, set[str]],
) -> None:
    """What a row says about an item or a package, told to the orders it belongs to."""
    activity, at = row["ocel:activity"], _time(row)
    if activity in _ABOUT_ITEMS:
        system, status = _ABOUT_ITEMS[activity]
        for item in _things(row, "items"):
            orders[home[item]].sayings.add(Saying(system, status, at, about=item))
            if activity == "pick item":
                orders[home[item]].sayings.add(Saying("picked", item, at))
    elif activity in _ABOUT_PACKAGES:
        system, status = _ABOUT_PACKAGES[activity]
        for package in _things(row, "packages"):
            for order_id in {home[item] for item in content[package]}:
                orders[order_id].sayings.add(Saying(system, status, at, about=package))


def _ended(
    order_id: str,
    gathered: _Gathered,
    content: dict[str, set[str]],
    seen: dict[tuple[str, str], list[datetime]],
) -> ExpectedOrder:
    """The order as a whole: it is complete when the last of its packages is delivered."""
    packages = {package for package, items in content.items() if items & gathered.items}
    packed = set().union(*(content[package] for package in packages)) & gathered.items
    picks = [saying for saying in gathered.sayings if saying.system == "picked"]
    said = gathered.sayings - set(picks)
    sent = [seen["send package", package] for package in packages]
    delivered = [seen["package delivered", package] for package in packages]
    status, completed_at = "PENDING", None
    if begun := gathered.begun + [saying.time for saying in picks]:
        status = "PROCESSING"
        said.add(Saying("phoenix_oms", "PROCESSING", min(begun)))
    if {saying.status for saying in picks} == gathered.items:
        said.add(Saying("stock", "RESERVED", max(saying.time for saying in picks)))
    if any(sent):
        status = "SHIPPING"
        said.add(Saying("phoenix_oms", "SHIPPING", min(min(times) for times in sent if times)))
    if packed == gathered.items and all(sent):
        said.add(Saying("highjump", "HANDED_OVER", max(max(times) for times in sent)))
    if packed == gathered.items and all(delivered):
        status, completed_at = "COMPLETE", max(max(times) for times in delivered)
        said.add(Saying("loginext", "DELIVERED", completed_at))
        said.add(Saying("phoenix_oms", "COMPLETE", completed_at))
    return ExpectedOrder(
        order_id=order_id,
        placed_at=gathered.placed_at,
        completed_at=completed_at,
        status=status,
        class_="success" if status == "COMPLETE" else "delayed",
        amount=gathered.amount,
        captured=gathered.captured,
        packages=frozenset(packages),
        sayings=frozenset(said),
    )
