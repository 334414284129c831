"""Parked events in PostgreSQL: implements `ParkedStore` of `app/read_parked.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.read_parked import ParkedEvent, ParkedFilter, ParkedGroup, ParkedPlace
from orderwatch.core.model import TenantId


class PostgresParked:
    """The table of parked events."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("parked")

    async def groups(self, tenant: TenantId, begins: Sequence[datetime]) -> list[ParkedGroup]:
        """Counted by system and age."""
        rows = await self._rows(tenant, "groups", {"begins": sorted(begins)})
        return [ParkedGroup(row[0], len(begins) - row[1], *row[2:]) for row in rows]

    async def parked(
        self, tenant: TenantId, wanted: ParkedFilter, after: ParkedPlace | None, most: int
    ) -> list[ParkedEvent]:
        """Oldest first."""
        asked = msgspec.structs.asdict(wanted) | {"most": most}
        if after is not None:
            asked |= {"after": True, "after_at": after.received_at, "after_id": after.identity}
        values = {name: value for name, value in asked.items() if value is not None}
        rows = await self._rows(tenant, "list", values)
        return [_parked(*row) for row in rows]

    async def _rows(
        self, tenant: TenantId, name: str, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        statement = assemble(self._sql[name], values.keys())
        async with self._database.tenant(tenant) as connection:
            return await (await connection.execute(statement, values)).fetchall()


def _parked(*columns: Any) -> ParkedEvent:
    identity, order_id, system, received_at, text = columns
    return ParkedEvent(identity, order_id, system, received_at, Raw(text))
