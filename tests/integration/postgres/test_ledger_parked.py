"""Events for orders nobody has announced wait; they are applied when the order appears, or end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import DAY, HOUR, MINUTE, lotus, moment, placed, said

from orderwatch.adapters.postgres.ledger import PostgresLedgerTransaction
from orderwatch.app.sweep_parked import apply_left_parked, expire_parked
from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.changes import Changes, ParkedRow
from orderwatch.core.tracking.identity import content, identity


async def parked(house: House) -> list[str]:
    rows = await house.rows("select event->>'id' from parked_events order by 1")
    return [row[0] for row in rows]


async def sweep(house: House, now: float) -> int:
    """One round of what a worker does for the parked."""
    moved = await apply_left_parked(
        house.ledger, house.alice, lotus(), moment(now), since=moment(now - HOUR)
    )
    return len(moved)


async def expire(house: House, now: float) -> int:
    return await expire_parked(house.ledger, house.alice, moment(now))


async def test_an_event_waits_for_its_order(house: House) -> None:
    receipt = await house.hear(said("stock", "RESERVED", 5, id="early"), now=6)
    assert (receipt.accepted, receipt.parked) == (0, 1)
    assert await parked(house) == ["early"]
    assert await house.one("select count(*) from orders") == 0
    assert await house.one("select count(*) from events") == 0
    receipt = await house.hear(placed(), now=8)
    assert (receipt.accepted, receipt.parked) == (1, 0)
    assert await parked(house) == []
    orders = await check_book(house, now=8)
    assert [leg.system for leg in orders["o-1"].legs] == ["commerce_engine", "stock"]
    [arrival] = await house.rows("select received_at from events where event->>'id' = 'early'")
    assert arrival == (moment(6),), "it arrived when it first came"


async def test_waiting_twice_is_waiting_once(house: House) -> None:
    early = said("stock", "RESERVED", 5, id="early")
    await house.hear(early, now=6)
    receipt = await house.hear(early, early, now=7)
    assert (receipt.parked, receipt.duplicates) == (0, 2)
    assert await parked(house) == ["early"]
    await house.hear(placed(), now=8)
    assert (await house.hear(early, now=9)).duplicates == 1
    await check_book(house, now=8)


async def test_the_announcement_in_the_same_batch_is_in_time(house: House) -> None:
    receipt = await house.hear(said("stock", "RESERVED", 5), placed(), now=6)
    assert (receipt.accepted, receipt.parked) == (2, 0)
    await check_book(house, now=6)


async def test_even_a_word_nobody_knows_announces_an_order(house: House) -> None:
    await house.hear(said("stock", "RESERVED", 5), now=6)
    await house.hear(said("phoenix_oms", "AWAITING_MOON", 0), now=7)
    assert await parked(house) == []
    await check_book(house, now=7)


async def test_what_one_writer_parked_while_another_announced_is_applied(house: House) -> None:
    """The first does not see the second's order, the second not what the first has parked."""
    early = said("stock", "RESERVED", 5, id="early")
    async with house.ledger.transaction(house.alice) as slow:
        loaded = await slow.claim(
            {identity(early.event): content(early.event)}, ["o-1"], [], moment(6)
        )
        assert loaded.orders == {}
        await house.hear(placed(), now=7)
        row = ParkedRow("o-1", identity(early.event), "stock", moment(6), early.text)
        await slow.save(Changes(now=moment(6), parked=[row]))
    assert await parked(house) == ["early"]
    assert await sweep(house, now=8) == 1
    assert await parked(house) == []
    await check_book(house, now=8)
    assert await sweep(house, now=9) == 0


async def test_what_was_left_parked_may_belong_before_what_the_order_has_seen(
    house: House,
) -> None:
    await leave_parked(house, said("stock", "RESERVED", 5, id="early"), now=6)
    await house.hear(said("commerce_engine", "ACCEPTED", 60), now=61)
    assert await sweep(house, now=62) == 1
    await check_book(house, now=62)


