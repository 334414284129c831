"""Group commit: concurrent requests of a tenant share a transaction, so that each pays a fraction.

Each writer has the orders of its share, by a hash of their ids, so writers never wait for each
other's rows. While one transaction commits, what arrives waits and forms the next; nothing lingers
when nothing is under way. What waits is bounded: beyond that the door is told to say 503.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from zlib import crc32

from msgspec import Struct

from orderwatch.app.record_events import NotStorable, Outrun
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import (
    Batch,
    Candidate,
    Overloaded,
    Receipt,
    Refused,
    Rejection,
)
from orderwatch.core.model import FieldError, TenantId

Record = Callable[[TenantId, Sequence[Batch]], Awaitable[list[Receipt]]]


class Limits(Struct, frozen=True):
    """Events per transaction, transactions at once, and what may wait in memory for one."""

    most_events: int = 2_000
    writers: int = 2
    most_waiting_events: int = 20_000
    most_waiting_bytes: int = 64 * 2**20


class _Waiting(Struct, frozen=True):
    batch: Batch
    answer: asyncio.Future[Receipt]

    @property
    def size(self) -> int:
        return len(self.batch.events) + len(self.batch.rejected)


class GroupCommit:
    """The writers, and the bound on what waits for them."""

    def __init__(self, record: Record, limits: Limits | None = None) -> None:
        """`record` stores batches of one tenant in one transaction."""
        self._limits = limits or Limits()
        self._writers = [
            _Writer(record, self._limits.most_events) for _ in range(self._limits.writers)
        ]
        self._events = 0
        self._bytes = 0
        self._of_tenant: Counter[TenantId] = Counter()

    def start(self) -> None:
        """Start the writers in the running loop."""
        for writer in self._writers:
            writer.start()

    async def stop(self) -> None:
        """Stop; whatever waits, or is cut off in its transaction, gets Unavailable."""
        await asyncio.gather(*(writer.stop() for writer in self._writers))

    @property
    def waiting_events(self) -> int:
        """How many events wait for their commit."""
        return self._events

    async def record(self, tenant: TenantId, batch: Batch) -> Receipt:
        """The batch's receipt, after its commit.

        Raises Overloaded when too much waits already, Unavailable when the database is away; a
        part may then be stored, and counts as a repeat when it is sent again.
        """
        size, weight = _measure(batch)
        if size == 0:
            return Receipt(0, 0, 0, [])
        # A tenant of whom nothing waits is always let in: another's flood is not its fault.
        if self._of_tenant[tenant] and (
            self._events + size > self._limits.most_waiting_events
            or self._bytes + weight > self._limits.most_waiting_bytes
        ):
            raise Overloaded
        answers = [
            asyncio.shield(self._hand_over(share, tenant, part))
            for share, part in self._split(batch)
        ]
        if len(answers) == 1:
            return await answers[0]
        return _merge(await asyncio.gather(*answers))

    def _hand_over(self, share: int, tenant: TenantId, part: Batch) -> asyncio.Future[Receipt]:
        """The part waits, and counts as waiting until it is answered: also if its sender leaves."""
        size, weight = _measure(part)

        def let_go(_: object) -> None:
            self._events -= size
            self._bytes -= weight
            self._of_tenant[tenant] -= size
            if not self._of_tenant[tenant]:
                del self._of_tenant[tenant]

        answer = self._writers[share].put(tenant, part)
        self._events += size
        self._of_tenant[tenant] += size
        self._bytes += weight
        answer.add_done_callback(let_go)
        return answer

    def _split(self, batch: Batch) -> list[tuple[int, Batch]]:
        """Each writer's part of the batch; what was refused goes with the first."""
        count = len(self._writers)
        if count == 1:
            return [(0, batch)]
        shares: list[list[Candidate]] = [[] for _ in range(count)]
        for candidate in batch.events:
            shares[crc32(candidate.event.order_id.encode()) % count].append(candidate)
        parts = [(share, Batch(events, [])) for share, events in enumerate(shares) if events]
        if not batch.rejected:
            return parts
        if not parts:
            return [(0, batch)]
        share, first = parts[0]
        return [(share, Batch(first.events, batch.rejected)), *parts[1:]]


