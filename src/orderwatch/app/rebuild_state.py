"""Rebuild: fold all state again from the events, which are the truth; the rest is derived.

Works beside a running server: a few orders at a time, locked while they are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, ReceivedEvent, TenantId
from orderwatch.core.tracking.changes import Changed, Changes, StoredOrder, order_row
from orderwatch.core.tracking.counting import standing
from orderwatch.core.tracking.fold import fold, in_order
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.settle import write_order
from orderwatch.core.tracking.state import OrderState

CHUNK = 500


class Verdict(Struct, frozen=True):
    """The stored columns a rule change can move."""

    class_: str
    overdue: bool
    status: str
    deadline: datetime | None
    next_deadline: datetime | None
    rule: str


class RebuildTransaction(Protocol):
    """One transaction of one tenant."""

    async def next_orders(self, after: OrderId, most: int) -> list[OrderId]:
        """The next order ids that have events, in their order."""
        ...

    async def locked(self, order_ids: list[OrderId]) -> dict[OrderId, StoredOrder]:
        """Lock and load."""
        ...

    async def verdicts(self, order_ids: list[OrderId]) -> dict[OrderId, Verdict]:
        """The verdicts as stored."""
        ...

    async def history(self, order_ids: list[OrderId]) -> dict[OrderId, list[ReceivedEvent]]:
        """All stored events of these orders."""
        ...

    async def save(self, changes: Changes) -> None:
        """Write what changed."""
        ...


class RebuildStore(Protocol):
    """Where the ledger is kept."""

    def rebuilding(self, tenant: TenantId) -> AbstractAsyncContextManager[RebuildTransaction]:
        """Commits on leaving."""
        ...


class Rebuilt(Struct, frozen=True):
    """How many orders were folded again, and how many of them differed."""

    orders: int
    events: int
    changed: int


async def rebuild_state(
    store: RebuildStore,
    tenant: TenantId,
    template: Template,
    now: Callable[[], datetime],
    progress: Callable[[int], None] = lambda _: None,
) -> Rebuilt:
    """Fold every order of a tenant again; `progress` hears how many are done."""
    orders = events = changed = 0
    after = ""
    while True:
        async with store.rebuilding(tenant) as transaction:
            ids = await transaction.next_orders(after, CHUNK)
            if not ids:
                return Rebuilt(orders, events, changed)
            moved, folded = await _rebuild(transaction, ids, template, now())
        after = ids[-1]
        orders += len(ids)
        events += folded
        changed += len(moved)
        progress(orders)


async def _rebuild(
    transaction: RebuildTransaction, ids: list[OrderId], template: Template, now: datetime
) -> tuple[list[Changed], int]:
    stored = await transaction.locked(ids)
    verdicts = await transaction.verdicts(ids)
    history = await transaction.history(ids)
    changes = Changes(now=now)
    for order_id in ids:
        known = stored.get(order_id)
        if known is not None and len(history[order_id]) < known.state.event_count:
            continue  # retention has ended for a part of it: the state knows more
        state = fold(None, in_order(history[order_id], template), template)
        if known is None or differs(state, known, verdicts[order_id], template, now):
            write_order(changes, state, known, template, spoke=None)
    if changes.orders:
        await transaction.save(changes)
    return changes.changed, sum(map(len, history.values()))


def differs(
    state: OrderState, stored: StoredOrder, verdict: Verdict, template: Template, now: datetime
) -> bool:
    """Whether the order is not what is stored. What only the clock moved is the watcher's."""
    if state != stored.state:
        return True
    order = judge(state, template, now)
    counted = standing(order)
    if counted.mismatches != stored.standing.mismatches:
        return True
    row = order_row(order, state, counted, stored.revision)
    fresh = Verdict(row.class_, row.overdue, row.status, row.deadline, row.next_deadline, row.rule)
    if fresh == verdict:
        return False
    return verdict.next_deadline is None or verdict.next_deadline > now
