"""Deadlines are seen when they pass: once, by one of the watchers, however many there are."""

from __future__ import annotations

import asyncio

from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import DAY, HOUR, MINUTE, placed, said

from orderwatch.app.watch_deadlines import MOST


async def test_an_order_is_marked_at_its_deadline_and_not_before(house: House) -> None:
    await house.hear(placed(), now=1)
    assert await house.watch(now=29.999999) == []
    [changed] = await house.watch(now=30)
    assert (changed.order_id, changed.before, changed.bucket) == ("o-1", "waiting", "overdue")
    assert changed.order.why.rule == "leg.commerce_engine.threshold"
    assert await house.watch(now=30) == []
    await check_book(house, now=30)
    overdue = await house.rows(
        "select metric, labels, sum(value) from totals where metric like '%%overdue' "
        "group by 1, 2 order by 1"
    )
    assert overdue == [
        ("orders_overdue", ["", "PENDING"], 1.0),
        ("transmissions_overdue", ["commerce_engine"], 1.0),
    ]


async def test_the_clock_is_followed_to_the_last_deadline(house: House) -> None:
    await house.hear(placed(fulfilment="store"), said("commerce_engine", "ACCEPTED", 1),
                     said("checkout", "CAPTURED", 2), now=2)  # fmt: skip
    seen = []
    now = 3.0
    while (due := await house.one("select next_deadline from orders")) is not None:
        [changed] = await house.watch(now=due)
        seen.append((changed.order.why.rule, changed.before, changed.bucket))
        await check_book(house, now=due)
        now += 1
    assert seen == [
        ("leg.stock.threshold", "waiting", "overdue"),
        ("leg.stock.threshold", "overdue", "overdue"),
        ("status.PENDING.threshold", "overdue", "overdue"),
    ]
    assert await house.watch(now=400 * DAY) == []


async def test_a_success_after_the_deadline_ends_the_overdue(house: House) -> None:
    await house.hear(placed(), now=1)
    await house.watch(now=31)
    await house.hear(said("commerce_engine", "ACCEPTED", 32), now=33)
    assert await house.one("select overdue from orders") is False
    await check_book(house, now=33)


async def test_an_event_from_before_the_deadline_that_comes_after_it_takes_the_mark_back(
    house: House,
) -> None:
    await house.hear(placed(), now=1)
    await house.watch(now=31)
    await house.hear(said("commerce_engine", "ACCEPTED", 5), now=40)
    await check_book(house, now=40)


async def test_settled_orders_are_never_looked_at_again(house: House) -> None:
    await house.hear(placed(), said("commerce_engine", "SENT", 1), now=1)
    await house.hear(said("phoenix_oms", "CANCELED", 5), now=5)
    assert await house.one("select next_deadline from orders") is None
    assert await house.watch(now=400 * DAY) == []


async def test_a_backlog_is_worked_off_in_pieces(house: House) -> None:
    """As after a weekend without a worker."""
    number = MOST * 2 + 7
    await house.hear(*(placed(order=f"o-{n}") for n in range(number)), now=1)
    marked = []
    while changed := await house.watch(now=MINUTE):
        marked.append(len(changed))
    assert marked == [MOST, MOST, 7]
    overdue = "select sum(n) from counters where system = '' and bucket = 'overdue'"
    assert await house.one(overdue) == number
    assert await house.one("select coalesce(sum(n), 0) from counters where bucket = 'waiting'") == 0


async def test_of_many_watchers_one_marks(house: House) -> None:
    await house.hear(*(placed(order=f"o-{n}") for n in range(700)), now=1)
    marks: list[str] = []

    async def watch() -> None:
        while changed := await house.watch(now=MINUTE):
            marks.extend(one.order_id for one in changed)

    await asyncio.gather(watch(), watch(), watch())
    await watch()
    assert sorted(marks) == sorted({f"o-{n}" for n in range(700)})
    await check_book(house, now=MINUTE)


async def test_an_order_somebody_writes_is_passed_over_and_seen_in_the_next_round(
    house: House,
) -> None:
    await house.hear(placed(order="busy"), placed(order="idle"), now=1)
    async with house.ledger.transaction(house.alice) as writer:
        await writer.locked(["busy"])
        assert [one.order_id for one in await house.watch(now=MINUTE)] == ["idle"]
    assert [one.order_id for one in await house.watch(now=MINUTE)] == ["busy"]


async def test_a_watcher_sees_its_own_tenant_only(house: House) -> None:
    await house.hear(placed(), now=1)
    assert await house.watch(now=HOUR, tenant=house.bob) == []
    assert len(await house.watch(now=HOUR)) == 1


async def test_an_order_of_the_past_is_overdue_when_it_is_stored(house: House) -> None:
    await house.hear(placed(), now=30 * DAY)
    assert await house.one("select overdue, next_deadline from orders") == (True, None)


async def test_a_clock_that_goes_back_marks_nothing_twice(house: House) -> None:
    """A worker with a slow clock judges after one with a fast clock."""
    await house.hear(placed(), now=1)
    await house.watch(now=31)
    assert await house.watch(now=20) == []
    await house.hear(said("stock", "CHECKING", 19), now=20)
    await check_book(house, now=20)
    assert len(await house.watch(now=32)) == 1
    await check_book(house, now=32)


async def test_the_question_what_is_due_is_answered_by_its_index(house: House) -> None:
    await house.hear(*(placed(order=f"o-{n}") for n in range(2_000)), now=1)
    await house.hear(*(said("phoenix_oms", "CANCELED", 2, order=f"o-{n}") for n in range(1_990)),
                     now=2)  # fmt: skip
    house.as_owner("analyze orders")
    plan = await house.rows(
        "explain select order_id from orders where next_deadline <= now() "
        "order by next_deadline limit 500 for update skip locked"
    )
    assert "orders_next_deadline" in "\n".join(row[0] for row in plan)
