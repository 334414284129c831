"""More than the server can take at once: it says so, stays small, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain

import pytest
from tests.acceptance.words import OMS, event, life, now
from tests.book import book_of, counted_again, differences
from tests.product import Product, Tenant, data_folder, eventually
from tests.sender import Counts, lines_of, send_beside

MB = 1024 * 1024


@pytest.fixture(scope="module")
def narrow() -> Iterator[Product]:
    """A server that lets few events wait."""
    with data_folder() as folder, Product(folder, settings={"waiting_events": "500"}) as running:
        yield running


def test_a_flood_is_held_back_by_503_and_all_of_it_arrives_in_the_end(narrow: Product) -> None:
    product = narrow
    alice, bob = product.tenant("alice"), product.tenant("bob")
    lines = lines_of(chain(*(life(f"o-{n}", now(-7200)) for n in range(500))))
    before = product.memory
    peak = [before]
    done = threading.Event()
    weigher = threading.Thread(target=weigh, args=(product, peak, done))
    weigher.start()
    counts = [Counts(), Counts()]
    floods = [
        threading.Thread(
            target=send_beside,
            args=(tenant.sender, [lines[n : n + 400] for n in range(0, len(lines), 400)], 6, count),
        )
        for tenant, count in zip((alice, bob), counts, strict=True)
    ]
    try:
        for flood in floods:
            flood.start()
        for flood in floods:
            flood.join()
    finally:
        done.set()
        weigher.join()
    both = Counts()
    for count in counts:
        both += count
        assert count.accepted + count.duplicates + count.parked == len(lines)
    assert both.statuses[503] > 0
    assert both.without_retry_after == 0
    assert set(both.statuses) == {202, 503}
    assert max(peak) - before < 150 * MB
    assert differences(book_of(alice), book_of(bob)) == []
    assert alice.rows("select count(*) from events") == [(len(lines),)]
    assert counted_again(book_of(alice)) == []


def test_a_key_that_sends_faster_than_it_may_gets_429_and_the_others_do_not(
    new_product: Callable[..., Product],
) -> None:
    product = new_product(settings={"key_events_per_second": "100"})
    alice, bob = product.tenant("alice"), product.tenant("bob")
    lines = lines_of(chain(*(life(f"o-{n}", now(-7200)) for n in range(120))))  # 10 s saved up
    with alice.sender() as sender:
        hasty = sender.send(lines, batch=100)
    assert hasty.statuses[429] > 0
    assert hasty.without_retry_after == 0
    assert hasty.accepted == len(lines)
    assert bob.post(event("o-1", OMS, "PENDING", now())).status_code == 202


def weigh(product: Product, peak: list[int], done: threading.Event) -> None:
    """Note the server's memory until it is done."""
    while not done.wait(0.02):
        peak.append(product.memory)


def test_a_database_that_refuses_to_write_is_told_as_503_and_all_is_well_after(
    narrow: Product,
) -> None:
    product = narrow
    alice, bob = product.tenant("carol"), product.tenant("dave")
    assert alice.send(life("o-1", now(-7200))).accepted == 10
    set_read_only(product, "on")
    for tenant in (alice, bob):
        eventually(lambda tenant=tenant: refused(tenant), "events are refused")  # type: ignore[misc]
        assert refused(tenant)
    assert alice.get("orders/o-1").status_code == 200
    set_read_only(product, "off")
    eventually(lambda: not refused(alice), "events are taken again")
    assert not refused(bob)


def set_read_only(product: Product, value: str) -> None:
    with product.owner() as connection:
        connection.execute("set transaction_read_only = off")
        connection.execute(f"alter system set default_transaction_read_only = {value}")
        connection.execute("select pg_reload_conf()")


def refused(tenant: Tenant) -> bool:
    """Whether a new event is answered with 503 and the time to come again; else it was taken."""
    answer = tenant.post(event(f"o-{now().timestamp()}", OMS, "PENDING", now(-1)))
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        return True
    assert answer.status_code == 202, f"{answer.status_code}: {answer.text}"
    return False


def test_rebuild_beside_a_server_under_load_changes_nothing_and_disturbs_nobody(
    product: Product, alice: Tenant, bob: Tenant
) -> None:
    batches = [lines_of(life(f"o-{n}", now(-7200) + timedelta(seconds=n))) for n in range(150)]
    shuffled = [lines[::-1] for lines in batches]
    counts = Counts()
    load = threading.Thread(target=send_beside, args=(alice.sender, shuffled, 2, counts))
    load.start()
    rebuilt = []
    try:
        while load.is_alive():
            rebuilt.append(alice.rebuild())
    finally:
        load.join()
    rebuilt.append(alice.rebuild())
    assert [one["changed"] for one in rebuilt] == [0] * len(rebuilt)
    assert rebuilt[-1]["tenants"][alice.name]["orders"] == 150
    assert set(counts.statuses) == {202}
    assert counts.accepted == sum(map(len, batches))
    bob.send([line for lines in batches for line in lines])
    assert differences(book_of(alice), book_of(bob)) == []
