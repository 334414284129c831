"""Two tenants' orders in a real ledger, told by stories, and a client of the API on it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import pytest
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace
from tests.fakes.keys import FakeKeys
from tests.story import T0, TEMPLATES, Moment, batch, lotus, moment

from orderwatch.adapters.metrics.exposition import Exposition
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.metrics import PostgresMetrics
from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.record_events import Recorded, record_events
from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent, TenantId
from orderwatch.entrypoints.api.metrics import Scraping, metrics_handler
from orderwatch.entrypoints.api.orders import orders_handlers
from orderwatch.entrypoints.api.problems import EXCEPTION_HANDLERS
from orderwatch.entrypoints.api.reading import Reading
from orderwatch.entrypoints.api.series import series_handlers
from orderwatch.entrypoints.api.summary import summary_handlers
from orderwatch.entrypoints.web.sessions import Sessions
from orderwatch.entrypoints.web.sign_in import SignIn

STORIES = count()


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.at = T0

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: Moment) -> None:
        self.at = moment(at)


class LotusForAll:
    """Every tenant has the flow of LOTUS'S."""

    async def newest(self, tenant: TenantId) -> str | None:
        return (TEMPLATES / "lotus-o2o.yaml").read_text()


class Story(Struct, frozen=True):
    """A ledger with Alice's and Bob's orders, and the API on it."""

    database: Database
    alice: TenantId
    bob: TenantId
    alices_name: str
    clock: Clock
    keys: FakeKeys
    app: Litestar

    async def tell(
        self, *events: ReceivedEvent, to: TenantId | None = None, flow: Template | None = None
    ) -> Recorded:
        """Record events as they come in, now; Alice's unless they are told to somebody else."""
        store = PostgresLedger(self.database)
        tenant = to if to is not None else self.alice
        return await record_events(store, tenant, flow or lotus(), [batch(*events)], self.clock())

    async def get(self, path: str, **query: str) -> httpx.Response:
        """What the API answers Alice."""
        return await self.get_as(self.alice, path, **query)

    async def get_as(self, tenant: TenantId, path: str, **query: str) -> httpx.Response:
        """What the API answers this tenant."""
        async with self.client(self.key_of(tenant)) as client:
            return await client.get(path, params=query or None)

    def client(self, key: str | None) -> httpx.AsyncClient:
        """A client with this key."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    def key_of(self, tenant: TenantId) -> str:
        """A key that may read this tenant's orders."""
        made = self.keys.give(tenant, seed=f"reader of {tenant}")
        self.keys.kept[made.id] = _reading(self.keys.kept[made.id])
        return made.text


def _reading(key: Any) -> Any:
    return replace(key, can_read=True)


@pytest.fixture
async def story(module_database_url: str) -> AsyncIterator[Story]:
    number = next(STORIES)
    database = Database(module_database_url, size=4)
    await database.open()
    async with database.directory() as connection:
        cursor = await connection.execute(
            "insert into tenants (name) values (%s), (%s) returning tenant_id",
            [f"alice-{number}", f"bob-{number}"],
        )
        alice, bob = (TenantId(row[0]) for row in await cursor.fetchall())
    clock, keys = Clock(), FakeKeys()
    stored = PostgresReading(database)
    reading = Reading(
        sign_in=SignIn(keys, Sessions(bytes(32)), clock),
        templates=KnownTemplates(LotusForAll(), time.monotonic),
        orders=stored,
        counts=stored,
        steps=stored,
        now=clock,
    )
    handlers = [
        *orders_handlers(reading),
        *summary_handlers(reading),
        *series_handlers(reading),
        metrics_handler(
            Scraping(PostgresMetrics(database), reading.templates, Exposition().render)
        ),
    ]
    app = Litestar(route_handlers=handlers, exception_handlers=EXCEPTION_HANDLERS)
    yield Story(database, alice, bob, f"alice-{number}", clock, keys, app)
    await database.close()
