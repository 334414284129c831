"""Take in what an Alertmanager tells: its alerts become incidents of the same history."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.core.alerting.external import Taken, take_in
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.read_alerts import Alert
from orderwatch.core.model import TenantId


class ExternalTransaction(Protocol):
    """The incidents of one tenant that others raise; nobody else writes them meanwhile."""

    async def episodes(self, alerts: Sequence[Alert]) -> list[Incident]:
        """Of these alerts' fingerprints, what goes on and what began when they did."""
        ...

    async def save(self, taken: Taken) -> None:
        """Write incidents (new ones get their id) and their lines."""
        ...


class ExternalStore(Protocol):
    """Where incidents are kept. Raises Unavailable when the database is away."""

    def taking(self, tenant: TenantId) -> AbstractAsyncContextManager[ExternalTransaction]:
        """Commits on leaving."""
        ...


class TakenIn(Struct, frozen=True):
    """What became of a request: how many began, ended, were known, and were our own."""

    opened: int
    resolved: int
    known: int
    own: int
    moved: tuple[IncidentId, ...] = ()


async def take_alerts(
    store: ExternalStore, tenant: TenantId, alerts: Sequence[Alert], now: datetime
) -> TakenIn:
    """One request, in one transaction; hearing it again changes nothing."""
    async with store.taking(tenant) as transaction:
        taken = take_in(alerts, await transaction.episodes(alerts), now)
        await transaction.save(taken)
    moved = tuple(one.id for one in (*taken.opened, *taken.moved))
    return TakenIn(len(taken.opened), len(taken.moved), taken.known, taken.own, moved)
