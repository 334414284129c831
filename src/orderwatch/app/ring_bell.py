"""Ring when something was noted that alert rules look at, so that nobody waits for the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed


class Bell:
    """Rings when orders of this process got into or out of trouble: then causes were noted."""

    def __init__(self) -> None:
        """Nobody has rung yet."""
        self._rung = asyncio.Event()
        self._tenants: set[TenantId] = set()

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Ring for a tenant; never blocks and never fails."""
        if any(one.stirs for one in changed):
            self._tenants.add(tenant)
            self._rung.set()

    async def wait(self, most_s: float) -> set[TenantId]:
        """The tenants it rang for, as soon as it does; none after `most_s` seconds."""
        try:
            async with asyncio.timeout(most_s):
                await self._rung.wait()
        except TimeoutError:
            return set()
        self._rung.clear()
        rung, self._tenants = self._tenants, set()
        return rung
