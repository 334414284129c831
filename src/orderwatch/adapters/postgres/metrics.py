"""Figures for Prometheus from PostgreSQL: implements `MetricStore` of `app/read_metrics.py`."""

from __future__ import annotations

from typing import Any

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.app.read_metrics import Standings
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.counting import Total


class PostgresMetrics:
    """Reads totals and counts what is open."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("reading")

    async def enabled_tenants(self) -> list[tuple[TenantId, str]]:
        """Every tenant's id and name."""
        async with self._database.directory() as connection:
            rows = await (await connection.execute(self._sql["tenants"])).fetchall()
        return [(TenantId(row[0]), row[1]) for row in rows]

    async def standings(self, tenant: TenantId) -> Standings:
        """All figures of one tenant in one round trip."""
        names = ("totals", "last_words", "parked_by_system", "open_dead_letters_by_system")
        rows: list[list[tuple[Any, ...]]] = []
        async with self._database.tenant(tenant) as connection, connection.pipeline():
            cursors = [await connection.execute(self._sql[name]) for name in names]
            rows.extend([await cursor.fetchall() for cursor in cursors])
        totals, words, parked, dead = rows
        return Standings(
            totals={Total(row[0], tuple(row[1]), row[2]): row[3] for row in totals},
            last_event_at={row[0]: row[1] for row in words},
            parked={row[0]: row[1] for row in parked},
            dead_letters={row[0]: row[1] for row in dead},
        )
