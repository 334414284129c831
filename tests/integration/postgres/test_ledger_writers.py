"""Several writers, watchers and tenants at once: nothing lost, nothing twice, nobody stuck."""

from __future__ import annotations

import asyncio
import random

import pytest
from psycopg import AsyncConnection
from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import DAY, HOUR, MINUTE, batch, folded, lotus, moment, placed, said

from orderwatch.adapters.postgres.ledger import PostgresLedgerTransaction
from orderwatch.app.record_events import NotStorable, Outrun
from orderwatch.app.sweep_parked import expire_parked
from orderwatch.core.errors import Unavailable
from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.changes import Changes, Reference, order_row
from orderwatch.core.tracking.counting import standing
from orderwatch.core.tracking.identity import content, identity
from orderwatch.core.tracking.judge import judge


def days_work(orders: int) -> list[ReceivedEvent]:
    """A few words about each of many orders."""
    return [
        event
        for n in range(orders)
        for event in (
            placed(n, order=f"o-{n}", channel=("app", "website")[n % 2], amount="9.90"),
            said("commerce_engine", "RECEIVED", n + 1, order=f"o-{n}"),
            said("commerce_engine", ("ACCEPTED", "REJECTED")[n % 7 == 0], n + 2, order=f"o-{n}"),
            said("checkout", "CAPTURED", n + 9, order=f"o-{n}", refs={"psp": f"P-{n}"}),
            said("stock", "RESERVED", n + 10, order=f"o-{n}"),
            said("phoenix_oms", "PROCESSING", n + 30, order=f"o-{n}"),
        )
    ]


def shuffled(events: list[ReceivedEvent], seed: int, size: int) -> list[list[ReceivedEvent]]:
    mixed = list(events)
    random.Random(seed).shuffle(mixed)
    return [mixed[n : n + size] for n in range(0, len(mixed), size)]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_writers_in_any_order_end_where_the_fold_ends(house: House, seed: int) -> None:
    work = days_work(40)

    async def write(writer: int) -> None:
        for part in shuffled(work, seed * 10 + writer, 25):
            await house.hear(*part, now=HOUR)

    await asyncio.gather(*(write(n) for n in range(3)))
    assert await house.one("select count(*) from events") == len(work)
    assert await house.one("select count(*) from parked_events") == 0
    orders = await check_book(house, now=HOUR)
    assert len(orders) == 40
    heard = await house.one("select sum(events) from systems")
    assert heard == len(work)
    counted = await house.rows(
        "select labels[2], sum(value)::int from totals where metric = 'events' group by 1"
    )
    assert sum(n for result, n in counted if result != "duplicate") == len(work)
    assert sum(n for result, n in counted if result == "duplicate") == 2 * len(work)


async def test_one_order_that_everybody_writes(house: House) -> None:
    work = [placed(), *(said("stock", "CHECKING", n, id=str(n)) for n in range(1, 60))]

    async def write(part: list[ReceivedEvent]) -> None:
        for one in part:
            await house.hear(one, now=HOUR)

    await asyncio.gather(*(write(work[n::4]) for n in range(4)))
    await asyncio.gather(write(work[:1]))
    rows = await house.rows("select order_id from parked_events")
    assert rows == []
    await check_book(house, now=HOUR)


async def test_who_was_outrun_decides_again(house: House) -> None:
    """Another announces the order between our look and our writing."""
    state = folded(placed())
    order = judge(state, lotus(), moment(0))
    stale = Changes(now=moment(0), orders=[order_row(order, state, standing(order), 1)])

    async def come_too_late() -> None:
        async with house.ledger.transaction(house.alice) as slow:
            assert (await slow.claim({}, ["o-1"], ["o-1"], moment(0))).orders == {}
            await house.hear(placed(), said("stock", "RESERVED", 1), now=1)
            await slow.save(stale)

    with pytest.raises(Outrun):
        await come_too_late()
    await check_book(house, now=1)
    assert (await house.hear(placed(), said("stock", "CHECKING", 0.5), now=1)).accepted == 1
    await check_book(house, now=1)


async def test_a_deadlock_is_a_reason_to_try_again_not_to_give_up(house: House) -> None:
    """Our own writers sort their rows; somebody's script in psql does not."""
    await house.hear(placed(order="a"), placed(order="b"))
    script = await AsyncConnection.connect(house.url, options="-c deadlock_timeout=60s")
    lock = "select 1 from orders where order_id = %s and tenant_id = %s for update"

    async def meet_it() -> None:
        async with house.ledger.transaction(house.alice) as ours:
            await ours.locked(["a"])
            crossing.append(asyncio.create_task(script.execute(lock, ["a", house.alice])))
            await house.until_somebody_waits()
            await ours.locked(["b"])

    crossing: list[asyncio.Task[object]] = []
    async with script:
        await script.execute(lock, ["b", house.alice])
        with pytest.raises(Outrun):
            await meet_it()
        await asyncio.gather(*crossing)
    assert (await house.hear(said("stock", "RESERVED", 1, order="a"), now=2)).accepted == 1


