"""Events into the ledger: claim, load, fold, write back, in one transaction (architecture, step 2).

What is decided lies in `core/tracking/settle.py`; here it is only carried out. Two round trips
serve a batch of any size; a third is needed when an event came late and its order is folded again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from orderwatch.core.errors import OrderwatchError
from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Batch, Receipt
from orderwatch.core.model import OrderId, ReceivedEvent, TenantId
from orderwatch.core.tracking.changes import Changed, Changes, StoredOrder
from orderwatch.core.tracking.receipts import conflict, count_arrivals, receipts
from orderwatch.core.tracking.settle import (
    Claim,
    Sorted,
    announced_by,
    claims_of,
    move_order,
    needs_history,
    park,
    park_again,
    received,
    sort_claims,
    store,
)

TRIES = 10


class Outrun(OrderwatchError):
    """Another writer wrote one of the orders first; what was decided must be decided again."""

    retryable = True


class NotStorable(OrderwatchError):
    """The database refuses a value in this transaction."""


class Loaded(Struct, frozen=True):
    """What the database knows of the claimed events and of their orders, which are now locked."""

    new: set[UUID]
    known: dict[UUID, int]
    orders: dict[OrderId, StoredOrder]
    unparked: dict[OrderId, list[ReceivedEvent]]


class LedgerTransaction(Protocol):
    """One transaction of one tenant."""

    async def claim(
        self,
        contents: Mapping[UUID, int],
        order_ids: Collection[OrderId],
        announced: Collection[OrderId],
        now: datetime,
    ) -> Loaded:
        """Claim identities, lock the orders, take what is parked for those `announced`."""
        ...

    async def history(self, order_ids: Collection[OrderId]) -> dict[OrderId, list[ReceivedEvent]]:
        """All stored events of these orders."""
        ...

    async def save(self, changes: Changes) -> None:
        """Write everything; raises Outrun when an order was written since it was loaded."""
        ...


class LedgerStore(Protocol):
    """Where the ledger is kept."""

    def transaction(self, tenant: TenantId) -> AbstractAsyncContextManager[LedgerTransaction]:
        """Commits on leaving; raises Unavailable when the database does not answer."""
        ...

    def rehearsal(self, tenant: TenantId) -> AbstractAsyncContextManager[LedgerTransaction]:
        """As `transaction`, but nothing of it stays."""
        ...


class Recorded(Struct, frozen=True):
    """What was committed: a receipt for each batch, and the orders that moved."""

    receipts: list[Receipt]
    changed: list[Changed]


async def record_events(
    store_: LedgerStore,
    tenant: TenantId,
    template: Template,
    batches: Sequence[Batch],
    now: datetime,
) -> Recorded:
    """Store the batches of one tenant durably and fold them into their orders.

    Returns after the commit. Raises Unavailable when the database does not answer, NotStorable
    when it refuses a value; then nothing was stored.
    """
    for attempt in range(TRIES):
        try:
            return await _record_once(store_, tenant, template, batches, now)
        except Outrun:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


async def rehearse_events(
    store_: LedgerStore,
    tenant: TenantId,
    template: Template,
    batches: Sequence[Batch],
    now: datetime,
) -> list[Receipt]:
    """What recording these batches would answer; nothing is stored. Raises Unavailable."""
    claims = claims_of(batches)
    async with store_.rehearsal(tenant) as transaction:
        loaded = await _claim(transaction, claims, template, now)
    sorted_ = sort_claims(claims, loaded.new, loaded.known)
    announced = _announced(sorted_, loaded, template)
    return receipts(batches, sorted_, _orders_of(sorted_.fresh) - announced)


async def _claim(
    transaction: LedgerTransaction, claims: Sequence[Claim], template: Template, now: datetime
) -> Loaded:
    return await transaction.claim(
        {claim.identity: claim.content for claim in reversed(claims)},
        {claim.candidate.event.order_id for claim in claims},
        announced_by(claims, template),
        now,
    )


def _announced(sorted_: Sorted, loaded: Loaded, template: Template) -> set[OrderId]:
    """The orders that are there, or come with these events; for any other an event has to wait."""
    return announced_by(sorted_.fresh, template) | loaded.orders.keys()


def _orders_of(claims: Sequence[Claim]) -> set[OrderId]:
    return {claim.candidate.event.order_id for claim in claims}


async def _record_once(
    store_: LedgerStore,
    tenant: TenantId,
    template: Template,
    batches: Sequence[Batch],
    now: datetime,
) -> Recorded:
    claims = claims_of(batches)
    refused = [one for batch in batches for one in batch.rejected]
    changes = Changes(now=now)
    async with store_.transaction(tenant) as transaction:
        loaded = await _claim(transaction, claims, template, now)
        sorted_ = sort_claims(claims, loaded.new, loaded.known)
        announced = _announced(sorted_, loaded, template)
        parked = _orders_of(sorted_.fresh) - announced
        applied = [c for c in sorted_.fresh if c.candidate.event.order_id not in parked]
        events = received(applied, now)
        for order_id, waiting in loaded.unparked.items():
            if order_id in announced:
                events.setdefault(order_id, []).extend(waiting)
            else:  # what announced it was no new event
                park_again(changes, waiting)
        late = needs_history(events, loaded.orders, template)
        history = await transaction.history(late) if late else {}
        for order_id, arrived in events.items():
            store(changes, arrived)
            known = loaded.orders.get(order_id)
            move_order(changes, arrived, known, history.get(order_id), template)
        park(changes, (c for c in sorted_.fresh if c.candidate.event.order_id in parked))
        changes.dead_letters = [*refused, *map(conflict, sorted_.conflicting)]
        count_arrivals(changes, sorted_, parked, changes.dead_letters, template)
        await transaction.save(changes)
    return Recorded(receipts(batches, sorted_, parked), changes.changed)
