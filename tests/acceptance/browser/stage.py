"""A server with pages on it, on a real database, for a browser to look at.

Orders are played in two ways: `post` sends events through the door at this moment; `replay` records
a simulated past, each message as if it had arrived when it was sent.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from msgspec import Struct, field

from orderwatch.adapters import clock
from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.app.administer import create_tenant
from orderwatch.app.announce_changes import Hub
from orderwatch.app.group_commit import Limits as CommitLimits
from orderwatch.app.keep_ledger import Ledger
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.receive_events import Door
from orderwatch.app.record_events import record_events
from orderwatch.app.throttle import Throttle
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.ingest.batch import Batch, Candidate
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits, Rates
from orderwatch.core.model import TenantId
from orderwatch.core.simulation.simulate import SimulatedMessage
from orderwatch.core.tenants.keys import RANDOM_BYTES, new_key
from orderwatch.entrypoints.api.app import Doors, create_app
from orderwatch.entrypoints.api.stream import stream_handler
from orderwatch.entrypoints.console.pace import Paces
from orderwatch.entrypoints.console.pages import Console
from orderwatch.entrypoints.console.router import console_router
from orderwatch.entrypoints.web.sessions import Sessions
from orderwatch.entrypoints.web.sign_in import SignIn

REPOSITORY = Path(__file__).resolve().parents[3]
TEMPLATE = REPOSITORY / "templates" / "lotus-o2o.yaml"
T = TypeVar("T")


class Wired(Struct):
    """The parts of the server the stage holds on to."""

    store: PostgresLedger
    templates: KnownTemplates
    directory: PostgresDirectory
    hub: Hub
    tenant: TenantId
    keys: dict[str, str] = field(default_factory=dict)
    """A key that may send and read, and one that may only send, by `read` and `send`."""


class Stage(Struct):
    """A running server. `post`, `replay` and `watch` change what is to be seen on it."""

    url: str
    loop: asyncio.AbstractEventLoop
    wired: Wired

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    def post(self, *events: dict[str, Any]) -> float:
        """Send events through the door; when the answer came, in seconds since the epoch."""
        answer = httpx.post(
            f"{self.url}/api/v1/events",
            json=list(events),
            headers={
                "authorization": f"Bearer {self.wired.keys['send']}",
                "content-type": "application/cloudevents-batch+json",
            },
        )
        answer.raise_for_status()
        assert answer.json()["rejected"] == []
        return time.time()

    def replay(self, messages: Iterable[SimulatedMessage], until: datetime) -> None:
        """Record what was sent before `until`, minute by minute; then look for passed deadlines."""
        self.run(self._replay([it for it in messages if it.send_at <= until], until))

    async def _replay(self, messages: list[SimulatedMessage], until: datetime) -> None:
        by_minute: dict[datetime, list[Candidate]] = {}
        for message in messages:
            judged = judge_event(0, message.body, Limits())
            if isinstance(judged, Candidate):
                minute = message.send_at.replace(second=0, microsecond=0)
                by_minute.setdefault(minute, []).append(judged)
        wired = self.wired
        template = await wired.templates.of(wired.tenant)
        for minute, events in by_minute.items():
            at = min(until, minute + timedelta(minutes=1))
            await record_events(wired.store, wired.tenant, template, [Batch(events, [])], at)
        await self._watch(until)

    def watch(self, at: datetime) -> None:
        """Look for passed deadlines, as the worker does."""
        self.run(self._watch(at))

    async def _watch(self, at: datetime) -> None:
        wired = self.wired
        template = await wired.templates.of(wired.tenant)
        while changed := await watch_deadlines(wired.store, wired.tenant, template, at):
            wired.hub.publish(wired.tenant, changed)


@contextmanager
def stage(database_url: str, *, open_on_loopback: bool = True, port: int = 0) -> Iterator[Stage]:
    """A server in a thread of its own, on a free port of this machine."""
    ready: list[Stage] = []
    listening = socket.create_server(("127.0.0.1", port))
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        async with _wire(database_url, open_on_loopback) as (wired, app):
            server = uvicorn.Server(
                uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
            )
            servers.append(server)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            ready.append(Stage(url, asyncio.get_running_loop(), wired))
            await server.serve(sockets=[listening])
            wired.hub.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not (servers and servers[0].started) and thread.is_alive():
        thread.join(0.01)
    try:
        yield ready[0]
    finally:
        ready[0].loop.call_soon_threadsafe(ready[0].wired.hub.close)
        servers[0].should_exit = True
        thread.join(20)
        listening.close()


@asynccontextmanager
async def _wire(database_url: str, open_on_loopback: bool) -> AsyncIterator[tuple[Wired, Any]]:
    database = Database(database_url, size=6)
    await database.open()
    directory = PostgresDirectory(database)
    templates = KnownTemplates(directory, clock.monotonic)
    hub = Hub()
    store = PostgresLedger(database)
    ledger = Ledger(store, templates, hub, clock.now, CommitLimits())
    ledger.start()
    try:
        wired = await _people(Wired(store, templates, directory, hub, TenantId(0)))
        sign_in = SignIn(
            directory, Sessions(b"s" * 32), clock.now, wired.tenant if open_on_loopback else None
        )
        reading = PostgresReading(database)
        console = Console(sign_in, reading, reading, reading, templates, clock.now, Paces())
        door = Door(ledger, directory, Throttle(Rates(), clock.monotonic), clock.now)
        routes = (console_router(console), stream_handler(sign_in, hub))
        yield wired, create_app(Doors(events=door, route_handlers=routes))
    finally:
        await ledger.stop()
        await database.close()


async def _people(wired: Wired) -> Wired:
    """A tenant of this server alone, with its keys."""
    tenants = await wired.directory.tenants()
    if tenants:
        wired.tenant = tenants[0].tenant_id
    else:
        wired.tenant = await create_tenant(wired.directory, "default", TEMPLATE.read_text())
    for number, name in enumerate(("send", "read")):
        key = new_key(bytes((number + len(tenants) * 2 + 1,)) * RANDOM_BYTES)
        await wired.directory.create_key(wired.tenant, key, "/", name == "read")
        wired.keys[name] = key.text
    return wired


def event(
    order_id: str, system: str, status: str, *, ago: float = 0.0, **more: Any
) -> dict[str, Any]:
    """An event of `ago` seconds before now, as a system would send it."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return {
        "specversion": "1.0",
        "id": f"{order_id}-{system}-{status}-{at.timestamp()}",
        "source": f"/{system.replace('_', '-')}",
        "type": "orderwatch.status.v1",
        "subject": order_id,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"system": system, "status": status, **more},
    }
