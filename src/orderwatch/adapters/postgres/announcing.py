"""Announcements between processes: PostgreSQL's NOTIFY, sent after the commit and apart from it.

A notice is a hint, never the truth: whoever may have missed one is told to read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, sql

from orderwatch.adapters.postgres.migrate import APP_ROLE
from orderwatch.app.announce_changes import MOST_AT_ONCE, Announced, Hub, Update, Waiting, update_of
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.changes import Changed

CHANNEL: Final = "orderwatch_changes"
_LOG: Final = logging.getLogger("orderwatch.announcing")
_GATHER_S: Final = 0.05
"""Notices of a tenant are gathered for so long: at most 20 a second."""
_MOST_BYTES: Final = 7_900
"""PostgreSQL takes notices of less than 8,000 bytes."""
_PATIENCE_S: Final = (0.2, 1, 5)


class Notice(Struct, frozen=True, array_like=True):
    """What one process tells the others: who says it, about whose orders, and the update."""

    by: str
    tenant: TenantId
    update: Update


Work = Callable[[AsyncConnection], Awaitable[None]]
_DECODER: Final = msgspec.json.Decoder(Notice)


class PostgresAnnouncements:
    """The port Announcements over all processes on one database, feeding this process's hub."""

    def __init__(self, url: str, hub: Hub, process: str) -> None:
        """`process` is a name no other process has."""
        self._url = url
        self._hub = hub
        self._process = process
        self._outbox: dict[TenantId, Waiting] = {}
        self._filled = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._listening = asyncio.Event()

    def publish(self, tenant: TenantId, changed: Sequence[Changed]) -> None:
        """Tell the watchers here at once, and those of the other processes soon."""
        if not changed:
            return
        self._announce(tenant, update_of(changed))

    def announce_incidents(self, tenant: TenantId, incidents: Sequence[IncidentId]) -> None:
        """Tell them which incidents moved; `ALL_OF_THEM` stands for what concerns the list."""
        if incidents:
            self._announce(tenant, Update(incidents=tuple(incidents)))

    def _announce(self, tenant: TenantId, update: Update) -> None:
        self._hub.tell(tenant, update)
        self._outbox.setdefault(tenant, Waiting(MOST_AT_ONCE * 20)).add(update)
        self._all_sent.clear()
        self._filled.set()

    @asynccontextmanager
    async def running(self, *, listen: bool = True) -> AsyncIterator[None]:
        """Send, and unless this process has no watchers listen, until left.

        Entered as soon as others are heard, or after a while when the database is away.
        """
        tasks = [asyncio.create_task(self._keep(self._send), name="announce")]
        if listen:
            tasks.append(asyncio.create_task(self._keep(self._listen), name="listen"))
        try:
            if listen:
                await _soon(self._listening, _PATIENCE_S[-1])
            yield
        finally:
            self._hub.close()
            await _soon(self._all_sent, _GATHER_S * 10)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, work: Work) -> None:
        """Connect and work; when the database goes away, try again ever more slowly."""
        failures = 0
        while True:
            try:
                async with self._connected() as connection:
                    failures = 0
                    await work(connection)
            except psycopg.OperationalError as error:
                _LOG.warning("announcements interrupted: %s", str(error).strip())
            await asyncio.sleep(_PATIENCE_S[min(failures, len(_PATIENCE_S) - 1)])
            failures += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        connection = await AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=2,
        )
        async with connection:
            await connection.execute(sql.SQL("set role {}").format(sql.Identifier(APP_ROLE)))
            yield connection

    async def _send(self, connection: AsyncConnection) -> None:
        while True:
            await self._filled.wait()
            await asyncio.sleep(_GATHER_S)
            self._filled.clear()
            for tenant in list(self._outbox):
                notice = fitting(Notice(self._process, tenant, self._outbox[tenant].take()))
                del self._outbox[tenant]
                await self._notify(connection, tenant, notice)
            if not self._outbox:
                self._all_sent.set()

    async def _notify(self, connection: AsyncConnection, tenant: TenantId, notice: str) -> None:
        try:
            await connection.execute("select pg_notify(%s, %s)", [CHANNEL, notice])
        except psycopg.OperationalError:
            self._outbox.setdefault(tenant, Waiting()).add(Update(resync=True))
            self._filled.set()
            raise

    async def _listen(self, connection: AsyncConnection) -> None:
        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))
        self._hub.resync()  # whatever was said before we listened
        self._listening.set()
        async for notification in connection.notifies():
            self._hear(notification.payload)

    def _hear(self, payload: str) -> None:
        try:
            notice = _DECODER.decode(payload)
        except msgspec.DecodeError:
            _LOG.warning("a notice of another version was not understood")
            self._hub.resync()
            return
        if notice.by != self._process:
            self._hub.tell(notice.tenant, notice.update)


async def _soon(event: asyncio.Event, most_s: float) -> None:
    """Wait for something that need not happen."""
    with suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await event.wait()


def fitting(notice: Notice) -> str:
    """The notice as text, with as many of its orders named as fit; the rest is counted."""
    named: list[Announced] = []
    bare = Update(incidents=notice.update.incidents[:MOST_AT_ONCE])
    room = _MOST_BYTES - len(msgspec.json.encode(Notice(notice.by, notice.tenant, bare))) - 20
    for one in notice.update.orders[:MOST_AT_ONCE]:
        room -= len(msgspec.json.encode(one)) + 1
        if room < 0:
            break
        named.append(one)
    more = notice.update.more + len(notice.update.orders) - len(named)
    resync = notice.update.resync or len(notice.update.incidents) > MOST_AT_ONCE
    update = Update(tuple(named), more, resync, bare.incidents)
    return msgspec.json.encode(Notice(notice.by, notice.tenant, update)).decode()
