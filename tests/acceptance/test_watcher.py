"""Deadlines pass by themselves: who watches the clock says so within a second, and only once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from tests.acceptance.words import OMS, event, now
from tests.book import book_of, counted_again
from tests.product import Product, Tenant, eventually

A_SECOND = 1.0


def test_an_order_and_a_leg_are_overdue_within_a_second_of_their_deadline(
    alice: Tenant, bob: Tenant
) -> None:
    """Forty orders of two tenants, each due at its own moment, some by a leg's promise."""
    due: dict[tuple[int, str], datetime] = {}
    for number, tenant in enumerate((alice, bob)):
        placed_at, events = now(), []
        for n in range(20):
            order, deadline = f"o-{n}", now(2 + n / 10 + number / 20)
            due[tenant.id, order] = deadline
            by_leg = n % 2 == 1
            promise = None if by_leg else deadline
            events.append(event(order, OMS, "PENDING", placed_at, channel="app", due_at=promise))
            events.append(event(order, "commerce_engine", "ACCEPTED", placed_at))
            if by_leg:
                events.append(event(order, "checkout", "PENDING", placed_at, due_at=deadline))
        assert tenant.send(events).accepted == len(events)
    late: dict[tuple[int, str], float] = {}
    began = time.monotonic()
    while len(late) < len(due):
        assert time.monotonic() - began < 30, f"{len(late)} of {len(due)} became overdue"
        for tenant in (alice, bob):
            rows = tenant.rows("select order_id from orders where overdue")
            seen = now()
            for (order,) in rows:
                if (tenant.id, order) not in late:
                    late[tenant.id, order] = (seen - due[tenant.id, order]).total_seconds()
        time.sleep(0.02)
    assert min(late.values()) >= 0
    assert max(late.values()) < A_SECOND, sorted(late.values())[-5:]
    for tenant in (alice, bob):
        listed = tenant.get("orders", overdue="true").json()["items"]
        overdue = {order["order_id"] for order in listed}
        assert overdue == {f"o-{n}" for n in range(20)}
        legs = tenant.rows("select order_id from legs where overdue and system = 'checkout'")
        assert {order for (order,) in legs} == {f"o-{n}" for n in range(1, 20, 2)}
        assert counted_again(book_of(tenant)) == []


def test_several_watchers_on_one_database_count_each_order_once(
    new_product: Callable[..., Product],
) -> None:
    first = new_product()
    other = new_product(role="worker", database_url=first.database_url)
    alice, bob = first.tenant("alice"), first.tenant("bob")
    orders = 300
    for tenant in (alice, bob):
        deadline = now(3)
        told = [event(f"o-{n}", OMS, "PENDING", now(), due_at=deadline) for n in range(orders)]
        assert tenant.send(told).accepted == orders
    for tenant in (alice, bob):
        eventually(
            lambda tenant=tenant: (
                tenant.rows("select count(*) from orders where overdue")  # type: ignore[misc]
                == [(orders,)]
            ),
            "every order is overdue",
        )
        book = book_of(tenant)
        assert counted_again(book) == []
        assert book["totals"]["orders_overdue", "", "PENDING"] == orders
        assert tenant.get("summary").json()["overdue"] == orders
        elsewhere = Tenant(other, tenant.name, tenant.key)
        assert elsewhere.get("summary").json()["overdue"] == orders


def test_an_order_that_goes_on_is_not_overdue_any_more(alice: Tenant) -> None:
    alice.send([event("o-1", OMS, "PENDING", now(), due_at=now(0.5))])
    eventually(lambda: alice.get("orders", overdue="true").json()["items"], "the order is overdue")
    went_on = event("o-1", OMS, "PROCESSING", now())
    alice.send([went_on, event("o-1", "commerce_engine", "ACCEPTED", now())])
    assert alice.get("orders/o-1").json()["overdue"] is False
    assert alice.get("orders", overdue="true").json()["items"] == []
    assert counted_again(book_of(alice)) == []
