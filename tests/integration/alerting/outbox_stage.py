"""An outbox with two tenants' notices, in memory or in PostgreSQL, and ways to look into it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from tests.notices import (
    OPS,
    Clock,
    TestRoad,
    notice,
    sending,
)

from orderwatch.adapters.postgres.outbox import PostgresOutbox
from orderwatch.app.send_notices import Outbox, Sending, send_notices
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.notice import NewNotice, NoticeId
from orderwatch.core.model import TenantId

CALM = replace(OPS, most=10, most_within=timedelta(minutes=10))
Rows = list[tuple[Any, ...]]


class Kept(Outbox, Protocol):
    """An outbox, and ways to fill it and to look into it."""

    async def add(self, tenant: TenantId, notice: NewNotice, at: datetime) -> NoticeId: ...
    async def rows(self, tenant: TenantId) -> Rows: ...
    async def noted(self, tenant: TenantId) -> list[dict[str, Any]]: ...
    async def timeline(self, tenant: TenantId) -> list[tuple[int, str, str]]: ...
    async def counted(self, tenant: TenantId, metric: str) -> dict[tuple[str, ...], float]: ...


class KeptInPostgres(PostgresOutbox):
    """The real one, and ways to look into it."""

    async def _all(self, tenant: TenantId, query: str, *values: object) -> Rows:
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall()

    async def add(self, tenant: TenantId, notice: NewNotice, at: datetime) -> NoticeId:
        told = notice.message
        ((id_,),) = await self._all(
            tenant,
            "insert into notices (tenant_id, channel, incident_id, kind, rule, message, created_at,"
            " due_at) values (bound_tenant(), %s, %s, %s, %s, %s::json, %s, %s)"
            " returning notice_id",
            notice.channel,
            notice.incident,
            told.kind,
            told.rule,
            msgspec.json.encode(told).decode(),
            at,
            notice.due_at,
        )
        return NoticeId(id_)

    async def rows(self, tenant: TenantId) -> Rows:
        query = "select notice_id, channel, state, attempts, merged_into from notices order by 1"
        return await self._all(tenant, query)

    async def noted(self, tenant: TenantId) -> list[dict[str, Any]]:
        rows = await self._all(tenant, "select cause from alert_causes order by cause_id")
        return [row[0]["notice"] for row in rows]

    async def timeline(self, tenant: TenantId) -> list[tuple[int, str, str]]:
        query = "select incident_id, kind, entry from incident_log order by entry_id"
        return [(row[0], row[1], row[2]) for row in await self._all(tenant, query)]

    async def counted(self, tenant: TenantId, metric: str) -> dict[tuple[str, ...], float]:
        query = "select labels, le, sum(value) from totals where metric = %s group by 1, 2"
        rows = await self._all(tenant, query, metric)
        return {(*labels, *((le,) if le else ())): by for labels, le, by in rows}


class Stage(Struct, frozen=True):
    """An outbox with two tenants' notices, a road and a clock."""

    outbox: Kept
    road: TestRoad
    clock: Clock
    alice: TenantId
    bob: TenantId

    def sender(self, *channels: Channel) -> Sending:
        return sending(self.outbox, self.road, self.clock, *(channels or (CALM,)))

    async def add(self, told: NewNotice | None = None, tenant: TenantId | None = None) -> NoticeId:
        return await self.outbox.add(tenant or self.alice, told or notice(), self.clock())

    async def send(self, *channels: Channel, channel: str = "ops") -> int:
        return await send_notices(self.sender(*channels), self.alice, "alice", channel)

    async def states(self, tenant: TenantId | None = None) -> list[str]:
        return [row[2] for row in await self.outbox.rows(tenant or self.alice)]
