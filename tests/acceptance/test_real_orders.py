"""Real orders, all the way: from tables over HTTP to verdicts, beside an independent reading."""

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
    took_all(sent, olist_file)
    return tenant


@pytest.fixture(scope="session")
def shop_book(shop: Tenant) -> Book:
    return book_of(shop)


@pytest.fixture(scope="session")
def expected(real_data: Path) -> dict[str, olist.ExpectedOrder]:
    return olist.read_orders(real_data / "olist")


def test_every_real_order_stands_as_an_independent_reading_says(
    shop: Tenant, expected: dict[str, olist.ExpectedOrder]
) -> None:
    given = all_orders(shop)
    assert len(expected) > 1000
    assert given.keys() == expected.keys()
    wrong = {
        order_id: apart
        for order_id, order in expected.items()
        if (apart := unlike(as_told(given[order_id]), as_expected(order)))
    }
    assert not wrong, told_shortly(wrong)


def test_the_tables_say_the_same_as_the_api(
    shop_book: Book, expected: dict[str, olist.ExpectedOrder]
) -> None:
    """What dashboards read: the columns of orders and legs."""
    legs: dict[str, dict[str, Any]] = {order_id: {} for order_id in expected}
    for (order_id, system), leg in shop_book["legs"].items():
        legs[order_id][system] = leg_as_told(leg)
    wrong = {}
    for order_id, order in expected.items():
        row = shop_book["orders"][order_id]
        told = {
            "class": row["class"],
            "overdue": row["overdue"],
            "status": row["status"],
            "placed_at": instant(row["placed_at"]),
            "status_since": instant(row["status_since"]),
            "deadline": instant(row["deadline"]),
            "amount": None if row["amount"] is None else Decimal(str(row["amount"])),
            "deviation_count": row["deviations"],
            "legs": legs[order_id],
        }
        meant = as_expected(order)
        if apart := unlike(told, {name: meant[name] for name in told}):
            wrong[order_id] = apart
    assert not wrong, told_shortly(wrong)


def test_the_counters_are_the_orders_counted(shop_book: Book) -> None:
    assert counted_again(shop_book) == []


def test_the_summary_counts_every_real_order_once(
    shop: Tenant, expected: dict[str, olist.ExpectedOrder]
) -> None:
    summary = shop.get("summary", **{"from": "2016-01-01T00:00:00Z"}).json()
    classes = Counter(order.class_ for order in expected.values())
    assert {name: summary[name] for name in ("success", "failed", "delayed")} == classes
    assert (summary["total"], summary["overdue"]) == (len(expected), classes["delayed"])


def test_each_kind_of_dirt_is_explained_on_the_order_itself(
    shop: Tenant, expected: dict[str, olist.ExpectedOrder]
) -> None:
    """One order of each kind of irregularity, asked for over HTTP, with its history."""
    kinds = {
        (oddity.kind, oddity.system): order
        for order in expected.values()
        for oddity in order.oddities
    }
    assert kinds
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
    assert len(expected) > 1000
    took_all(sent, output)
    given = all_orders(warehouse)
    assert given.keys() == expected.keys()
    wrong = {
        order_id: apart
        for order_id, order in expected.items()
        if (apart := unlike(log_as_told(given[order_id]), log_as_expected(order)))
    }
    assert not wrong, told_shortly(wrong)
    assert counted_again(book_of(warehouse)) == []


def log_as_told(order: dict[str, Any]) -> dict[str, Any]:
    complete = order["status"] == "COMPLETE"
    return {
        "status": order["status"],
        "class": order["class"],
        "placed_at": instant(order["placed_at"]),
        "completed_at": instant(order["status_since"]) if complete else None,
        "amount": Decimal(order["amount"]["value"]),
        "captured": amount_of(order, "checkout", "captured"),
        "events": order["event_count"],
    }


def log_as_expected(order: ocel.ExpectedOrder) -> dict[str, Any]:
    return {
        "status": order.status,
        "class": order.class_,
        "placed_at": order.placed_at,
        "completed_at": order.completed_at,
        "amount": order.amount,
        "captured": order.captured,
        "events": len(order.sayings),
    }


def all_orders(tenant: Tenant) -> dict[str, Any]:
    """Every order of a tenant, page by page."""
    given: dict[str, Any] = {}
    more: dict[str, str] = {}
    while True:
        page = tenant.get("orders", limit="500", **more).json()
        assert not given.keys() & {order["order_id"] for order in page["items"]}
        given |= {order["order_id"]: order for order in page["items"]}
        if page["next"] is None:
            return given
        more = {"cursor": page["next"]}


def took_all(sent: dict[str, Any], file: Path) -> None:
    """Every event was new; over several connections some overtook their order and were parked."""
    assert sent["accepted"] + sent["parked"] == len(read_lines(file)), sent
    assert (sent["duplicate"], sent["rejected"], sent["problem"]) == (0, 0, None), sent


def as_told(order: dict[str, Any]) -> dict[str, Any]:
    """What the API says, in the oracle's words."""
    return {
        "status": order["status"],
        "class": order["class"],
        "overdue": order["overdue"],
        "placed_at": instant(order["placed_at"]),
        "status_since": instant(order["status_since"]),
        "deadline": instant(order["deadline"]),
        "amount": Decimal(order["amount"]["value"]) if order["amount"] else None,
        "captured": amount_of(order, "checkout", "captured"),
        "fulfilment": order["fulfilment"],
        "delivery": order["delivery"],
        "refunded": order["refunded"],
        "events": order["event_count"],
        "deviations": [
            (one["kind"], one["system"], one.get("from"), one.get("to"), instant(one["at"]))
            for one in order["deviations"]
        ],
        "deviation_count": order["deviation_count"],
        "legs": {leg["system"]: leg_as_told(leg) for leg in order["legs"]},
    }


def leg_as_told(leg: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": leg["status"],
        "class": leg["class"],
        "overdue": leg["overdue"],
        "ended_at": instant(leg["ended_at"]),
        "deadline": instant(leg["deadline"]),
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
        "refunded": False,
        "events": len(order.said),
        "deviations": oddities,
        "deviation_count": len(oddities),
        "legs": expected_legs(order),
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


def amount_of(order: dict[str, Any], system: str, kind: str) -> Decimal | None:
    stated = [m for m in order["amounts"] if (m["system"], m["kind"]) == (system, kind)]
    return Decimal(stated[0]["value"]) if stated else None


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