async def test_an_index_entry_too_long_is_the_events_fault_not_the_databases(house: House) -> None:
    state = folded(placed())
    order = judge(state, lotus(), moment(0))
    row = order_row(order, state, standing(order), 1)
    long = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(5_000))
    changes = Changes(now=moment(0), orders=[row], refs=[Reference(long, "awb", "o-1")])

    async def save() -> None:
        async with house.ledger.transaction(house.alice) as transaction:
            await transaction.save(changes)

    with pytest.raises(NotStorable):
        await save()


async def test_a_connection_that_is_cut_is_unavailable_and_the_next_one_works(
    house: House,
) -> None:
    async def lose_it() -> None:
        async with house.ledger.transaction(house.alice) as transaction:
            cut(house, transaction)
            await transaction.history(["o-1"])

    with pytest.raises(Unavailable):
        await lose_it()
    assert (await house.hear(placed())).accepted == 1


async def test_a_crash_before_the_commit_leaves_nothing_and_the_resend_everything(
    house: House,
) -> None:
    work = [placed(amount="5.00"), said("commerce_engine", "REJECTED", 1)]
    contents = {identity(one.event): content(one.event) for one in work}

    async def crash() -> None:
        async with house.ledger.transaction(house.alice) as transaction:
            await transaction.claim(contents, ["o-1"], [], moment(2))
            cut(house, transaction)

    with pytest.raises(Unavailable):
        await crash()
    for table in ("identities", "events", "orders", "counters", "totals", "systems"):
        assert await house.one(f"select count(*) from {table}") == 0
    assert (await house.hear(*work, now=2)).accepted == 2
    await check_book(house, now=2)


def cut(house: House, transaction: PostgresLedgerTransaction) -> None:
    """The database ends the connection of this transaction."""
    pid = transaction._connection.info.backend_pid
    house.as_owner("select pg_terminate_backend(%s, 5000)", pid)


async def test_batches_of_one_transaction_get_their_own_receipts(house: House) -> None:
    same = said("stock", "RESERVED", 3, id="same")
    lie = said("stock", "OUT_OF_STOCK", 3, id="same")
    recorded = await house.record([batch(placed(), same), batch(same), batch(lie)], now=4)
    assert [(one.accepted, one.duplicates, len(one.rejected)) for one in recorded.receipts] == [
        (2, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]
    await check_book(house, now=4)


async def test_the_watcher_and_a_writer_meet_and_neither_loses(house: House) -> None:
    orders = 60
    await house.hear(*(placed(order=f"o-{n}") for n in range(orders)), now=1)

    async def write() -> None:
        for n in range(0, orders, 5):
            accepted = (said("commerce_engine", "ACCEPTED", 20, order=f"o-{n + m}")
                        for m in range(5))  # fmt: skip
            await house.hear(*accepted, now=20 * MINUTE)

    async def watch() -> None:
        for _ in range(12):
            await house.watch(now=20 * MINUTE)

    await asyncio.gather(write(), watch(), watch())
    await house.watch(now=20 * MINUTE)
    await check_book(house, now=20 * MINUTE)


async def test_nobody_waits_for_ever_for_a_machine_that_vanished(house: House) -> None:
    assert await house.one("show idle_in_transaction_session_timeout") == "1min"
    assert await house.one("show lock_timeout") == "20s"


async def test_an_event_freed_while_it_is_sent_again_is_new(house: House) -> None:
    """Its day of waiting ends between our two looks at the identities."""
    early = said("stock", "RESERVED", 5, order="unheard")
    await house.hear(early, placed(), now=6)
    async with house.ledger.transaction(house.alice) as blocker:
        await blocker.locked(["o-1"])
        again = asyncio.create_task(house.hear(early, said("stock", "RESERVED", 7), now=2 * DAY))
        await house.until_somebody_waits()
        assert await expire_parked(house.ledger, house.alice, moment(2 * DAY)) == 1
    receipt = await again
    assert (receipt.accepted, receipt.parked, receipt.duplicates) == (1, 1, 0)
    assert await house.one("select count(*) from parked_events") == 1
