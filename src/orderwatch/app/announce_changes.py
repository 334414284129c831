"""Announce what moved, after its commit, to everybody who watches: one hub in each process.

Nothing here can hold up the ledger: what a slow watcher does not take is dropped, and it is told
to read everything again instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from weakref import WeakSet

from msgspec import Struct

from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import OrderId, TenantId
from orderwatch.core.tracking.changes import Changed
from orderwatch.core.tracking.counting import FAILED_BUCKETS

MOST_AT_ONCE: Final = 50
"""Orders named in one update; those in new trouble come first, the rest is only counted."""
MOST_WAITING: Final = 200
"""Orders that may wait for one watcher."""
MOST_WATCHERS: Final = 200
"""Watchers of one tenant in one process."""
ALL_OF_THEM: Final = IncidentId(0)
"""Stands for what concerns incidents as a whole, such as a silence."""


class Announced(Struct, frozen=True, rename={"class_": "class"}):
    """What moved with one order; `before` None: it is new. The buckets split Delayed in two."""

    order_id: OrderId
    class_: str
    overdue: bool
    status: str
    bucket: str
    before: str | None
    channel: str | None
    updated_at: datetime


class Update(Struct, frozen=True):
    """Orders that moved, and how many more did; incidents that did. With `resync` something was
    missed: read again.
    """

    orders: tuple[Announced, ...] = ()
    more: int = 0
    resync: bool = False
    incidents: tuple[IncidentId, ...] = ()


class TooManyWatchers(OrderwatchError):
    """As many watch this tenant as one process serves; come again when some have left."""

    retryable = True


def update_of(changed: Sequence[Changed]) -> Update:
    """The update that tells of these changes, the new trouble first."""
    trouble = [one for one in changed if _is_new_trouble(one)]
    named = trouble[:MOST_AT_ONCE]
    if len(named) < MOST_AT_ONCE:
        calm = (one for one in changed if not _is_new_trouble(one))
        named += [one for one, _ in zip(calm, range(MOST_AT_ONCE - len(named)), strict=False)]
    return Update(tuple(map(_announced, named)), len(changed) - len(named))


def _is_new_trouble(one: Changed) -> bool:
    return one.bucket in FAILED_BUCKETS and one.bucket != one.before


def _announced(one: Changed) -> Announced:
    order = one.order
    return Announced(
        order_id=one.order_id,
        class_=order.class_.value,
        overdue=order.overdue,
        status=one.status,
        bucket=one.bucket,
        before=one.before,
        channel=order.channel,
        updated_at=order.updated_at,
    )


class Waiting:
    """Updates that were not taken yet, merged: of each order only the latest, and never many."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._orders: dict[OrderId, Announced] = {}
        self._incidents: dict[IncidentId, None] = {}
        self._more = 0
        self._resync = False

    def __bool__(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._orders or self._more or self._incidents or self._resync)

    def add(self, update: Update) -> None:
        """Merge an update; beyond `most` orders or incidents all are dropped for one `resync`."""
        self._resync = self._resync or update.resync
        self._more += update.more
        for one in update.orders:
            self._orders.pop(one.order_id, None)
            self._orders[one.order_id] = one
        self._incidents |= dict.fromkeys(update.incidents)
        if max(len(self._orders), len(self._incidents)) > self._most:
            self._resync = True
        if self._resync:
            self._orders.clear()
            self._incidents.clear()
            self._more = 0

    def take(self) -> Update:
        """All that waited, as one update."""
        orders, incidents = tuple(self._orders.values()), tuple(self._incidents)
        update = Update(orders, self._more, self._resync, incidents)
        self._orders, self._incidents, self._more, self._resync = {}, {}, 0, False
        return update


class Watcher:
    """One who watches one tenant. Leave it by `Hub.leave`."""

    def __init__(self, tenant: TenantId) -> None:
        self.tenant = tenant
        self._waiting = Waiting()
        self._arrived = asyncio.Event()
        self.closed = False

    def offer(self, update: Update) -> None:
        """Keep an update until it is taken."""
        self._waiting.add(update)
        self._arrived.set()

    def close(self) -> None:
        """Say that nothing will come any more."""
        self.closed = True
        self._arrived.set()

    async def next(self, patience: float) -> Update | None:
        """What moved since the last time; None when nothing did for `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        except TimeoutError:
            return None
        self._arrived.clear()
        return self._waiting.take() if self._waiting else None


class Hub:
    """Hands each tenant's updates to its watchers in this process, and to nobody else."""

    def __init__(self, most_watchers: int = MOST_WATCHERS) -> None:
        self._most = most_watchers
        # Weak, so that a watcher whose reader hung up before the first word is gone with it.
        self._watchers: dict[TenantId, WeakSet[Watcher]] = {}

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Tell this process's watchers what moved; never blocks and never fails."""
        if changed and tenant in self._watchers:
            self.tell(tenant, update_of(changed))

    def tell(self, tenant: TenantId, update: Update) -> None:
        """Hand an update to the watchers of its tenant."""
        for watcher in self._watchers.get(tenant, ()):
            watcher.offer(update)

    def resync(self) -> None:
        """Tell all watchers that something may have been missed."""
        for tenant in self._watchers:
            self.tell(tenant, Update(resync=True))

    def watch(self, tenant: TenantId) -> Watcher:
        """A new watcher; raises TooManyWatchers."""
        watchers = self._watchers.setdefault(tenant, WeakSet())
        if len(watchers) >= self._most:
            raise TooManyWatchers(f"{len(watchers)} watch already")
        watcher = Watcher(tenant)
        watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        watchers = self._watchers.get(watcher.tenant, WeakSet())
        watchers.discard(watcher)
        if not watchers:
            self._watchers.pop(watcher.tenant, None)

    def close(self) -> None:
        """Send all watchers away, so that the server can stop; they will ask another."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.close()

    @property
    def watching(self) -> int:
        """How many watch, of all tenants."""
        return sum(map(len, self._watchers.values()))
