"""Alert books in PostgreSQL: every version as it was applied."""

from __future__ import annotations

import psycopg

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.app.change_rules import BookVersion, RuleFault
from orderwatch.core.model import TenantId
from orderwatch.core.people import deeds
from orderwatch.core.people.audit import Actor


class PostgresBooks:
    """Implements the ports BookStore and NewestBook."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("books")

    async def newest(self, tenant: TenantId) -> str | None:
        """The YAML text in force."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(self._sql["newest_book"])).fetchone()
        return row[0] if row else None

    async def versions(self, tenant: TenantId) -> list[BookVersion]:
        """All versions there were, newest first."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(self._sql["book_versions"])).fetchall()
        return [BookVersion(*row) for row in rows]

    async def source(self, tenant: TenantId, version: int) -> str | None:
        """The YAML text of one version."""
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(self._sql["book_source"], {"version": version})
            row = await found.fetchone()
        return row[0] if row else None

    async def faults(self, tenant: TenantId) -> list[RuleFault]:
        """The rules in force that could not be decided."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(self._sql["rule_faults"])).fetchall()
        return [RuleFault(*row) for row in rows]

    async def apply(
        self, tenant: TenantId, name: str, source: str, base: int, by: Actor
    ) -> int | None:
        """The version it got; None when `base` is not the newest any more."""
        values = {"name": name, "source": source, "base": base, "by": by.name}
        try:
            async with self._database.tenant(tenant) as connection:
                row = await (await connection.execute(self._sql["apply_book"], values)).fetchone()
                if row is None:
                    return None
                await connection.execute(self._sql["forget_faults"])
                await write_deed(connection, by, deeds.alert_rules_applied(name, int(row[0])))
        except psycopg.errors.UniqueViolation:
            return None
        return int(row[0])
