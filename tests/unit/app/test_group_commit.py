"""Group commit: what waits is committed together, and nobody waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.story import batch, said

from orderwatch.app.group_commit import GroupCommit, Limits
from orderwatch.app.record_events import NotStorable, Outrun
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Batch, Overloaded, Receipt, Refused
from orderwatch.core.model import ReceivedEvent, TenantId

ALICE, BOB, EVE = TenantId(1), TenantId(2), TenantId(3)
ONE_WRITER = Limits(writers=1)


class Book:
    """Stands where the ledger is: keeps what it is given, may be held shut, and may refuse."""

    def __init__(self) -> None:
        self.transactions: list[tuple[TenantId, list[str]]] = []
        self.dead: list[Refused] = []
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.refuses: Callable[[str], Exception | None] = lambda id_: None

    async def record(self, tenant: TenantId, batches: Sequence[Batch]) -> list[Receipt]:
        self.entered.set()
        await self.open.wait()
        ids = [one.event.id for each in batches for one in each.events]
        for id_ in ids:
            if error := self.refuses(id_):
                raise error
        self.transactions.append((tenant, ids))
        self.dead += [one for each in batches for one in each.rejected]
        return [Receipt(len(each.events), 0, 0, []) for each in batches]

    @property
    def kept(self) -> list[str]:
        return sorted(id_ for _, ids in self.transactions for id_ in ids)


@asynccontextmanager
async def group_over(book: Book, limits: Limits = ONE_WRITER) -> AsyncIterator[GroupCommit]:
    group = GroupCommit(book.record, limits)
    group.start()
    try:
        yield group
    finally:
        await group.stop()


def one(name: str) -> ReceivedEvent:
    return said("stock", "RESERVED", id=name, order=name)


def many(*names: str) -> Batch:
    return batch(*map(one, names))


async def start(group: GroupCommit, tenant: TenantId, events: Batch) -> asyncio.Task[Receipt]:
    """A request that has come in and waits."""
    task = asyncio.create_task(group.record(tenant, events))
    await asyncio.sleep(0)
    return task


async def holding(book: Book, group: GroupCommit) -> asyncio.Task[Receipt]:
    """A transaction is under way and does not end until the book is open."""
    book.open.clear()
    first = await start(group, EVE, many("first"))
    await book.entered.wait()
    return first


async def test_what_comes_alone_is_committed_at_once() -> None:
    book = Book()
    async with group_over(book) as group:
        receipt = await group.record(ALICE, many("a", "b"))
    assert receipt.accepted == 2
    assert book.transactions == [(ALICE, ["a", "b"])]


async def test_what_comes_during_a_commit_shares_the_next() -> None:
    book = Book()
    async with group_over(book) as group:
        first = await holding(book, group)
        others = [await start(group, ALICE, many(name)) for name in "abc"]
        book.open.set()
        assert [(await task).accepted for task in (first, *others)] == [1, 1, 1, 1]
    assert book.transactions == [(EVE, ["first"]), (ALICE, ["a", "b", "c"])]


async def test_a_transaction_has_its_most_and_a_bigger_request_one_of_its_own() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_events=3)) as group:
        first = await holding(book, group)
        tasks = [await start(group, ALICE, many(*names)) for names in ("ab", "c", "d", "efgh")]
        book.open.set()
        await asyncio.gather(first, *tasks)
    assert [ids for _, ids in book.transactions[1:]] == [["a", "b", "c"], ["d"], list("efgh")]


async def test_tenants_are_served_in_turn_however_much_one_of_them_sends() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_events=2)) as group:
        first = await holding(book, group)
        tasks = [await start(group, ALICE, many(f"a{n}", f"a{n}'")) for n in range(5)]
        tasks.append(await start(group, BOB, many("b")))
        book.open.set()
        await asyncio.gather(first, *tasks)
    assert [tenant for tenant, _ in book.transactions[1:4]] == [ALICE, BOB, ALICE]


async def test_beyond_what_may_wait_the_sender_is_told_to_come_later() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_waiting_events=3)) as group:
        first = await holding(book, group)
        waiting = await start(group, ALICE, many("a", "b"))
        assert group.waiting_events == 3
        with pytest.raises(Overloaded):
            await group.record(ALICE, many("c"))
        book.open.set()
        await asyncio.gather(first, waiting)
        assert group.waiting_events == 0
        assert (await group.record(BOB, many("c"))).accepted == 1
    assert book.kept == ["a", "b", "c", "first"]


async def test_a_tenant_of_whom_nothing_waits_is_let_in_while_another_floods() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_waiting_events=3)) as group:
        first = await holding(book, group)
        flood = await start(group, ALICE, many("a", "b"))
        small = await start(group, BOB, many("c"))
        book.open.set()
        await asyncio.gather(first, flood, small)
    assert book.kept == ["a", "b", "c", "first"]


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_waiting_bytes=300)) as group:
        first = await holding(book, group)
        with pytest.raises(Overloaded):
            await group.record(EVE, many("a", "b"))
        book.open.set()
        await first


async def test_one_request_is_never_too_big_for_an_idle_ledger() -> None:
    book = Book()
    async with group_over(book, Limits(writers=1, most_waiting_events=1)) as group:
        assert (await group.record(ALICE, many("a", "b", "c"))).accepted == 3


async def test_the_writers_share_the_orders_and_an_order_always_has_the_same() -> None:
    book = Book()
    names = [f"o-{n}" for n in range(40)]
    async with group_over(book, Limits(writers=3)) as group:
        receipt = await group.record(ALICE, many(*names))
        assert receipt.accepted == 40
        assert len(book.transactions) == 3
        shares = [set(ids) for _, ids in book.transactions]
        book.transactions.clear()
        await group.record(ALICE, many(*reversed(names)))
    assert {frozenset(share) for share in shares} == {
        frozenset(ids) for _, ids in book.transactions
    }


async def test_a_poisoned_event_is_buried_and_its_neighbours_live() -> None:
    book = Book()
    book.refuses = lambda id_: NotStorable("no NUL") if id_.startswith("bad") else None
    names = ["a", "b", "bad-1", "c", "d", "bad-2", "e"]
    async with group_over(book) as group:
        first = await holding(book, group)
        tasks = [await start(group, ALICE, batch(*map(one, names)))]
        tasks += [await start(group, ALICE, many("x")), await start(group, ALICE, many("bad-3"))]
        book.open.set()
        poisoned, healthy, lonely = await asyncio.gather(*tasks)
        await first
    assert (poisoned.accepted, healthy.accepted, lonely.accepted) == (5, 1, 0)
    assert [(one.index, one.id) for one in poisoned.rejected] == [(2, "bad-1"), (5, "bad-2")]
    assert [one.id for one in lonely.rejected] == ["bad-3"]
    assert "no NUL" in lonely.rejected[0].errors[0].message
    assert book.kept == ["a", "b", "c", "d", "e", "first", "x"]
    assert sorted(str(one.id) for one in book.dead) == ["bad-1", "bad-2", "bad-3"]
    assert {one.code for one in book.dead} == {"not_storable"}


@pytest.mark.parametrize("error", [Unavailable("gone"), Outrun("again")])
async def test_when_the_database_is_away_everybody_hears_it_and_may_come_again(
    error: Exception,
) -> None:
    book = Book()
    book.refuses = lambda id_: error if id_ != "first" else None
    async with group_over(book) as group:
        first = await holding(book, group)
        tasks = [await start(group, ALICE, many(name)) for name in "ab"]
        book.open.set()
        results = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert [type(one) for one in results[1:]] == [Unavailable, Unavailable]
        book.refuses = lambda id_: None
        assert (await group.record(ALICE, many("a"))).accepted == 1


@pytest.mark.parametrize("names", [["bad"], ["a", "bad"], ["bad", "a", "b", "bug"]])
async def test_a_bug_met_in_one_transaction_does_not_end_the_writer(names: list[str]) -> None:
    """Also when it shows only while a poisoned batch is taken apart."""
    book = Book()

    def refuses(id_: str) -> Exception | None:
        if id_ == "bad":
            return NotStorable("poison") if len(names) > 1 else ZeroDivisionError()
        return ZeroDivisionError() if id_ == "bug" else None

    book.refuses = refuses
    async with group_over(book) as group:
        try:
            await asyncio.wait_for(group.record(ALICE, many(*names)), 5)
        except ZeroDivisionError:
            assert names != ["a", "bad"]
        receipt = await asyncio.wait_for(group.record(ALICE, many("next")), 5)
        assert receipt.accepted == 1


async def test_a_sender_that_hangs_up_harms_nobody() -> None:
    book = Book()
    async with group_over(book) as group:
        first = await holding(book, group)
        gone, stays = [await start(group, ALICE, many(name)) for name in "ab"]
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert group.waiting_events == 3, "it still lies in memory"
        book.open.set()
        assert (await stays).accepted == 1
        await first
        assert group.waiting_events == 0
    assert book.kept == ["a", "b", "first"], "what was taken counts as a repeat next time"


async def test_on_stopping_nobody_is_left_without_an_answer() -> None:
    book = Book()
    group = GroupCommit(book.record, ONE_WRITER)
    group.start()
    first = await holding(book, group)
    waiting = await start(group, ALICE, many("a"))
    await group.stop()
    results = await asyncio.gather(first, waiting, return_exceptions=True)
    assert [type(one) for one in results] == [Unavailable, Unavailable]
    with pytest.raises(Unavailable):
        await asyncio.wait_for(group.record(ALICE, many("b")), 5)


async def test_on_stopping_while_a_poisoned_group_is_taken_apart_too() -> None:
    book = Book()
    group = GroupCommit(book.record, ONE_WRITER)
    group.start()
    first = await holding(book, group)
    tasks = [await start(group, ALICE, many(name)) for name in ("bad", "a", "b", "c")]

    shut = asyncio.Event()

    def refuses(id_: str) -> Exception | None:
        if id_ != "bad":
            return None
        book.open.clear()  # the parts do not come through any more
        shut.set()
        return NotStorable("poison")

    book.refuses = refuses
    book.open.set()
    await first
    await shut.wait()
    await group.stop()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert [type(one) for one in results] == [Unavailable] * 4


async def test_nothing_is_committed_for_nothing() -> None:
    book = Book()
    async with group_over(book) as group:
        assert await group.record(ALICE, Batch([], [])) == Receipt(0, 0, 0, [])
    assert book.transactions == []


async def test_refusals_alone_are_kept() -> None:
    book = Book()
    letter = Refused(index=0, code="not_json", errors=(), payload=b"{")
    async with group_over(book, Limits(writers=3)) as group:
        await group.record(ALICE, Batch([], [letter]))
        await group.record(ALICE, batch(one("a"), one("b"), rejected=[letter]))
    assert book.dead == [letter, letter]
