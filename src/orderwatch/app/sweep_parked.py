"""Parked events: applied when their order is there after all, dead letters after a day."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Refused
from orderwatch.core.model import FieldError, OrderId, ReceivedEvent, System, TenantId
from orderwatch.core.tracking.changes import Changed, Changes, StoredOrder
from orderwatch.core.tracking.settle import move_order, needs_history, store

PATIENCE = timedelta(days=1)
MOST = 500


class Expired(Struct, frozen=True):
    """A parked event whose day is over."""

    order_id: OrderId
    system: System
    id: str
    source: str
    text: bytes


class ParkedTransaction(Protocol):
    """One transaction of one tenant."""

    async def left_parked(self, since: datetime) -> list[OrderId]:
        """Orders that exist and for which events parked since then still wait."""
        ...

    async def take(
        self, order_ids: Collection[OrderId]
    ) -> tuple[dict[OrderId, StoredOrder], dict[OrderId, list[ReceivedEvent]]]:
        """Lock the orders and take their parked events."""
        ...

    async def history(self, order_ids: Collection[OrderId]) -> dict[OrderId, list[ReceivedEvent]]:
        """All stored events of these orders."""
        ...

    async def expire(self, before: datetime, most: int) -> list[Expired]:
        """Take events parked before then, and free their identities so they can come again."""
        ...

    async def save(self, changes: Changes) -> None:
        """Write what changed."""
        ...


class ParkedStore(Protocol):
    """Where the ledger is kept."""

    def sweeping(self, tenant: TenantId) -> AbstractAsyncContextManager[ParkedTransaction]:
        """Commits on leaving."""
        ...


async def apply_left_parked(
    store_: ParkedStore, tenant: TenantId, template: Template, now: datetime, since: datetime
) -> list[Changed]:
    """Apply what one writer parked while another announced the order; returns what moved."""
    changes = Changes(now=now)
    async with store_.sweeping(tenant) as transaction:
        order_ids = await transaction.left_parked(since)
        if not order_ids:
            return []
        orders, events = await transaction.take(order_ids)
        late = needs_history(events, orders, template)
        history = await transaction.history(late) if late else {}
        for order_id, waiting in events.items():
            store(changes, waiting)
            move_order(changes, waiting, orders[order_id], history.get(order_id), template)
        await transaction.save(changes)
    return changes.changed


async def expire_parked(store_: ParkedStore, tenant: TenantId, now: datetime) -> int:
    """Make dead letters of events that waited for a day; returns how many, at most MOST."""
    async with store_.sweeping(tenant) as transaction:
        expired = await transaction.expire(now - PATIENCE, MOST)
        if expired:
            await transaction.save(Changes(now=now, dead_letters=[*map(_refused, expired)]))
    return len(expired)


def _refused(one: Expired) -> Refused:
    return Refused(
        index=0,
        code="never_announced",
        errors=(
            FieldError(
                "subject",
                f"no order {one.order_id} was announced by the OMS within a day; "
                "retry once it is there",
            ),
        ),
        payload=one.text,
        id=one.id,
        source=one.source,
        order_id=one.order_id,
        system=one.system,
    )
