"""A ledger in a real PostgreSQL with two tenants, Alice and Bob, who know nothing of each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
from tests.story import T0, Moment, batch, lotus, moment

from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.app.record_events import Recorded, record_events
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Batch, Receipt
from orderwatch.core.model import ReceivedEvent, TenantId
from orderwatch.core.tracking.changes import Changed

Rows = list[tuple[Any, ...]]


class House:
    """The ledger, its tenants, and ways to look at what is stored."""

    def __init__(self, url: str, database: Database, alice: TenantId, bob: TenantId) -> None:
        self.url = url
        self.database = database
        self.ledger = PostgresLedger(database)
        self.alice = alice
        self.bob = bob

    async def hear(
        self,
        *events: ReceivedEvent,
        now: Moment = 0,
        tenant: TenantId | None = None,
        flow: Template | None = None,
    ) -> Receipt:
        """One request with these events arrives now."""
        recorded = await self.record([batch(*events)], now=now, tenant=tenant, flow=flow)
        return recorded.receipts[0]

    async def record(
        self,
        batches: Sequence[Batch],
        *,
        now: Moment = 0,
        tenant: TenantId | None = None,
        flow: Template | None = None,
    ) -> Recorded:
        """One transaction records these batches now."""
        return await record_events(
            self.ledger, tenant or self.alice, flow or lotus(), batches, moment(now)
        )

    async def watch(self, now: Moment, tenant: TenantId | None = None) -> list[Changed]:
        """One round of the watcher."""
        return await watch_deadlines(self.ledger, tenant or self.alice, lotus(), moment(now))

    async def rows(self, query: str, *values: object, tenant: TenantId | None = None) -> Rows:
        """What a tenant sees when it asks this."""
        async with self.database.tenant(tenant or self.alice) as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall()

    async def one(self, query: str, *values: object, tenant: TenantId | None = None) -> Any:
        """The one value it sees."""
        rows = await self.rows(query, *values, tenant=tenant)
        assert len(rows) == 1, rows
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    async def until_somebody_waits(self) -> None:
        """Until one of the connections waits for another's lock."""
        query = (
            "select count(*) from pg_stat_activity "
            "where wait_event_type = 'Lock' and datname = current_database()"
        )
        for _ in range(2_000):
            if self.as_owner(query) != [(0,)]:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("nobody waits")

    def as_owner(self, query: str, *values: object) -> Rows:
        """What the database's owner sees or does, who is above every rule."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []


_numbers = count()


@asynccontextmanager
async def open_house(url: str) -> AsyncIterator[House]:
    """A house with two new tenants on this database."""
    database = Database(url, size=8)
    await database.open()
    number = next(_numbers)
    try:
        async with database.directory() as connection:
            insert = "insert into tenants (name) values (%s), (%s) returning tenant_id"
            made = await connection.execute(insert, [f"alice-{number}", f"bob-{number}"])
            alice, bob = [TenantId(row[0]) for row in await made.fetchall()]
        async with database.unbound() as connection:
            await connection.execute("select ensure_event_partitions(%s, 2)", [T0.date()])
        yield House(url, database, alice, bob)
    finally:
        await database.close()


@pytest.fixture
async def house(module_database_url: str) -> AsyncIterator[House]:
    """Tenants of one's own, on a database that the tests of a file share."""
    async with open_house(module_database_url) as house:
        yield house


@pytest.fixture
async def own_house(database_url: str) -> AsyncIterator[House]:
    """A database of one's own, to be broken."""
    async with open_house(database_url) as house:
        yield house