class _Writer:
    """One transaction at a time, the tenants in turn."""

    def __init__(self, record: Record, most_events: int) -> None:
        self._record = record
        self._most_events = most_events
        self._queues: dict[TenantId, deque[_Waiting]] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._write(), name="ledger writer")

    async def stop(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for queue in self._queues.values():
            _fail(queue, Unavailable("Orderwatch is stopping."))
        self._queues.clear()

    def put(self, tenant: TenantId, batch: Batch) -> asyncio.Future[Receipt]:
        if self._stopped:
            raise Unavailable("Orderwatch is stopping.")
        one = _Waiting(batch, asyncio.get_running_loop().create_future())
        self._queues.setdefault(tenant, deque()).append(one)
        self._arrived.set()
        return one.answer

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            while self._queues:
                tenant, group = self._take()
                try:
                    await self._commit(tenant, group)
                finally:  # whoever has no answer by now is told to come again
                    _fail(group, Unavailable("Orderwatch is stopping."))
            self._arrived.clear()

    def _take(self) -> tuple[TenantId, list[_Waiting]]:
        """The next tenant in turn, with as many of its batches as fit one transaction."""
        tenant = next(iter(self._queues))
        queue = self._queues.pop(tenant)
        group = [queue.popleft()]
        size = group[0].size
        while queue and size + queue[0].size <= self._most_events:
            group.append(queue.popleft())
            size += group[-1].size
        if queue:
            self._queues[tenant] = queue
        return tenant, group

    async def _commit(self, tenant: TenantId, group: list[_Waiting]) -> None:
        try:
            receipts = await self._record(tenant, [one.batch for one in group])
        except (Unavailable, Outrun) as error:
            _fail(group, Unavailable(str(error)))
        except NotStorable as error:
            await self._commit_apart(tenant, group, str(error))
        except Exception as error:  # noqa: BLE001 - a writer must outlive what a transaction met
            _fail(group, error)
        else:
            for one, receipt in zip(group, receipts, strict=True):
                if not one.answer.done():
                    one.answer.set_result(receipt)

    async def _commit_apart(self, tenant: TenantId, group: list[_Waiting], why: str) -> None:
        """Somewhere in the group is a value the database refuses: find it, keep the rest."""
        if len(group) > 1:
            half = len(group) // 2
            await self._commit(tenant, group[:half])
            await self._commit(tenant, group[half:])
        elif len(group[0].batch.events) > 1:
            await self._halve(tenant, group[0])
        else:
            await self._bury(tenant, group[0], why)

    async def _halve(self, tenant: TenantId, one: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        parts = [_Waiting(part, loop.create_future()) for part in _halves(one.batch)]
        for part in parts:
            await self._commit(tenant, [part])
        failures = [error for part in parts if (error := part.answer.exception()) is not None]
        if failures:
            _fail([one], failures[0])
        elif not one.answer.done():
            one.answer.set_result(_merge([part.answer.result() for part in parts]))

    async def _bury(self, tenant: TenantId, one: _Waiting, why: str) -> None:
        """A single event the database cannot keep as an event: keep it as a dead letter."""
        buried = [_not_storable(candidate, why) for candidate in one.batch.events]
        if not buried:
            _fail([one], NotStorable(why))
            return
        grave = _Waiting(Batch([], [*one.batch.rejected, *buried]), one.answer)
        await self._commit(tenant, [grave])
        if one.answer.done() and not one.answer.cancelled() and one.answer.exception() is None:
            one.answer.result().rejected.extend(
                Rejection(refused.index, refused.id, refused.errors) for refused in buried
            )


def _measure(batch: Batch) -> tuple[int, int]:
    """How many events, and bytes of them, a batch has."""
    weight = sum(len(one.text) for one in batch.events)
    weight += sum(len(one.payload) for one in batch.rejected)
    return len(batch.events) + len(batch.rejected), weight


def _not_storable(candidate: Candidate, why: str) -> Refused:
    return Refused(
        index=candidate.index,
        code="not_storable",
        errors=(FieldError("", f"the database refuses a value of this event: {why}"),),
        payload=candidate.text,
        id=candidate.event.id,
        source=candidate.event.source,
        order_id=candidate.event.order_id,
        system=candidate.event.data.system,
    )


def _fail(group: Iterable[_Waiting], error: BaseException) -> None:
    for one in group:
        if not one.answer.done():
            one.answer.set_exception(error)


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    half = len(batch.events) // 2
    return Batch(batch.events[:half], batch.rejected), Batch(batch.events[half:], [])


def _merge(receipts: Sequence[Receipt]) -> Receipt:
    return Receipt(
        accepted=sum(one.accepted for one in receipts),
        duplicates=sum(one.duplicates for one in receipts),
        parked=sum(one.parked for one in receipts),
        rejected=sorted(
            (rejection for one in receipts for rejection in one.rejected),
            key=lambda rejection: rejection.index,
        ),
    )
