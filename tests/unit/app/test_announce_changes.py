"""Watchers hear of every change of their tenant's orders, or that they missed some."""

from __future__ import annotations

import gc

import msgspec
import pytest
from tests.story import lotus, placed, told

from orderwatch.adapters.postgres.announcing import Notice, fitting
from orderwatch.app.announce_changes import (
    MOST_AT_ONCE,
    MOST_WAITING,
    Hub,
    TooManyWatchers,
    Update,
    update_of,
)
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed

ALICE, BOB = TenantId(1), TenantId(2)


def moved(order_id: str, bucket: str = "waiting", before: str | None = None) -> Changed:
    order = told(placed(0, order=order_id), flow=lotus())
    return Changed(order_id, bucket, before, order.status, order)


async def test_a_watcher_hears_what_moved_and_a_stranger_nothing() -> None:
    hub = Hub()
    alice, bob = hub.watch(ALICE), hub.watch(BOB)
    hub.publish(ALICE, [moved("ada")])
    update = await alice.next(1)
    assert update is not None
    assert [one.order_id for one in update.orders] == ["ada"]
    assert await bob.next(0.01) is None


async def test_what_moved_twice_is_told_once_as_it_is_now() -> None:
    hub = Hub()
    watcher = hub.watch(ALICE)
    hub.publish(ALICE, [moved("ada"), moved("bea")])
    hub.publish(ALICE, [moved("ada", "overdue", "waiting")])
    update = await watcher.next(1)
    assert update is not None
    assert [(one.order_id, one.bucket) for one in update.orders] == [
        ("bea", "waiting"), ("ada", "overdue")
    ]  # fmt: skip


async def test_incidents_that_moved_are_told_beside_orders_each_once() -> None:
    hub = Hub()
    alice, bob = hub.watch(ALICE), hub.watch(BOB)
    hub.publish(ALICE, [moved("ada")])
    for ids in ((7,), (7, 9)):
        hub.tell(ALICE, Update(incidents=tuple(map(IncidentId, ids))))
    update = await alice.next(1)
    assert update is not None
    assert update.incidents == (7, 9)
    assert [one.order_id for one in update.orders] == ["ada"]
    assert await bob.next(0.01) is None


def test_a_notice_of_very_many_incidents_fits_and_asks_to_read_again() -> None:
    many = tuple(map(IncidentId, range(10**15, 10**15 + 900)))
    text = fitting(Notice("p", ALICE, Update(incidents=many)))
    assert len(text) < 8000
    assert msgspec.json.decode(text, type=Notice).update.resync


def test_a_process_of_the_version_before_understands_what_is_told_of_orders() -> None:
    """It knows of no incidents, and skips them."""

    class Before(msgspec.Struct):
        orders: tuple[dict[str, object], ...] = ()
        more: int = 0
        resync: bool = False

    text = msgspec.json.encode(Update(more=2, incidents=(IncidentId(7),)))
    assert msgspec.json.decode(text, type=Before).more == 2


async def test_a_watcher_that_does_not_read_is_told_to_read_again() -> None:
    hub = Hub()
    slow = hub.watch(ALICE)
    for page in range(MOST_WAITING // MOST_AT_ONCE + 1):
        hub.publish(ALICE, [moved(f"o-{page}-{n}") for n in range(MOST_AT_ONCE)])
    assert await slow.next(1) == Update(resync=True)
    hub.publish(ALICE, [moved("ada")])
    update = await slow.next(1)
    assert update is not None
    assert not update.resync


def test_new_trouble_is_named_before_all_else_when_much_moves() -> None:
    calm = [moved(f"calm-{n}") for n in range(MOST_AT_ONCE)]
    known = moved("known", "failed", "failed")
    new = moved("new", "failed", "waiting")
    update = update_of([*calm, known, new])
    assert update.orders[0].order_id == "new"
    assert len(update.orders) == MOST_AT_ONCE
    assert update.more == 2


async def test_a_tenant_has_so_many_watchers_and_no_more() -> None:
    hub = Hub(most_watchers=2)
    first, second = hub.watch(ALICE), hub.watch(ALICE)
    with pytest.raises(TooManyWatchers):
        hub.watch(ALICE)
    hub.watch(BOB)
    hub.leave(first)
    third = hub.watch(ALICE)
    assert hub.watching == 2
    hub.leave(second)
    hub.leave(third)
    assert hub.watching == 0


async def test_a_watcher_nobody_holds_is_forgotten() -> None:
    hub = Hub(most_watchers=1)
    hub.watch(ALICE)
    gc.collect()
    assert hub.watching == 0


async def test_closing_sends_watchers_away() -> None:
    hub = Hub()
    watcher = hub.watch(ALICE)
    hub.close()
    assert await watcher.next(1) is None
    assert watcher.closed


def test_a_notice_fits_what_postgresql_takes_and_counts_what_it_leaves_out() -> None:
    long = [moved("ก" * 98 + str(n)) for n in range(60)]
    notice = fitting(Notice("p", ALICE, update_of(long)))
    assert len(notice.encode()) < 8000
    update = msgspec.json.decode(notice, type=Notice).update
    assert len(update.orders) + update.more == 60
    assert len(update.orders) > 10
