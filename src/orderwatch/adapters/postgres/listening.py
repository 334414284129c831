"""Word that notices wait, between processes: PostgreSQL's NOTIFY. A hint: the clock looks as well.

Implements `Wakes` of `entrypoints/worker/notify.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg
from psycopg import AsyncConnection, sql

from orderwatch.adapters.postgres.migrate import APP_ROLE
from orderwatch.core.model import TenantId

CHANNEL: Final = "orderwatch_notices"
_LOG: Final = logging.getLogger("orderwatch.listening")
_PAUSE_S: Final = 1.0


class PostgresWakes:
    """Gathers the tenants for whom something was put into the outbox."""

    def __init__(self, url: str) -> None:
        """Nothing is opened before `listening`."""
        self._url = url
        self._tenants: set[TenantId] = set()
        self._woken = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen until left; when the database goes away, try again."""
        task = asyncio.create_task(self._keep_listening(), name="listen for notices")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def wait(self, most_s: float) -> set[TenantId]:
        """The tenants of whom word came; after `most_s` seconds possibly none."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._woken.wait()
        self._woken.clear()
        woken, self._tenants = self._tenants, set()
        return woken

    def wake(self, tenant: TenantId) -> None:
        """As if word came."""
        self._tenants.add(tenant)
        self._woken.set()

    async def _keep_listening(self) -> None:
        while True:
            try:
                connection = await AsyncConnection.connect(
                    self._url,
                    autocommit=True,
                    connect_timeout=5,
                    keepalives_idle=15,
                    keepalives_interval=5,
                    keepalives_count=2,
                )
                async with connection:
                    await self._listen(connection)
            except psycopg.OperationalError as error:
                _LOG.warning("listening for notices interrupted: %s", str(error).strip())
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self, connection: AsyncConnection) -> None:
        await connection.execute(sql.SQL("set role {}").format(sql.Identifier(APP_ROLE)))
        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))
        async for word in connection.notifies():
            if word.payload.isdecimal():
                self.wake(TenantId(int(word.payload)))
