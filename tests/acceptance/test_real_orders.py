"""Real orders, all the way: tables to events, events over HTTP, and every verdict held against an
independent reading of the same files."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.book import Book, book_of, counted_again, differences
from tests.oracle import ocel, olist
from tests.product import REPOSITORY, Product, Tenant
from tests.sender import read_lines, send_beside, shuffled_and_repeated

TABLES = ("orders.csv", "order_items.csv", "order_payments.csv")
LEG_THRESHOLD = {
    "commerce_engine": timedelta(seconds=30),
    "checkout": timedelta(minutes=15),
    "invoice": timedelta(minutes=5),
    "highjump": timedelta(hours=4),
    "loginext": timedelta(hours=48),
}


@pytest.fixture(scope="session")
def olist_file(product: Product, real_data: Path, workshop: Path) -> Path:
    """What `orderwatch import` makes of the shop's tables."""
    output = workshop / "olist.ndjson"
    mapping = REPOSITORY / "examples" / "olist" / "mapping.yaml"
    tables = [str(real_data / "olist" / name) for name in TABLES]
    product.run("import", "--mapping", str(mapping), *tables, "-o", str(output))
    return output


@pytest.fixture(scope="session")
def shop(product: Product, olist_file: Path) -> Tenant:
    """A tenant with all of the shop's orders, sent by `orderwatch send`."""
    tenant = product.tenant("shop")
    sent = product.run("send", str(olist_file), "--url", product.url, "--key", tenant.key)
    assert sent["accepted"] == len(read_lines(olist_file))
    assert (sent["duplicate"], sent["parked"], sent["rejected"]) == (0, 0, 0)
    return tenant


@pytest.fixture(scope="session")
def shop_book(shop: Tenant) -> Book:
    return book_of(shop)


@pytest.fixture(scope="session")
def expected(real_data: Path) -> dict[str, olist.ExpectedOrder]:
    return olist.read_orders(real_data / "olist")


def test_every_real_order_stands_as_an_independent_reading_says(
    shop_book: Book, expected: dict[str, olist.ExpectedOrder]
) -> None:
    orders = shop_book["orders"]
    assert len(expected) == 4101
    assert orders.keys() == expected.keys()
    wrong = {
        order_id: apart
        for order_id, order in expected.items()
        if (apart := unlike(as_told(orders[order_id]), as_expected(order)))
    }
    assert not wrong, told_shortly(wrong)


def test_every_leg_of_a_real_order_stands_as_an_independent_reading_says(
    shop_book: Book, expected: dict[str, olist.ExpectedOrder]
) -> None:
    legs: dict[str, dict[str, Any]] = {order_id: {} for order_id in expected}
    for (order_id, system), leg in shop_book["legs"].items():
        legs[order_id][system] = {
            "status": leg["status"],
            "class": leg["class"],
            "overdue": leg["overdue"],
            "ended_at": instant(leg["ended_at"]),
            "deadline": instant(leg["deadline"]),
        }
    wrong = {
        order_id: apart
        for order_id, order in expected.items()
        if (apart := unlike(legs[order_id], expected_legs(order)))
    }
    assert not wrong, told_shortly(wrong)


def test_the_counters_are_the_orders_counted(shop_book: Book) -> None:
    assert counted_again(shop_book) == []


def test_the_api_gives_real_orders_as_the_independent_reading_has_them(
    shop: Tenant, expected: dict[str, olist.ExpectedOrder]
) -> None:
    given: dict[str, Any] = {}
    cursor: str | None = None
    while cursor is not None or not given:
        more = {"cursor": cursor} if cursor else {}
        page = shop.get("orders", limit="500", **more).json()
        given |= {order["order_id"]: order for order in page["items"]}
        cursor = page["next"]
    assert given.keys() == expected.keys()
    for order_id, order in expected.items():
        told = given[order_id]
        assert (told["class"], told["status"]) == (order.class_, order.status)
        assert told["overdue"] is order.overdue
        assert instant(told["placed_at"]) == order.placed_at
        assert instant(told["deadline"]) == order.deadline
    summary = shop.get("summary", **{"from": "2016-01-01T00:00:00Z"}).json()
    classes = Counter(order.class_ for order in expected.values())
    assert {name: summary["classes"][name] for name in classes} == classes


def test_each_kind_of_dirt_is_explained_on_the_order_itself(
    shop: Tenant, expected: dict[str, olist.ExpectedOrder]
) -> None:
    """One order of each kind of irregularity, asked for over HTTP, with its history."""
    kinds = {
        (oddity.kind, oddity.system): order
        for order in expected.values()
        for oddity in order.oddities
    }
    assert len(kinds) >= 5
    for order in kinds.values():
        told = shop.get(f"orders/{order.order_id}").json()
        assert [one["kind"] for one in told["deviations"]] == [o.kind for o in order.oddities]
        assert told["why"]["rule"].startswith("status.")
        history = shop.get(f"orders/{order.order_id}/events").json()["items"]
        assert len(history) == len(order.said)
        assert set(told["why"]["events"]) <= {f"{one['source']}#{one['id']}" for one in history}


def test_shuffled_and_repeated_real_orders_give_the_same_ledger(
    product: Product, olist_file: Path, shop: Tenant, shop_book: Book
) -> None:
    stirred = product.tenant("shop-stirred")
    lines = read_lines(olist_file)
    batches = shuffled_and_repeated(lines, seed=2016)
    counts = send_beside(stirred.sender, batches, connections=4)
    assert counts.accepted + counts.parked == len(lines)
    assert counts.duplicates == sum(map(len, batches)) - len(lines)
    assert counts.parked > 0
    assert not differences(book_of(stirred), shop_book)
    assert stirred.rebuild()["changed"] == 0
    assert shop.rebuild()["changed"] == 0


