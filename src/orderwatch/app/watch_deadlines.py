"""The watcher: marks orders and legs overdue within a second of their deadline.

The only thing it asks the database is the index on open deadlines, so it costs the same at any
size. Orders that another worker holds are passed over, so any number of workers may watch.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed, Changes, StoredOrder
from orderwatch.core.tracking.settle import write_order

MOST = 500
"""Orders per transaction, so that a long outage's backlog never holds many locks for long."""


class WatchTransaction(Protocol):
    """One transaction of one tenant."""

    async def due(self, now: datetime, most: int) -> list[StoredOrder]:
        """Lock and load orders whose next deadline has passed; skip those locked by others."""
        ...

    async def save(self, changes: Changes) -> None:
        """Write what changed."""
        ...


class WatchStore(Protocol):
    """Where the ledger is kept."""

    def watching(self, tenant: TenantId) -> AbstractAsyncContextManager[WatchTransaction]:
        """Commits on leaving."""
        ...


async def watch_deadlines(
    store: WatchStore, tenant: TenantId, template: Template, now: datetime
) -> list[Changed]:
    """Judge a tenant's orders whose deadline has come; at most MOST, all that moved is returned.

    As many as MOST means that there may be more: call again.
    """
    async with store.watching(tenant) as transaction:
        due = await transaction.due(now, MOST)
        changes = Changes(now=now)
        for stored in due:
            write_order(changes, stored.state, stored, template, spoke=())
        if due:
            await transaction.save(changes)
    return changes.changed
