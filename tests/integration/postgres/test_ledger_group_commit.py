"""Group commit over the real ledger: one bad value costs one event, a lost database costs none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import HOUR, batch, placed, said

from orderwatch.app.group_commit import GroupCommit, Limits
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Batch, Receipt
from orderwatch.core.model import ReceivedEvent, TenantId


@asynccontextmanager
async def group_over(house: House, writers: int = 2) -> AsyncIterator[GroupCommit]:
    async def record(tenant: TenantId, batches: Sequence[Batch]) -> list[Receipt]:
        return (await house.record(batches, now=HOUR, tenant=tenant)).receipts

    group = GroupCommit(record, Limits(writers=writers))
    group.start()
    try:
        yield group
    finally:
        await group.stop()


def poison(order: str) -> ReceivedEvent:
    """What no door of ours lets in: text with a character no database text can have."""
    return said("stock", "RES\0ERVED", 1, order=order, id=f"poison-{order}")


@pytest.mark.parametrize("writers", [1, 3])
async def test_one_event_that_cannot_be_stored_does_not_stop_its_neighbours(
    house: House, writers: int
) -> None:
    orders = [f"o-{n}" for n in range(12)]
    events = [placed(order=order) for order in orders]
    others = [said("stock", "RESERVED", 2, order=order) for order in orders]
    events[5:5] = [poison("o-2"), poison("o-7")]
    async with group_over(house, writers) as group:
        bad, good = await asyncio.gather(
            group.record(house.alice, batch(*events)),
            group.record(house.alice, batch(*others)),
        )
    assert (bad.accepted, [one.index for one in bad.rejected]) == (12, [5, 6])
    assert good.accepted + good.parked == 12
    letters = await house.rows("select code, order_id, payload from dead_letters order by 2")
    assert [row[:2] for row in letters] == [("not_storable", "o-2"), ("not_storable", "o-7")]
    assert letters[0][2] == bytes(poison("o-2").text)
    assert await house.one("select count(*) from orders") == 12


async def test_many_senders_at_once_are_all_answered_with_their_own(house: House) -> None:
    async with group_over(house) as group:
        receipts = await asyncio.gather(
            *(
                group.record(tenant, batch(placed(order=f"o-{n}"), said("stock", "RESERVED", 1,
                                                                         order=f"o-{n}")))
                for n in range(60)
                for tenant in (house.alice, house.bob)
            )
        )  # fmt: skip
    assert {(one.accepted, one.duplicates) for one in receipts} == {(2, 0)}
    for tenant in (house.alice, house.bob):
        assert len(await check_book(house, now=HOUR, tenant=tenant)) == 60


async def test_a_lost_connection_is_unavailable_and_the_resend_counts_once(house: House) -> None:
    order = batch(placed(), said("commerce_engine", "ACCEPTED", 1))
    async with group_over(house) as group:
        await group.record(house.alice, batch(placed(order="warm")))
        async with house.ledger.transaction(house.alice) as other:
            await other.locked(["warm"])
            waits = asyncio.create_task(
                group.record(house.alice, batch(said("stock", "RESERVED", 1, order="warm")))
            )
            await house.until_somebody_waits()
            house.as_owner(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where wait_event_type = 'Lock' and datname = current_database()"
            )
            with pytest.raises(Unavailable):
                await waits
        assert (await group.record(house.alice, order)).accepted == 2
        again = await group.record(house.alice, batch(said("stock", "RESERVED", 1, order="warm")))
        assert again.accepted == 1
    await check_book(house, now=HOUR)