@pytest.fixture(scope="session")
def ocel_log(real_data: Path) -> Path:
    return real_data / "ocel_order_simulated.csv"


def test_every_order_of_the_object_centric_log_stands_as_an_independent_reading_says(
    product: Product, ocel_log: Path, workshop: Path
) -> None:
    mapping = REPOSITORY / "examples" / "ocel" / "mapping.yaml"
    output = workshop / "ocel.ndjson"
    product.run("import", "--mapping", str(mapping), str(ocel_log), "-o", str(output))
    warehouse = product.tenant("warehouse")
    sent = product.run("send", str(output), "--url", product.url, "--key", warehouse.key)
    expected = ocel.read_orders(ocel_log)
    assert len(expected) == 2000
    assert (sent["accepted"], sent["rejected"]) == (len(read_lines(output)), 0)
    book = book_of(warehouse)
    assert book["orders"].keys() == expected.keys()
    wrong = {}
    for order_id, order in expected.items():
        told = book["orders"][order_id]
        apart = unlike(
            {
                "status": told["status"],
                "class": told["class"],
                "placed_at": instant(told["placed_at"]),
                "completed_at": instant(told["status_since"])
                if told["status"] == "COMPLETE"
                else None,
                "amount": Decimal(str(told["amount"])),
                "captured": amount_of(told, "checkout/captured"),
                "events": told["state"]["event_count"],
            },
            {
                "status": order.status,
                "class": order.class_,
                "placed_at": order.placed_at,
                "completed_at": order.completed_at,
                "amount": order.amount,
                "captured": order.captured,
                "events": len(order.sayings),
            },
        )
        if apart:
            wrong[order_id] = apart
    assert not wrong, told_shortly(wrong)
    assert counted_again(book) == []


def as_told(order: dict[str, Any]) -> dict[str, Any]:
    """What the ledger says, in the oracle's words."""
    state = order["state"]
    return {
        "status": order["status"],
        "class": order["class"],
        "overdue": order["overdue"],
        "placed_at": instant(order["placed_at"]),
        "status_since": instant(order["status_since"]),
        "deadline": instant(order["deadline"]),
        "amount": None if order["amount"] is None else Decimal(str(order["amount"])),
        "captured": amount_of(order, "checkout/captured"),
        "fulfilment": order["fulfilment"],
        "delivery": order["delivery"],
        "events": state.get("event_count", 0),
        "deviations": [
            (one["kind"], one["system"], one.get("from"), one.get("to"), instant(one["at"]))
            for one in state.get("deviations", [])
        ],
        "deviation_count": order["deviations"],
    }


def as_expected(order: olist.ExpectedOrder) -> dict[str, Any]:
    oddities = [(o.kind, o.system, o.from_, o.to, o.at) for o in order.oddities]
    return {
        "status": order.status,
        "class": order.class_,
        "overdue": order.overdue,
        "placed_at": order.placed_at,
        "status_since": order.status_since,
        "deadline": order.deadline,
        "amount": order.amount,
        "captured": order.captured,
        "fulfilment": order.fulfilment,
        "delivery": order.delivery,
        "events": len(order.said),
        "deviations": oddities,
        "deviation_count": len(oddities),
    }


def expected_legs(order: olist.ExpectedOrder) -> dict[str, Any]:
    """The legs that spoke, and those an open order still waits for: product page, the flow's legs.

    Nobody in this shop says that the engine accepted an order or that stock was reserved, so those
    hops start with the first word of the system itself.
    """
    began: dict[str, datetime] = {}
    for one in sorted(order.said, key=lambda said: (said.time, said.rank)):
        began.setdefault(one.system, one.time)
    began["commerce_engine"] = order.placed_at
    is_open = order.class_ == "delayed"
    legs = {
        system: {
            "status": leg.status,
            "class": leg.class_,
            "overdue": is_open and leg.class_ == "delayed",
            "ended_at": leg.ended_at,
            "deadline": leg.due_at or began[system] + LEG_THRESHOLD[system],
        }
        for system, leg in order.legs.items()
    }
    awaited = {"commerce_engine": order.placed_at} if is_open else {}
    if is_open and "checkout" in order.legs:
        awaited["invoice"] = began["checkout"]
    for system, start in awaited.items():
        legs.setdefault(
            system,
            {
                "status": None,
                "class": "delayed",
                "overdue": True,
                "ended_at": None,
                "deadline": start + LEG_THRESHOLD[system],
            },
        )
    return legs


def amount_of(order: dict[str, Any], name: str) -> Decimal | None:
    money = order["state"].get("amounts", {}).get(name)
    return None if money is None else Decimal(money["value"])


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def unlike(told: dict[str, Any], meant: dict[str, Any]) -> dict[str, Any]:
    """Where the two differ: what the ledger says, and what the reading says."""
    return {
        name: (told.get(name), meant.get(name))
        for name in told.keys() | meant.keys()
        if told.get(name) != meant.get(name)
    }


def told_shortly(wrong: dict[str, Any]) -> str:
    kinds = Counter(tuple(sorted(apart)) for apart in wrong.values())
    few = json.dumps(dict(list(wrong.items())[:5]), default=str, indent=1)
    return f"{len(wrong)} orders differ, in {kinds.most_common()}\n{few}"
