"""The ledger as the door sees it: grouped, recorded with the tenant's template, announced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from orderwatch.app.group_commit import GroupCommit, Limits
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.record_events import LedgerStore, record_events, rehearse_events
from orderwatch.core.ingest.batch import Batch, Receipt
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed


class Announcements(Protocol):
    """Those who want to know what moved, once it is committed."""

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Tell them; never blocks and never fails."""
        ...


class Ledger:
    """Where events become history: `record` answers after the commit."""

    def __init__(
        self,
        store: LedgerStore,
        templates: KnownTemplates,
        announcements: Announcements,
        now: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        """Call `start` in the running loop before the first `record`."""
        self._store = store
        self._templates = templates
        self._announcements = announcements
        self._now = now
        self._group = GroupCommit(self._record, limits)
        self.start = self._group.start
        self.stop = self._group.stop

    async def record(self, tenant: TenantId, batch: Batch) -> Receipt:
        """Store a batch durably; raises Overloaded or Unavailable."""
        return await self._group.record(tenant, batch)

    async def rehearse(self, tenant: TenantId, batches: Sequence[Batch]) -> list[Receipt]:
        """What `record` would answer for each; nothing is stored. Raises Unavailable."""
        template = await self._templates.of(tenant)
        return await rehearse_events(self._store, tenant, template, batches, self._now())

    async def _record(self, tenant: TenantId, batches: Sequence[Batch]) -> list[Receipt]:
        template = await self._templates.of(tenant)
        recorded = await record_events(self._store, tenant, template, batches, self._now())
        self._announcements.publish(tenant, recorded.changed)
        return recorded.receipts
