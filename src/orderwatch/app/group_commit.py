"""Group commit: concurrent requests of a tenant share a transaction, so that each pays a fraction.

While one transaction commits, what arrives waits and forms the next; nothing lingers when nothing
is under way. What waits is bounded: beyond that the door is told to say 503, never to remember.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from orderwatch.app.record_events import NotStorable, Outrun
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Batch, Overloaded, Receipt, Refused, Rejection
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
    size: int
    bytes: int
    answer: asyncio.Future[Receipt]


class GroupCommit:
    """A queue per tenant and a few writers that serve the tenants in turn."""

    def __init__(self, record: Record, limits: Limits | None = None) -> None:
        """`record` stores the batches of one tenant in one transaction."""
        self._record = record
        self._limits = limits or Limits()
        self._queues: dict[TenantId, deque[_Waiting]] = {}
        self._events = 0
        self._bytes = 0
        self._arrived = asyncio.Condition()
        self._writers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the writers in the running loop."""
        self._writers = [
            asyncio.create_task(self._write(), name=f"writer {n}")
            for n in range(self._limits.writers)
        ]

    async def stop(self) -> None:
        """Stop the writers; what is being committed is finished, what waits gets Unavailable."""
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        for queue in self._queues.values():
            for one in queue:
                _fail(one, Unavailable("Orderwatch is stopping."))
        self._queues.clear()

    @property
    def waiting_events(self) -> int:
        """How many events wait for a transaction."""
        return self._events

    async def record(self, tenant: TenantId, batch: Batch) -> Receipt:
        """The batch's receipt, after its commit.

        Raises Overloaded when too much waits already, Unavailable when the database is away.
        """
        size = len(batch.events) + len(batch.rejected)
        if size == 0:
            return Receipt(0, 0, 0, [])
        weight = sum(len(one.text) for one in batch.events)
        weight += sum(len(one.payload) for one in batch.rejected)
        if self._events and (
            self._events + size > self._limits.most_waiting_events
            or self._bytes + weight > self._limits.most_waiting_bytes
        ):
            raise Overloaded()
        one = _Waiting(batch, size, weight, asyncio.get_running_loop().create_future())
        self._queues.setdefault(tenant, deque()).append(one)
        self._events += size
        self._bytes += weight
        async with self._arrived:
            self._arrived.notify()
        return await one.answer

    async def _write(self) -> None:
        while True:
            async with self._arrived:
                while not self._queues:
                    await self._arrived.wait()
                tenant, group = self._take()
            await self._commit(tenant, group)

    def _take(self) -> tuple[TenantId, list[_Waiting]]:
        """The next tenant in turn, with as many of its batches as fit one transaction."""
        tenant = next(iter(self._queues))
        queue = self._queues.pop(tenant)
        group = [queue.popleft()]
        size = group[0].size
        while queue and size + queue[0].size <= self._limits.most_events:
            group.append(queue.popleft())
            size += group[-1].size
        if queue:
            self._queues[tenant] = queue
        self._events -= size
        self._bytes -= sum(one.bytes for one in group)
        return tenant, group

    async def _commit(self, tenant: TenantId, group: list[_Waiting]) -> None:
        try:
            receipts = await self._record(tenant, [one.batch for one in group])
        except (Unavailable, Outrun) as error:
            for one in group:
                _fail(one, Unavailable(str(error)))
        except NotStorable as error:
            await self._commit_apart(tenant, group, str(error))
        except asyncio.CancelledError:
            for one in group:
                _fail(one, Unavailable("Orderwatch is stopping."))
            raise
        except Exception as error:  # a writer must outlive whatever one transaction met
            for one in group:
                _fail(one, error)
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
            return
        one = group[0]
        if len(one.batch.events) <= 1:
            await self._bury(tenant, one, why)
            return
        receipts = []
        loop = asyncio.get_running_loop()
        for part in _halves(one.batch):
            answer: asyncio.Future[Receipt] = loop.create_future()
            await self._commit(tenant, [_Waiting(part, 0, 0, answer)])
            receipts.append(answer)
        try:
            merged = _merge([await answer for answer in receipts])
        except Exception as error:  # handed on to the one who waits
            _fail(one, error)
        else:
            if not one.answer.done():
                one.answer.set_result(merged)

    async def _bury(self, tenant: TenantId, one: _Waiting, why: str) -> None:
        """A single event the database cannot keep as an event: keep it as a dead letter."""
        buried = [
            Refused(
                index=candidate.index,
                code="not_storable",
                errors=(FieldError("", f"the database refuses a value of this event: {why}"),),
                payload=candidate.text,
                id=candidate.event.id,
                source=candidate.event.source,
                order_id=candidate.event.order_id,
                system=candidate.event.data.system,
            )
            for candidate in one.batch.events
        ]
        if not buried:
            _fail(one, NotStorable(why))
            return
        await self._commit(
            tenant, [_Waiting(Batch([], [*one.batch.rejected, *buried]), 0, 0, one.answer)]
        )
        if one.answer.done() and one.answer.exception() is None:
            one.answer.result().rejected.extend(
                Rejection(refused.index, refused.id, refused.errors) for refused in buried
            )


def _fail(one: _Waiting, error: BaseException) -> None:
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
        rejected=[rejection for one in receipts for rejection in one.rejected],
    )
