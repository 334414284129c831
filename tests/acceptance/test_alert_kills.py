"""kill -9 anywhere between a cause and its notice: it is told, and once, by whoever is left."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.acceptance.test_notices import Hook, apply_book, settings_of
from tests.product import Product, Tenant, eventually

from orderwatch.adapters import clock

SEED = 20261125
TAKEN_OVER_WITHIN = 10.0
FAILED = "select count(*) from incidents where rule = 'order_failed'"
_WAITS_FOR_US = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ilike"
    " '%incident_orders%' and pid <> pg_backend_pid()"
)


def told_through(product: Product, hook: Hook) -> Tenant:
    """Alice, whose operations have a webhook; the server begins anew and knows it at once."""
    alice = product.tenant("alice")
    apply_book(alice, hook.url, operations="hook")
    product.kill()
    product.start()
    return alice


def fail(tenant: Tenant, code: str) -> None:
    """An order whose price is refused, for a reason nobody else has."""
    answer = tenant.post(
        said_now(code, "phoenix_oms", "PENDING"),
        said_now(code, "commerce_engine", "REJECTED", reason={"code": code}),
    )
    assert answer.status_code == 202, answer.text


def said_now(order: str, system: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{order}-{system}-{status}",
        "source": f"/{system}",
        "type": "orderwatch.status.v1",
        "subject": order,
        "time": clock.now().isoformat(),
        "data": {"system": system, "status": status, **more},
    }


def first_told(hook: Hook) -> dict[str, set[str]]:
    """By reason: the keys of the messages that said an order failed for it."""
    told: dict[str, set[str]] = {}
    for key, data in list(hook.got):
        for one in data["notices"] if data["kind"] == "firing" else ():
            told.setdefault(str(one["title"]).rpartition(": ")[2], set()).add(key)
    return told


def is_told(hook: Hook, code: str) -> Callable[[], bool]:
    return lambda: code in first_told(hook)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook().running() as running:
        yield running


def test_a_worker_killed_anywhere_between_cause_and_notice_tells_it_and_under_one_key(
    new_product: Callable[..., Product], hook: Hook
) -> None:
    chance = random.Random(SEED)
    product = new_product(settings=settings_of("alice"))
    alice, bob = told_through(product, hook), product.tenant("bob")
    codes = [f"code-{n}" for n in range(5)]
    for code in codes:
        fail(alice, code)
        fail(bob, f"bobs-{code}")
        time.sleep(chance.uniform(0, 0.12))
        product.kill()
        product.start()
        eventually(is_told(hook, code), f"{code} is told", product.tail)
    told = first_told(hook)
    assert told.keys() == set(codes)
    assert all(len(keys) == 1 for keys in told.values()), told
    assert alice.rows(FAILED) == [(len(codes),)]
    eventually(lambda: bob.rows(FAILED) == [(len(codes),)], "Bob has his own", product.tail)
    assert told.keys() == first_told(hook).keys()


def test_two_workers_tell_nobody_twice(new_product: Callable[..., Product], hook: Hook) -> None:
    settings = settings_of("alice")
    one = new_product(settings=settings)
    alice = told_through(one, hook)
    new_product(role="worker", database_url=one.database_url, settings=settings)
    codes = [f"code-{n}" for n in range(12)]
    for code in codes:
        fail(alice, code)
    for code in codes:
        eventually(is_told(hook, code), f"{code} is told", one.tail)
    assert len(hook.keys) == len(set(hook.keys))
    assert all(len(keys) == 1 for keys in first_told(hook).values())


def test_a_worker_that_stands_still_in_the_middle_is_taken_over(
    new_product: Callable[..., Product], hook: Hook
) -> None:
    settings = settings_of("alice")
    one = new_product(settings=settings)
    alice = told_through(one, hook)
    with one.owner() as connection:
        with connection.transaction():
            connection.execute("lock table incident_orders in exclusive mode")
            fail(alice, "stuck")
            eventually(lambda: counted(one) > 0, "the worker is in mid-evaluation", one.tail)
            other = new_product(role="worker", database_url=one.database_url, settings=settings)
            os.kill(one.pid, signal.SIGSTOP)
        with going_on_afterwards(one):
            took = eventually(is_told(hook, "stuck"), "the other tells it", other.tail)
            assert took < TAKEN_OVER_WITHIN
    fail(alice, "later")
    eventually(is_told(hook, "later"), "both go on", one.tail)
    told = first_told(hook)
    assert {code: len(keys) for code, keys in told.items()} == {"stuck": 1, "later": 1}
    assert len(hook.keys) == len(set(hook.keys))


@contextmanager
def going_on_afterwards(product: Product) -> Iterator[None]:
    """Whatever happens in the block, the process goes on."""
    try:
        yield
    finally:
        os.kill(product.pid, signal.SIGCONT)


def counted(product: Product) -> int:
    """How many wait to write down which orders an incident has."""
    with product.owner() as connection:
        row = connection.execute(_WAITS_FOR_US).fetchone()
    assert row is not None
    return int(row[0])
