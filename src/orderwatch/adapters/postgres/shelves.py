"""The monthly partitions of the events: made ahead, dropped when retention ends."""

from __future__ import annotations

from datetime import datetime

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.core.model import TenantId

MONTHS_AHEAD = 3


class PostgresShelves:
    """Implements the port Shelves of `app/tend_ledger.py`."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("shelves")

    async def prepare(self, now: datetime) -> int:
        """Make what is missing of this month and the next ones."""
        async with self._database.unbound() as connection:
            cursor = await connection.execute(
                self._sql["prepare"], {"first": now.date(), "months": MONTHS_AHEAD}
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def clear(self, before: datetime, tenants: list[TenantId]) -> list[str]:
        """Drop whole months that arrived before then, and the identities of their events."""
        async with self._database.unbound() as connection:
            cursor = await connection.execute(self._sql["clear"], {"before": before})
            row = await cursor.fetchone()
        dropped = list(row[0]) if row else []
        if dropped:
            for tenant in tenants:
                async with self._database.tenant(tenant) as connection:
                    await connection.execute(self._sql["forget"], {"before": before})
        return dropped
