"""The outbox of a story, which is told of one in memory and of one in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
from tests.fakes.outbox import FakeOutbox
from tests.integration.alerting.outbox_stage import KeptInPostgres, Stage
from tests.notices import (
    Clock,
    TestRoad,
)

from orderwatch.adapters.postgres.database import Database
from orderwatch.core.model import TenantId

_NUMBERS = count()


@pytest.fixture(params=["in memory", "in PostgreSQL"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "in memory":
        yield Stage(FakeOutbox(), TestRoad(), Clock(), TenantId(1), TenantId(2))
        return
    database = Database(request.getfixturevalue("module_database_url"), size=4)
    await database.open()
    number = next(_NUMBERS)
    async with database.directory() as connection:
        insert = "insert into tenants (name) values (%s), (%s) returning tenant_id"
        made = await connection.execute(insert, [f"alice-{number}", f"bob-{number}"])
        alice, bob = [TenantId(row[0]) for row in await made.fetchall()]
    yield Stage(KeptInPostgres(database), TestRoad(), Clock(), alice, bob)
    await database.close()
