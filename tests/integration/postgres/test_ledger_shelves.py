"""Events stand by month of arrival: room is made ahead, old months are dropped whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import psycopg
import pytest
from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import placed, said


def partitions(house: House) -> list[str]:
    return [
        row[0]
        for row in house.as_owner(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = 'events'::regclass order by 1"
        )
    ]


async def ensure(house: House, first: date, months: int) -> int:
    async with house.database.unbound() as connection:
        cursor = await connection.execute("select ensure_event_partitions(%s, %s)", [first, months])
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def drop(house: House, before: datetime) -> list[str]:
    async with house.database.unbound() as connection:
        cursor = await connection.execute("select drop_event_partitions(%s)", [before])
        row = await cursor.fetchone()
    assert row is not None
    return list(row[0])


async def test_months_are_made_once_and_across_new_year(own_house: House) -> None:
    assert await ensure(own_house, date(2041, 11, 17), 3) == 3
    assert await ensure(own_house, date(2041, 11, 1), 3) == 0
    made = partitions(own_house)
    assert {"events_204111", "events_204112", "events_204201"} < set(made)


async def test_rows_of_a_month_without_a_partition_wait_and_are_moved(own_house: House) -> None:
    """A worker that was away over new year loses nothing, not even a query."""
    june, july = datetime(2041, 6, 30, 23, 59, tzinfo=UTC), datetime(2041, 7, 1, tzinfo=UTC)
    await own_house.hear(placed(june), now=june)
    await own_house.hear(said("commerce_engine", "ACCEPTED", july), now=july)
    assert await own_house.rows("select distinct tableoid::regclass::text from events") == [
        ("events_default",)
    ]
    assert await ensure(own_house, date(2041, 6, 1), 2) == 2
    assert await own_house.rows("select tableoid::regclass::text from events order by 1") == [
        ("events_204106",), ("events_204107",),
    ]  # fmt: skip
    await check_book(own_house, now=july)
    late = await own_house.hear(said("stock", "RESERVED", june), now=july)
    assert late.accepted == 1
    await check_book(own_house, now=july)


async def test_room_is_made_while_somebody_writes_into_it(own_house: House) -> None:
    june = datetime(2041, 6, 15, tzinfo=UTC)
    async with own_house.database.tenant(own_house.alice) as writer:
        await writer.execute("select count(*) from events")
        await writer.execute(
            "insert into events values (%s, 'o-1', %s, %s, '{}')",
            [own_house.alice, june, june],
        )
        making = asyncio.create_task(ensure(own_house, date(2041, 6, 1), 1))
        await asyncio.sleep(0.05)
        await writer.execute(
            "insert into events values (%s, 'o-2', %s, %s, '{}')",
            [own_house.alice, june, june],
        )
    assert await making == 1
    rows = await own_house.rows("select distinct tableoid::regclass::text from events")
    assert rows == [("events_204106",)]


async def test_several_workers_make_room_at_once(own_house: House) -> None:
    made = await asyncio.gather(*(ensure(own_house, date(2043, 1, 1), 4) for _ in range(4)))
    assert sorted(made) == [0, 0, 0, 4]


async def test_a_whole_month_is_dropped_when_all_of_it_is_old_enough(own_house: House) -> None:
    """Retention is a dropped partition; the orders' state stays."""
    then = datetime(2024, 2, 10, tzinfo=UTC)
    await ensure(own_house, date(2024, 2, 1), 2)
    await own_house.hear(placed(then), now=then)
    assert await drop(own_house, datetime(2024, 2, 29, tzinfo=UTC)) == []
    assert await drop(own_house, datetime(2024, 3, 1, tzinfo=UTC)) == ["events_202402"]
    assert await own_house.one("select count(*) from events") == 0
    assert await own_house.one("select status from orders") == "PENDING"
    again = await own_house.hear(said("commerce_engine", "ACCEPTED", then), now=then)
    assert again.accepted == 1


async def test_what_is_young_is_never_dropped(own_house: House) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="younger than 7 days"):
        async with own_house.database.unbound() as connection:
            await connection.execute("select drop_event_partitions(now() - interval '6 days')")
    with pytest.raises(psycopg.errors.RaiseException):
        await drop(own_house, datetime(2999, 1, 1, tzinfo=UTC))


async def test_what_waits_in_no_partition_is_not_dropped_by_mistake(own_house: House) -> None:
    then = datetime(2020, 5, 5, tzinfo=UTC)
    await own_house.hear(placed(then), now=then)
    assert await drop(own_house, datetime(2024, 1, 1, tzinfo=UTC)) == []
    assert await own_house.one("select count(*) from events") == 1
