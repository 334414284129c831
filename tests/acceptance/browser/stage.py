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
from typing import Any, TypeVar

import httpx
import uvicorn
from litestar import Litestar
from msgspec import Struct

from orderwatch.app.record_events import record_events
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.bootstrap import House, first_tenant, open_house
from orderwatch.core.ingest.batch import Batch, Candidate
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import TenantId
from orderwatch.core.simulation.simulate import SimulatedMessage
from orderwatch.core.tenants.keys import RANDOM_BYTES, NewKey, new_key
from orderwatch.entrypoints.cli.web import web_app
from orderwatch.settings import Settings

T = TypeVar("T")


class Stage(Struct):
    """A running server. `post`, `replay` and `watch` change what is to be seen on it.

    `reader` is a key that may read, `sender` one that may only send.
    """

    url: str
    loop: asyncio.AbstractEventLoop
    server: uvicorn.Server
    house: House
    tenant: TenantId
    reader: NewKey
    sender: NewKey

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    def post(self, *events: dict[str, Any]) -> float:
        """Send events through the door; when the answer came, in seconds since the epoch."""
        answer = httpx.post(
            f"{self.url}/api/v1/events",
            json=list(events),
            headers={
                "authorization": f"Bearer {self.sender.text}",
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
        template = await self.house.templates.of(self.tenant)
        for minute, events in by_minute.items():
            at = min(until, minute + timedelta(minutes=1))
            await record_events(self.house.store, self.tenant, template, [Batch(events, [])], at)
        await self._watch(until)

    def watch(self, at: datetime) -> None:
        """Look for passed deadlines, as the worker does."""
        self.run(self._watch(at))

    async def _watch(self, at: datetime) -> None:
        template = await self.house.templates.of(self.tenant)
        while changed := await watch_deadlines(self.house.store, self.tenant, template, at):
            self.house.announcements.publish(self.tenant, changed)

    def stop(self) -> None:
        """Stop serving; pages that are open lose their connection."""
        self.loop.call_soon_threadsafe(self.house.hub.close)
        self.server.should_exit = True


@contextmanager
def stage(database_url: str, *, open_on_loopback: bool = True, port: int = 0) -> Iterator[Stage]:
    """A server in a thread of its own, on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ready: list[Stage] = []

    async def serve() -> None:
        async with _furnished(database_url, open_on_loopback) as (house, tenant, app):
            config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            keys = [await _key(house, tenant, number) for number in (1, 2)]
            ready.append(Stage(url, asyncio.get_running_loop(), server, house, tenant, *keys))
            await server.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not (ready and ready[0].server.started) and thread.is_alive():
        thread.join(0.01)
    assert ready, "the server did not start"
    try:
        yield ready[0]
    finally:
        if thread.is_alive():
            ready[0].stop()
        thread.join(20)
        listening.close()


@asynccontextmanager
async def _furnished(
    database_url: str, open_on_loopback: bool
) -> AsyncIterator[tuple[House, TenantId, Litestar]]:
    settings = Settings(database_url=database_url, log_steps=False, session_secret="s" * 32)
    async with open_house(settings, database_url) as house:
        tenant = await first_tenant(house.directory)
        yield house, tenant, web_app(house, tenant if open_on_loopback else None)


async def _key(house: House, tenant: TenantId, number: int) -> NewKey:
    """The first key may read, the second may not. A database that has them keeps them."""
    made = new_key(bytes((number,)) * RANDOM_BYTES)
    if await house.directory.find(made.id) is None:
        await house.directory.create_key(tenant, made, "/", number == 1)
    return made


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
