"""Read what is parked: valid events whose order nobody has announced yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec import Raw, Struct

from orderwatch.app.sweep_parked import PATIENCE
from orderwatch.core.model import OrderId, System, TenantId

AGES: Final = (timedelta(0), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""Where the groups by age begin; the last one ends with PATIENCE."""


class ParkedEvent(Struct, frozen=True):
    """One event that waits, and its text as it came."""

    identity: UUID
    order_id: OrderId
    system: System
    received_at: datetime
    event: Raw

    @property
    def expires_at(self) -> datetime:
        """When it becomes a dead letter, unless its order is announced."""
        return self.received_at + PATIENCE


class ParkedGroup(Struct, frozen=True):
    """The events of one system of one age: `age` counts the groups of AGES."""

    system: System
    age: int
    events: int
    orders: int
    oldest: datetime


class ParkedPlace(Struct, frozen=True):
    """A place in the list, oldest first: the event just before it."""

    received_at: datetime
    identity: UUID


class ParkedFilter(Struct, frozen=True):
    """Which parked events; None does not filter. [since, before) bounds their arrival."""

    system: System | None = None
    since: datetime | None = None
    before: datetime | None = None


class ParkedStore(Protocol):
    """Where parked events are kept. Every call raises Unavailable when the database is away."""

    async def groups(self, tenant: TenantId, begins: Sequence[datetime]) -> list[ParkedGroup]:
        """Oldest first; `begins`: the earliest arrivals of each age but the last."""
        ...

    async def parked(
        self, tenant: TenantId, wanted: ParkedFilter, after: ParkedPlace | None, most: int
    ) -> list[ParkedEvent]:
        """Those that expire first come first, at most `most`."""
        ...


async def read_parked_groups(
    store: ParkedStore, tenant: TenantId, now: datetime
) -> list[ParkedGroup]:
    """What waits, by system and age."""
    return await store.groups(tenant, [now - age for age in AGES[1:]])


def filter_of(system: System | None, age: int | None, now: datetime) -> ParkedFilter:
    """The events of one system, of one age, or of both."""
    if age is None:
        return ParkedFilter(system)
    last = age + 1 == len(AGES)
    return ParkedFilter(
        system=system,
        since=None if last else now - AGES[age + 1],
        before=None if age == 0 else now - AGES[age],
    )
