"""What time brings: deadlines that pass, parked events that wait, history that grows old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from orderwatch.app.administer import Directory
from orderwatch.app.keep_ledger import Announcements
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.sweep_parked import MOST as MOST_EXPIRED
from orderwatch.app.sweep_parked import ParkedStore, apply_left_parked, expire_parked
from orderwatch.app.watch_deadlines import MOST as MOST_DUE
from orderwatch.app.watch_deadlines import WatchStore, watch_deadlines
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.activity import FORGOTTEN

JUST_PARKED = timedelta(seconds=10)
"""How far back every round looks for parked events whose order came meanwhile; the thorough ones
look at all of them."""


class Store(WatchStore, ParkedStore, Protocol):
    """Where the ledger is kept."""

    async def forget_activity(self, tenant: TenantId, before: datetime) -> None:
        """Drop what was counted of orders active in minutes before then."""
        ...


class Shelves(Protocol):
    """Where events lie by the month of their arrival."""

    async def prepare(self, now: datetime) -> int:
        """Make the shelves of this month and the next; how many were missing."""
        ...

    async def clear(self, before: datetime, tenants: list[TenantId]) -> list[str]:
        """Drop the shelves whose events all arrived before then; their names."""
        ...


class Tending(Struct, frozen=True):
    """All that tending needs."""

    store: Store
    shelves: Shelves
    directory: Directory
    templates: KnownTemplates
    announcements: Announcements
    now: Callable[[], datetime]
    retention: timedelta


async def tend_tenant(tending: Tending, tenant: TenantId, thorough: bool) -> int:
    """Watch one tenant's deadlines and parked events; returns how many orders moved.

    A thorough round also looks at everything that is parked, ends what waited for a day, and
    forgets which orders were active more than an hour ago.
    """
    template = await tending.templates.of(tenant)
    moved = 0
    while True:
        changed = await watch_deadlines(tending.store, tenant, template, tending.now())
        tending.announcements.publish(tenant, changed)
        moved += len(changed)
        if len(changed) < MOST_DUE:
            break
    now = tending.now()
    since = datetime.min.replace(tzinfo=now.tzinfo) if thorough else now - JUST_PARKED
    changed = await apply_left_parked(tending.store, tenant, template, now, since)
    tending.announcements.publish(tenant, changed)
    while thorough and await expire_parked(tending.store, tenant, tending.now()) == MOST_EXPIRED:
        pass
    if thorough:
        await tending.store.forget_activity(tenant, tending.now() - FORGOTTEN)
    return moved + len(changed)


async def tend_shelves(tending: Tending) -> list[str]:
    """Make room for what will arrive; let go of what is too old, and return its names."""
    now = tending.now()
    await tending.shelves.prepare(now)
    tenants = [one.tenant_id for one in await tending.directory.tenants()]
    return await tending.shelves.clear(now - tending.retention, tenants)
