"""What became of notices, in PostgreSQL: implements OutboxLog on `sql/outbox_log.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.incidents import notice_line
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.read_incidents import NoticeLine
from orderwatch.app.read_outbox import Health
from orderwatch.core.alerting.notice import Message, NoticeId
from orderwatch.core.model import TenantId

_SQL: Final = statements("outbox_log")
_decode = msgspec.json.Decoder(Message).decode


class PostgresOutboxLog:
    """What people see of the outbox."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def health(self, tenant: TenantId, channels: Sequence[str]) -> list[Health]:
        """How these channels do, in their order."""
        rows = await self._rows(tenant, "health", channels=list(channels))
        by_name = {row[0]: Health(*row) for row in rows}
        return [by_name[name] for name in channels]

    async def log(
        self, tenant: TenantId, channel: str, most: int, before: NoticeId | None
    ) -> list[NoticeLine]:
        """What a channel was told, newest first, older than a notice."""
        values = {"channel": channel, "most": most}
        return [notice_line(row) for row in await self._page(tenant, "log", before, values)]

    async def kept(
        self, tenant: TenantId, channels: Sequence[str], most: int, before: NoticeId | None
    ) -> list[NoticeLine]:
        """What these channels were told, newest first, older than a notice."""
        values = {"channels": list(channels), "most": most}
        return [notice_line(row) for row in await self._page(tenant, "kept", before, values)]

    async def message(
        self, tenant: TenantId, notice: NoticeId
    ) -> tuple[NoticeLine, Message] | None:
        """One notice with all it says; None when there is none."""
        rows = await self._rows(tenant, "message", notice=notice)
        if not rows:
            return None
        *line, text = rows[0]
        return notice_line(tuple(line)), _decode(text)

    async def _page(
        self, tenant: TenantId, name: str, before: NoticeId | None, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        asked = [] if before is None else ["before"]
        async with self._database.tenant(tenant) as connection:
            statement = assemble(_SQL[name], asked)
            found = await connection.execute(statement, values | {"before": before})
            return await found.fetchall()

    async def _rows(self, tenant: TenantId, name: str, **values: object) -> list[tuple[Any, ...]]:
        async with self._database.tenant(tenant) as connection:
            return await (await connection.execute(_SQL[name], values)).fetchall()