async def test_two_workers_sweep_and_apply_it_once(house: House) -> None:
    for n in range(20):
        await leave_parked(house, said("stock", "RESERVED", 5, order=f"o-{n}"), now=6)
    moved = await asyncio.gather(sweep(house, 8), sweep(house, 8))
    assert await parked(house) == []
    assert sum(moved) >= 20
    assert await house.one("select count(*) from events") == 40
    await check_book(house, now=8)


async def test_after_a_day_it_becomes_a_dead_letter_that_says_why(house: House) -> None:
    early = said("stock", "RESERVED", 5, id="early")
    await house.hear(early, now=6)
    assert await expire(house, now=6 + DAY) == 0
    assert await expire(house, now=6 + DAY + 1) == 1
    assert await parked(house) == []
    code, order_id, system, event_id, payload, errors = await house.one(
        "select code, order_id, system, event_id, payload, errors from dead_letters"
    )
    assert (code, order_id, system, event_id) == ("never_announced", "o-1", "stock", "early")
    assert payload == bytes(early.text)
    assert "o-1" in errors[0]["message"]
    assert await expire(house, now=9 * DAY) == 0


async def test_after_its_end_it_may_be_sent_again(house: House) -> None:
    early = said("stock", "RESERVED", 5, id="early")
    await house.hear(early, now=6)
    await expire(house, now=2 * DAY)
    assert (await house.hear(early, now=2 * DAY + 1)).parked == 1
    assert (await house.hear(placed(), now=2 * DAY + 2)).accepted == 1
    assert await parked(house) == []
    await check_book(house, now=2 * DAY + 2)


async def test_what_waits_beside_its_order_is_applied_however_old_and_never_ended(
    house: House,
) -> None:
    """Nobody may be told that an order was never announced which is there."""
    await leave_parked(house, said("stock", "RESERVED", 5, id="early"), now=6)
    assert await expire(house, now=3 * DAY) == 0
    assert await house.one("select count(*) from dead_letters") == 0
    moved = await apply_left_parked(
        house.ledger, house.alice, lotus(), moment(3 * DAY), since=moment(0)
    )
    assert len(moved) == 1
    await check_book(house, now=3 * DAY)


async def test_many_end_in_pieces(house: House) -> None:
    await house.hear(*(said("stock", "RESERVED", 5, order=f"o-{n}") for n in range(600)), now=6)
    ended = [await expire(house, now=2 * DAY) for _ in range(3)]
    assert ended == [500, 100, 0]
    assert await house.one("select count(*) from dead_letters") == 600
    assert await house.one("select count(*) from identities") == 0


async def test_what_waits_belongs_to_one_tenant(house: House) -> None:
    await house.hear(said("stock", "RESERVED", 5), now=6)
    await house.hear(placed(), now=7, tenant=house.bob)
    assert len(await parked(house)) == 1
    assert await expire_parked(house.ledger, house.bob, moment(0) + timedelta(days=3)) == 0
    await house.hear(placed(), now=8)
    assert await parked(house) == []
    await check_book(house, now=8)
    await check_book(house, now=7, tenant=house.bob)


async def test_waiting_is_counted_once_and_being_applied_moves_nothing(house: House) -> None:
    await house.hear(said("stock", "RESERVED", 5), now=6)
    await house.hear(placed(), now=MINUTE)
    counted = await house.rows(
        "select labels[2], sum(value) from totals where metric = 'events' group by 1 order by 1"
    )
    assert counted == [("accepted", 1.0), ("parked", 1.0)]


async def leave_parked(house: House, early: ReceivedEvent, now: float) -> None:
    """The order is there and the event waits beside it, as two writers may leave it."""
    await house.hear(placed(order=early.event.order_id), now=now)
    row = ParkedRow(
        early.event.order_id,
        identity(early.event),
        early.event.data.system,
        moment(now),
        early.text,
    )
    async with house.ledger.transaction(house.alice) as transaction:
        assert isinstance(transaction, PostgresLedgerTransaction)
        await transaction.claim({row.identity: content(early.event)}, [], [], moment(now))
        await transaction.save(Changes(now=moment(now), parked=[row]))
