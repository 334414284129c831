"""The same stories in memory and in PostgreSQL: what a backtest says is what would happen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import pytest
from psycopg.types.json import Json
from tests.alerts import MemoryKeeper, OpenShop, Shop

from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.incident_rows import incident_of
from orderwatch.app.evaluate_alerts import AlertStore
from orderwatch.core.alerting.incident import Incident, Silence
from orderwatch.core.alerting.notice import Message, NewNotice
from orderwatch.core.alerting.situation import FailedNotice
from orderwatch.core.model import System, TenantId
from orderwatch.core.tracking.causes import Cause


class PostgresKeeper:
    """Incidents in PostgreSQL, looked at as its owner."""

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self.store: AlertStore = PostgresAlerting(database)
        self._database = database
        self._tenant = tenant

    async def _do(self, statement: str, *values: object) -> None:
        async with self._database.tenant(self._tenant) as connection:
            await connection.execute(statement.encode(), values)

    async def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self._database.tenant(self._tenant) as connection:
            return await (await connection.execute(statement.encode())).fetchall()

    async def note(self, causes: list[Cause], words: Mapping[System, datetime]) -> None:
        for cause in causes:
            text = msgspec.json.encode(cause).decode()
            await self._do(
                "insert into alert_causes (tenant_id, noted_at, cause)"
                " values (bound_tenant(), now(), %s)",
                text,
            )
        for system, at in words.items():
            await self._do(
                "insert into systems values (bound_tenant(), %s, 0, %s, %s, 1)"
                " on conflict (tenant_id, system, slot)"
                " do update set last_received_at = excluded.last_received_at",
                system,
                at,
                at,
            )

    async def note_failed(self, failed: FailedNotice) -> None:
        await self._do(
            "insert into alert_causes (tenant_id, noted_at, cause)"
            " values (bound_tenant(), now(), %s)",
            msgspec.json.encode({"notice": failed}).decode(),
        )

    async def took(self, channel: str, at: datetime) -> None:
        await self._do(
            "insert into notices (tenant_id, channel, kind, rule, message, state, created_at,"
            " due_at, ended_at) values (bound_tenant(), %s, 'test', '', '{}', 'sent', %s, %s, %s)",
            channel,
            at,
            at,
            at,
        )

    async def silence(self, silence: Silence) -> None:
        await self._do(
            "insert into silences (tenant_id, kind, matches, starts_at, ends_at, why, author,"
            " made_at) values (bound_tenant(), %s, %s, %s, %s, %s, %s, %s)",
            silence.kind,
            Json(silence.matches),
            silence.starts_at,
            silence.ends_at,
            silence.why,
            silence.author,
            silence.made_at,
        )

    async def acknowledge(self, at: datetime) -> None:
        await self._do("update incidents set acknowledged_at = %s, acknowledged_by = 'alice'", at)

    async def notices(self) -> list[NewNotice]:
        rows = await self._rows(
            "select channel, message::text, due_at, incident_id from notices"
            " where kind <> 'test' order by notice_id"
        )
        return [
            NewNotice(
                channel=channel,
                message=msgspec.json.decode(message, type=Message),
                due_at=due_at,
                incident=incident,
            )
            for channel, message, due_at, incident in rows
        ]

    async def incidents(self) -> list[Incident]:
        rows = await self._rows(
            "select incident_id, rule, group_key, priority, team, title, about::text, labels::text,"
            " runbook, state, cause_at, fired_at, last_joined_at, well_since, resolved_at, orders,"
            " still_open, money, currency, tally::text, common, told_at, told_orders, quiet,"
            " acknowledged_at, acknowledged_by, assigned_to, escalated_at, parent, previous,"
            " external::text from incidents order by incident_id"
        )
        return [incident_of(row) for row in rows]


@pytest.fixture(params=["in memory", "in PostgreSQL"])
async def open_shop(
    request: pytest.FixtureRequest,
) -> AsyncIterator[OpenShop]:
    """Opens a shop: one tenant with a book."""
    if request.param == "in memory":
        yield lambda book: Shop(book, MemoryKeeper())
        return
    url = request.getfixturevalue("database_url")
    opened = Database(url, size=4)
    await opened.open()
    tenant = await PostgresDirectory(opened).create_tenant("story")
    assert tenant is not None
    keeper = PostgresKeeper(opened, tenant)
    yield lambda book: Shop(book, keeper, tenant)
    await opened.close()
