"""Counting how polled systems answered, in PostgreSQL: implements `RequestCounts`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.ledger import PostgresLedgerTransaction
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changes
from orderwatch.core.tracking.counting import Deltas


class PostgresSourceRequests:
    """Counts beside the ledger's own counters, with the ledger's own statements."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("figures")

    async def admit(
        self, tenant: TenantId, connectors: Collection[str], most: int, now: datetime
    ) -> set[str]:
        """Known ones cost one question; new ones are added while there is room."""
        asked = {"connectors": sorted(connectors)}
        async with self._database.tenant(tenant) as connection:
            known = await connection.execute(self._sql["known_connectors"], asked)
            found = {row[0] for row in await known.fetchall()}
            if len(found) == len(connectors):
                return found
            await connection.execute(
                self._sql["add_connectors"], asked | {"most": most, "now": now}
            )
            known = await connection.execute(self._sql["known_connectors"], asked)
            return {row[0] for row in await known.fetchall()}

    async def count(self, tenant: TenantId, deltas: Deltas, now: datetime) -> None:
        """In one transaction."""
        async with self._database.tenant(tenant) as connection:
            await PostgresLedgerTransaction(connection).save(Changes(now=now, deltas=deltas))
