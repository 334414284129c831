"""Whether PostgreSQL answers with this version's schema: the port of `app/check_readiness.py`."""

from __future__ import annotations

import asyncio

import psycopg

from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.migrate import pending
from orderwatch.core.errors import Unavailable


class PostgresReadiness:
    """Asks through the pool, and for migrations as whoever may see which were applied."""

    def __init__(self, database: Database, migration_url: str) -> None:
        """`database` must be open; `migration_url` is the one migrations are applied with."""
        self._database = database
        self._migration_url = migration_url

    async def ping(self) -> None:
        """One round trip."""
        async with self._database.unbound() as connection:
            await connection.execute("select 1")

    async def pending(self) -> list[str]:
        """What the migration library says is missing."""
        try:
            return await asyncio.to_thread(pending, self._migration_url)
        except psycopg.Error as error:
            raise Unavailable("The database does not say which migrations it has.") from error
