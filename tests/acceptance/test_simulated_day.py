"""The simulator as a stranger: a bad day told over HTTP, its truth file beside the verdicts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.book import Book, book_of, counted_again
from tests.product import REPOSITORY, Product, Tenant

ORDERS = 500
EVERY_FAULT = REPOSITORY / "examples" / "faults" / "bad-day.yaml"

Truth = dict[str, dict[str, Any]]
Told = tuple[Tenant, Book, Truth, dict[str, Any]]


@pytest.fixture(scope="module")
def told(product: Product, workshop: Path) -> Told:
    """A tenant whose day was simulated: its ledger, the truth, and what `send` reported."""
    events, truth = workshop / "day.ndjson", workshop / "day.truth.ndjson"
    where = ("--truth", str(truth), "-o", str(events))
    words = ("--orders", str(ORDERS), "--seed", "11", "--faults", str(EVERY_FAULT))
    product.run("simulate", *words, *where)
    orders = [msgspec.json.decode(line) for line in truth.read_bytes().splitlines()]
    tenant = product.tenant("simulated")
    sent = product.run("send", str(events), "--url", product.url, "--key", tenant.key, exits=1)
    return tenant, book_of(tenant), {order["order_id"]: order for order in orders}, sent


def test_the_day_has_faults_of_every_kind(told: Told) -> None:
    truth = told[2]
    kinds = {fault["kind"] for order in truth.values() for fault in order["faults"]}
    assert kinds >= {
        "clock_skew", "declined", "duplicate", "lost", "malformed", "out_of_stock", "regression",
        "rejected", "shuffled", "silent", "slow", "stuck", "wrong_total",
    }  # fmt: skip


def test_every_simulated_order_stands_as_the_truth_file_says(told: Told) -> None:
    _, book, truth, _ = told
    spoken_of = {
        order_id: order for order_id, order in truth.items() if order["expected"]["status"]
    }
    assert len(truth) == ORDERS
    assert book["orders"].keys() == spoken_of.keys()
    wrong = {
        order_id: (stands(book, order_id), order["expected"], order["faults"])
        for order_id, order in spoken_of.items()
        if stands(book, order_id) != expected(order["expected"])
    }
    assert not wrong, f"{len(wrong)} orders differ: {dict(list(wrong.items())[:4])}"


def test_every_deviation_the_simulator_made_is_recorded(told: Told) -> None:
    _, book, truth, _ = told
    for order_id, order in truth.items():
        if order["expected"]["status"]:
            state = book["orders"][order_id]["state"]
            kinds = {one["kind"] for one in state["deviations"]}
            assert set(order["expected"]["deviations"]) <= kinds, order_id


def test_every_wrong_amount_is_an_open_mismatch_and_no_other_is(told: Told) -> None:
    """Less of a refund than all is a part of it."""
    _, book, truth, _ = told
    found: Counter[str] = Counter()
    for order_id, order in truth.items():
        if order["expected"]["status"]:
            stated = book["orders"][order_id]["standing"]["mismatches"]
            wrong = [
                each["system"]
                for each in order["expected"]["mismatches"]
                if each["kind"] != "refunded" or float(each["stated"]) > float(each["owed"])
            ]
            assert sorted(system for type_, system in stated if type_ == "total") == sorted(wrong)
            found.update(wrong)
    counted = {
        key[2]: int(n)
        for key, n in book["totals"].items()
        if key[:2] == ("mismatches_open", "total")
    }
    assert counted == found


def test_events_of_an_order_the_oms_never_announced_are_parked(told: Told) -> None:
    _, book, truth, _ = told
    parked = Counter(
        msgspec.json.decode(text)["subject"] for (text,) in Counter(book["parked"]).elements()
    )
    assert parked == {
        order_id: order["expected"]["events"]
        for order_id, order in truth.items()
        if not order["expected"]["status"] and order["expected"]["events"]
    }


def test_what_was_broken_and_repeated_is_counted_exactly_and_nothing_else_is_lost(
    told: Told,
) -> None:
    tenant, book, truth, sent = told
    meant: Counter[str] = Counter()
    for order in truth.values():
        meant.update(
            {name: order["expected"][name] for name in ("events", "duplicates", "dead_letters")}
        )
    assert meant["dead_letters"] > 0
    assert meant["duplicates"] > 0
    assert sent["accepted"] + sent["parked"] == meant["events"]
    assert sent["duplicate"] == meant["duplicates"]
    assert sent["rejected"] == meant["dead_letters"]
    assert sum(book["events"].values()) + sum(book["parked"].values()) == meant["events"]
    buried = tenant.rows("select sum(times), bool_and(errors <> '[]') from dead_letters")
    assert buried == [(meant["dead_letters"], True)]


def test_the_days_counters_are_its_orders_counted(told: Told) -> None:
    assert counted_again(told[1]) == []


def stands(book: Book, order_id: str) -> dict[str, Any]:
    """The ledger's verdict in the words of the truth file."""
    order = book["orders"][order_id]
    return {
        "status": order["status"],
        "class": order["class"],
        "overdue": order["overdue"],
        "refunded": order["refunded"],
        "events": order["state"]["event_count"],
        "legs": {
            system: (leg["status"], leg["class"])
            for (of, system), leg in book["legs"].items()
            if of == order_id and leg["status"] is not None
        },
    }


def expected(truth: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": truth["status"],
        "class": truth["class"],
        "overdue": truth["overdue"],
        "refunded": truth["refunded"],
        "events": truth["events"],
        "legs": {system: (leg["status"], leg["class"]) for system, leg in truth["legs"].items()},
    }
